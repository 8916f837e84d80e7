"""How often the garbage collector looks through memory while a command works on many sign-ups."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_SELDOM = (100_000, 20, 20)
_OF_A_SERVICE = (10_000, 20, 20)
"""A batch of the worker makes some ten thousand objects without cycles, and drops them."""


def loaded() -> None:
    """What was loaded by now stays: to look through it again and again took a fifth of a containment's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_OF_A_SERVICE)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """What a replay remembers stays and holds no cycles: looking through it took a fifth of the processor's time.

    So whatever outlives one look through the newest objects is looked through no more, as are the reference data.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.callbacks.append(_settled)
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(_settled)
        gc.unfreeze()


def _settled(phase: str, info: Mapping[str, int]) -> None:  # noqa: ARG001 - as the collector calls it
    if phase == "stop":
        gc.freeze()
