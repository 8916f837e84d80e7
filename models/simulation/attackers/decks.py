"""Decks: things an operator buys once and uses for several accounts."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.simulation.streams import poisson

T = TypeVar("T")


@dataclass(slots=True)
class _Slot(Generic[T]):
    item: T
    left: int


class Deck(Generic[T]):
    """Deals items so that each serves about ``uses`` accounts, several of them at the same time.

    With probability ``1 - shared`` an account gets an item of its own: this, more than the mean, decides how far
    the accounts can be linked.
    """

    def __init__(
        self, rng: random.Random, make: Callable[[], T], *, uses: float, shared: float = 1.0, hands: int = 6
    ) -> None:
        self._rng, self._make = rng, make
        self._uses, self._shared = max(1.0, uses), shared
        self._slots: list[_Slot[T] | None] = [None] * hands

    def deal(self) -> T:
        """The item for the next account."""
        rng = self._rng
        if rng.random() >= self._shared:
            return self._make()
        index = rng.randrange(len(self._slots))
        slot = self._slots[index]
        if slot is None or slot.left == 0:
            slot = self._slots[index] = _Slot(self._make(), 1 + poisson(rng, self._uses - 1))
        slot.left -= 1
        return slot.item

    def burn(self, share: float) -> None:
        """After a ban, throw away that share of what is in use."""
        for index in range(len(self._slots)):
            if self._rng.random() < share:
                self._slots[index] = None

    def stretch_less(self) -> None:
        """Halve the reuse, which doubles what an account costs."""
        self._uses = max(1.0, self._uses / 2)
