"""Muster: which operators are at work in a world, when they begin and how much they open."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from models.simulation.attackers.campaign import Brief, Campaign
from models.simulation.attackers.hydra import Hydra, daily_rate
from models.simulation.attackers.standby_pool import StandbyPool
from models.simulation.calendar import Calendar
from models.simulation.people import People

_FEWEST_ACCOUNTS = 6
_WORTH_AN_OPERATOR = 15
_WITH_AN_EVENT = 0.2
GREAT_HYDRA_REOPENS = 1.5
"""The great hydra opens half as many accounts again as it wants alive: bans are replaced until its money is gone."""

GREAT_HYDRA, GREAT_STANDBY = "op_A3_great", "op_A16_great"

MakePeople = Callable[[str], People]


def muster(
    families: Sequence[type[Campaign]], *, accounts: float, calendar: Calendar, people: MakePeople
) -> list[Campaign]:
    """Operators whose accounts add up to about ``accounts``; three or more a family where that is enough for three."""
    weight = sum(family.share for family in families)
    return [
        operator
        for family in families
        for operator in _of_family(family, accounts * family.share / weight, calendar, people)
    ]


def great_hydra(
    live: int,
    *,
    calendar: Calendar,
    people: MakePeople,
    variant: str | None = None,
    per_day: float | None = None,
    begins_day: float | None = None,
    reopens: float = GREAT_HYDRA_REOPENS,
) -> Campaign:
    """One hydra that wants ``live`` accounts, and replaces what is banned until it opened ``reopens`` times as many.

    For one and a half times the money it never has half of 20,000 alive at once, as bans come as fast as disclosed;
    for three and a half times it has 17,600.
    """
    crew = people("A3/great")
    days = (calendar.end - calendar.start).total_seconds() / 86_400
    drawn = days * crew.rng.uniform(0.05, 0.25)
    begin = calendar.start + timedelta(days=drawn if begins_day is None else begins_day)
    rate = daily_rate(crew.rng)
    lasting = min(live / rate, days * 0.6) if per_day is None else live / per_day
    return Hydra(Brief(GREAT_HYDRA, round(live * reopens), begin, lasting * reopens, crew, calendar, variant=variant))


def great_standby(
    accounts: int, *, calendar: Calendar, people: MakePeople, period: tuple[float, float], crossing: float
) -> Campaign:
    """One operator with a pool in use and another that stands by; ``period`` is when he begins and the first falls."""
    crew = people("A16/great")
    begins, falls = period
    start = calendar.start + timedelta(days=begins)
    pools = StandbyPool(Brief(GREAT_STANDBY, accounts, start, falls - begins, crew, calendar))
    pools.crossing = crossing
    return pools


def _of_family(family: type[Campaign], accounts: float, calendar: Calendar, people: MakePeople) -> list[Campaign]:
    rng = people(f"{family.family}/muster").rng
    low, high = family.accounts
    typical = math.sqrt(low * high)
    count = max(round(accounts / typical), min(3, round(accounts / _WORTH_AN_OPERATOR)))
    if count == 0:
        count = 1 if rng.random() < accounts / _WORTH_AN_OPERATOR else 0
    sizes = [family.size(rng) for _ in range(count)]
    scale = accounts / sum(sizes) if sizes else 0.0
    operators = []
    for number, size in enumerate(sizes):
        # A name of its own for each stream: one operator more does not change the others.
        crew = people(f"{family.family}/{number}")
        days, start = _period(family, size, calendar, crew.rng)
        wanted = max(_FEWEST_ACCOUNTS, round(size * scale))
        operators.append(family(Brief(f"op_{family.family}_{number:03d}", wanted, start, days, crew, calendar, number)))
    return operators


def _period(family: type[Campaign], size: float, calendar: Calendar, rng: random.Random) -> tuple[float, datetime]:
    """How many days the operator is at work, and from when: some begin with an announced event."""
    world = (calendar.end - calendar.start).total_seconds() / 86_400
    natural = size / daily_rate(rng) if family is Hydra else rng.uniform(*family.days)
    days = min(max(0.05, natural), world * 0.8)
    start = calendar.start + timedelta(days=rng.uniform(-0.1 * days, world - 0.5 * days))
    events = [event for event in calendar.events if event.start + timedelta(days=days) <= calendar.end]
    if events and rng.random() < _WITH_AN_EVENT:
        start = rng.choice(events).start + timedelta(hours=rng.uniform(0, 24))
    return days, max(calendar.start, start)
