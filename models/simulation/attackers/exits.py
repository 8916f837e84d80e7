"""Exits: the addresses an operator hides behind."""

from __future__ import annotations

import random

from models.simulation.attackers.decks import Deck
from models.simulation.neighbourhood import Neighbourhood
from models.simulation.tables.networks import NetworkUse, neighbouring_device
from models.simulation.tables.places import Place
from models.simulation.tables.tables import Tables


class ResidentialExits:
    """Rotating exits in real households of any country; 10 to 30 % are homes of recent honest sign-ups.

    Vendors sell phones on mobile data beside households, in proportions of their own. Some hand the request on
    over whatever the household prefers, others over IPv4 only.
    """

    def __init__(self, tables: Tables, neighbourhood: Neighbourhood, rng: random.Random, *, uses: float = 1.1) -> None:
        self._tables, self._neighbourhood, self._rng = tables, neighbourhood, rng
        self._uses = uses
        self._homes_share = rng.uniform(0.1, 0.3)
        self._ipv6 = rng.uniform(0.5, 1.0) if rng.random() < 0.7 else 0.0
        self._mobile = rng.uniform(0.05, 0.5)
        self._decks: dict[str, Deck[tuple[str, NetworkUse]]] = {}

    def address(self, place: Place) -> tuple[str, NetworkUse]:
        """An exit in that country, and what it is."""
        deck = self._decks.get(place.code)
        if deck is None:
            deck = self._decks[place.code] = Deck(self._rng, lambda: self._rented(place), uses=self._uses, hands=12)
        return deck.deal()

    def move_on(self) -> None:
        """Another vendor: nothing of the old pool is used again."""
        self._decks.clear()

    def _rented(self, place: Place) -> tuple[str, NetworkUse]:
        rng = self._rng
        if rng.random() < self._mobile:
            return self._tables.networks.carrier(place, rng), NetworkUse.MOBILE
        own = self._tables.networks.home(place, rng, ipv6=self._ipv6)
        from_home, which, interface = rng.random(), rng.random(), rng.getrandbits(64)
        home = self._neighbourhood.home_of_somebody(place, which) if from_home < self._homes_share else None
        if home is not None and ":" in home and not self._ipv6:
            home = None
        ip = neighbouring_device(home, interface) if home else own
        self._neighbourhood.became_exit(place, ip, rng)
        return ip, NetworkUse.HOME


class DataCentreExits:
    """A handful of rented servers."""

    def __init__(self, tables: Tables, rng: random.Random, *, uses: float) -> None:
        self._network = tables.networks.exit(NetworkUse.HOSTING, rng)
        self._deck = Deck(rng, lambda: self._network.ip(rng), uses=uses, hands=3)

    def address(self) -> str:
        """The address of one of them."""
        return self._deck.deal()
