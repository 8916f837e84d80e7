"""How often the garbage collector looks through memory while a command lives through sign-ups again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (100_000, 20, 20)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """What a replay remembers stays and holds no cycles: looking through it took a fifth of the processor's time."""
    before = gc.get_threshold()
    # The reference data, too, is looked through no more.
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
