"""Brokers: vendors of exits, numbers and cards who serve several operators and some honest people."""

from __future__ import annotations

import random
from collections import deque

from models.simulation.tables.cards import Card

_OPERATORS = (3, 6)
_HONEST_SHARE = (0.05, 0.20)
_EXITS, _THINGS = 120, 200


class Broker:
    """One vendor's stock: what it sold to one customer it may sell to the next."""

    def __init__(self, rng: random.Random) -> None:
        self.room_for = rng.randint(*_OPERATORS)
        self._honest_share = rng.uniform(*_HONEST_SHARE)
        self._resold = rng.uniform(0.04, 0.15)
        self._exits: deque[str] = deque(maxlen=_EXITS)
        self._phones: deque[str] = deque(maxlen=_THINGS)
        self._cards: deque[Card] = deque(maxlen=_THINGS)
        self._served = self._honest = 0

    def exit(self, own: str, rng: random.Random) -> str:
        """An exit for an operator: mostly one that others have too."""
        self._served += 1
        if len(self._exits) >= 10 and rng.random() < 0.8:
            return self._exits[rng.randrange(len(self._exits))]
        self._exits.append(own)
        return own

    def phone(self, own: str, rng: random.Random) -> str:
        """A number; now and then one that was sold before."""
        if self._phones and rng.random() < self._resold:
            return self._phones[rng.randrange(len(self._phones))]
        self._phones.append(own)
        return own

    def card(self, own: Card, rng: random.Random) -> Card:
        """A card; now and then one that was sold before."""
        if self._cards and rng.random() < self._resold:
            return self._cards[rng.randrange(len(self._cards))]
        self._cards.append(own)
        return own

    @property
    def wants_honest(self) -> bool:
        """Whether fewer of its customers are honest than usual for this vendor."""
        return bool(self._exits) and self._honest < self._honest_share * (self._served + self._honest)

    def serve_honest(self, drawn: float) -> tuple[str, str | None]:
        """An exit, and the number that came with it; ``drawn`` in [0, 1) says which."""
        self._honest += 1
        phone = self._phones[int(drawn * len(self._phones))] if self._phones and drawn < self._resold else None
        return self._exits[int(drawn * len(self._exits))], phone
