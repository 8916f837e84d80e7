"""A16: a standby pool, opened weeks before the ban of the first and used only after it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.exits import ResidentialExits
from models.simulation.draft import Draft
from models.simulation.form import Manner

_STANDBY_BEFORE_DAYS = (20.0, 60.0)
_ACTIVE_WITHIN_HOURS = (1.0, 24.0)
_LONG_AFTER = timedelta(days=3_650)


class _Plan:
    """Moments fixed beforehand, instead of a pace."""

    def __init__(self, moments: Sequence[datetime]) -> None:
        self._moments = iter(moments)

    def next_after(self, now: datetime, _rng: random.Random) -> datetime:
        """The next moment."""
        return max(now, next(self._moments, now + _LONG_AFTER))


class StandbyPool(Campaign):
    """Two pools of one operator with other vendors each; at most one account in a hundred links them.

    The second is opened 20 to 60 days before the first falls, idles, and is in use 1 to 24 hours after; a world too
    short for that has the same order in less time. Nobody can be found out by what an idle account does, so its
    label waits until it is used.
    """

    family: ClassVar[str] = "A16"
    share: ClassVar[float] = 0.04
    accounts: ClassVar[tuple[int, int]] = (300, 4000)
    days: ClassVar[tuple[float, float]] = (45.0, 90.0)
    never_labelled: ClassVar[float] = 0.25

    def prepare(self) -> None:
        rng, brief = self.rng, self.brief
        self.pools = (_Pool(self), _Pool(self))
        self.crossing = rng.uniform(0.0, 0.01)
        self.falls_at = (brief.start + timedelta(days=brief.days)).replace(microsecond=0)
        second = rng.uniform(0.3, 1.0)
        count = round(brief.accounts * second / (1 + second))
        earliest, latest = min(_STANDBY_BEFORE_DAYS[0], brief.days * 0.5), min(_STANDBY_BEFORE_DAYS[1], brief.days)
        standby = [self._moment(earliest, latest) for _ in range(count)]
        working = rng.uniform(0.4, 0.8)
        first = [self._moment(0, brief.days * working) for _ in range(brief.accounts - count)]
        self.plan = sorted([(at, 0) for at in first] + [(at, 1) for at in standby])
        self.pace = _Plan([at for at, _ in self.plan])
        self.opened = 0

    def _moment(self, least: float, most: float) -> datetime:
        """So many days before the fall, by the operator's hours."""
        while True:
            at = self.falls_at - timedelta(days=self.rng.uniform(least, most))
            if self.hours is None or self.rng.random() < self.hours(at):
                return at

    def takedowns(self) -> tuple[datetime, ...] | None:
        return (self.falls_at,)

    def dress(self, draft: Draft) -> Manner:
        rng, (_, which) = self.rng, self.plan[self.opened]
        self.opened += 1
        pool = self.pools[which]
        self.exits, self.mail_styles, self.issuers = pool.exits, pool.mail_styles, pool.issuers
        self.variant = "A16-standby" if which else "A16-first"
        idle = timedelta(seconds=round(3600 * rng.uniform(*_ACTIVE_WITHIN_HOURS)))
        self.live_at = self.falls_at + idle if which else None
        lender = self.pools[1 - which] if rng.random() < self.crossing else pool
        self.use_machine(draft, lender.machines.deal())
        self.use_card(draft, pool.cards.deal())
        self.use_phone(draft, pool.phones.deal())
        self.use_residential_exit(draft)
        self.use_webmail(draft)
        return self.manual_or_sheet(draft)


class _Pool:
    """What one pool was bought from: nothing of it is in the other."""

    def __init__(self, owner: StandbyPool) -> None:
        people = owner.people
        self.exits = ResidentialExits(people.tables, people.neighbourhood, owner.rng)
        self.mail_styles = owner.pick_mail_styles(8)
        self.issuers = owner.pick_issuers(5)
        self.machines = owner.more(2, 8, owner.machine)
        self.cards = owner.more(2, 10, owner.card)
        self.phones = owner.more(1, 4, owner.phone)
