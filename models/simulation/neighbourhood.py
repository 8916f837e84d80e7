"""What everybody in the world shares: homes that are also proxy exits, identifiers that change hands."""

from __future__ import annotations

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from models.signup import NetworkReport
from models.simulation.broker import Broker
from models.simulation.draft import Draft
from models.simulation.tables.networks import NetworkUse, connection_of
from models.simulation.tables.places import Place

T = TypeVar("T")

_REMEMBERED_HOMES = 400
_REMEMBERED_THINGS = 4_000
_REMEMBERED_GATHERED = 120
_CROWD, _CROWDED_FOR = 4, timedelta(minutes=90)
_EXIT_REPORTED = 0.25
"""Most residential exits are in real households and never noticed (Mi et al., IEEE S&P 2019)."""
_HOME_MISREPORTED = 0.025
_PROVIDERS = ("northgate", "tunnelbear", "openproxy", "homeshare", "exitnet")


class Neighbourhood:
    """Recent homes, proxy exits and identifiers, of honest people and attackers alike."""

    def __init__(self) -> None:
        self._homes: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_REMEMBERED_HOMES))
        self._exits: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_REMEMBERED_HOMES))
        self._exit_addresses: dict[str, bool] = {}
        self._gatherings: deque[tuple[datetime, str, Draft]] = deque(maxlen=_REMEMBERED_GATHERED)
        self._brokers: list[Broker] = []
        self._operators_there = 0
        self._left_behind: deque[Draft] = deque(maxlen=_REMEMBERED_THINGS)

    def moved_in(self, place: Place, ip: str) -> None:
        """An honest person lives behind that address this week."""
        self._homes[place.code].append(ip)

    def home_of_somebody(self, place: Place, drawn: float) -> str | None:
        """An address of a recent honest home in the country, when there is one; ``drawn`` in [0, 1) says which."""
        return _picked(self._homes[place.code], drawn)

    def became_exit(self, place: Place, ip: str, rng: random.Random) -> None:
        """A proxy vendor sells that address; providers find out about some of them."""
        connection = connection_of(ip)
        if connection not in self._exit_addresses:
            self._exit_addresses[connection] = rng.random() < _EXIT_REPORTED
            self._exits[place.code].append(ip)

    def exit_at_home(self, place: Place, drawn: float) -> str | None:
        """A recent proxy exit in the country, behind which an honest household lives."""
        return _picked(self._exits[place.code], drawn)

    def gathered(self, at: datetime, group: str, draft: Draft) -> None:
        """Somebody of a class or a residence signs up; whoever watches public timetables knows."""
        self._gatherings.append((at, group, draft))

    def crowd(self, now: datetime, drawn: float, watched: Callable[[str], bool]) -> Draft | None:
        """One of four or more who are signing up together right now, in a group that is ``watched``; ``drawn`` in
        [0, 1) says which."""
        recent = [(group, draft) for at, group, draft in self._gatherings if now - at < _CROWDED_FOR]
        sizes = Counter(group for group, _ in recent)
        return _picked([draft for group, draft in recent if sizes[group] >= _CROWD and watched(group)], drawn)

    def broker_with_room(self, rng: random.Random) -> Broker:
        """The broker that the next operator goes to: each serves three to six."""
        if not self._brokers or self._operators_there >= self._brokers[-1].room_for:
            self._brokers.append(Broker(rng))
            self._operators_there = 0
        self._operators_there += 1
        return self._brokers[-1]

    def buy_privacy(self, drawn: float) -> tuple[str, str | None] | None:
        """An exit, and now and then a number, from a broker who has honest customers too."""
        willing = next((broker for broker in self._brokers if broker.wants_honest), None)
        return willing.serve_honest(drawn) if willing else None

    def report(self, ip: str, use: NetworkUse, day: date, rng: random.Random) -> NetworkReport:
        """What a provider of address data says: by the address alone, and not always right."""
        vpn = use is NetworkUse.VPN and rng.random() < 0.85
        hosting = use in {NetworkUse.VPN, NetworkUse.HOSTING} and rng.random() < 0.8
        residential = self._exit_addresses.get(connection_of(ip), False) or (
            use is NetworkUse.HOME and rng.random() < _HOME_MISREPORTED
        )
        found = vpn or hosting or residential
        return NetworkReport(
            vpn=vpn,
            tor=False,
            hosting=hosting,
            residential_proxy=residential,
            confidence=rng.randrange(45, 100) if found else rng.randrange(0, 40),
            provider=rng.choice(_PROVIDERS) if (vpn or residential) and rng.random() < 0.6 else None,
            last_seen=day - timedelta(days=rng.randrange(0, 20)) if found else None,
            user_count=_users(use, rng),
        )

    def leave_behind(self, draft: Draft) -> None:
        """Phones are recycled, device ids cloned, cards lent: what this sign-up used may turn up elsewhere."""
        self._left_behind.append(draft)

    def share_by_accident(self, draft: Draft, rng: random.Random) -> bool:
        """Give the draft a stranger's phone, device id or card; false when nobody left any behind."""
        if not self._left_behind:
            return False
        other = self._left_behind[rng.randrange(len(self._left_behind))]
        kind = rng.choice(("phone", "device", "card"))
        if kind == "phone" and other.phone and draft.phone:
            draft.phone = other.phone
        elif kind == "card" and other.card and draft.card:
            draft.card = other.card
        else:
            draft.device_id = other.device_id
        return True


def _picked(things: Sequence[T], drawn: float) -> T | None:
    """One of them. Whoever asks has drawn already, so that what others left behind changes no later draw."""
    return things[int(drawn * len(things))] if things else None


def _users(use: NetworkUse, rng: random.Random) -> int | None:
    if rng.random() < 0.4:
        return None
    typical = {NetworkUse.MOBILE: 300, NetworkUse.ACADEMIC: 400, NetworkUse.VPN: 90, NetworkUse.HOSTING: 8}.get(use, 3)
    return max(1, round(typical * rng.lognormvariate(0, 0.9)))
