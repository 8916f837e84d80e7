"""How long work tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called now and then with a stage, how much of it is done and, where known, how much there is."""

    def __call__(self, stage: str, done: int, total: int | None, /) -> None:
        """Take note."""
        ...


def silent(_stage: str, _done: int, _total: int | None, /) -> None:
    """Progress that nobody watches."""
