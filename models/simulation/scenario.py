"""Scenarios: small, telling worlds for a demonstration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from models.simulation.arrival import HonestKind
from models.simulation.attackers.campaign import Brief
from models.simulation.attackers.decks import Deck
from models.simulation.attackers.hydra import Hydra
from models.simulation.honest.kinds import HONEST_KINDS
from models.simulation.streams import Streams
from models.simulation.tables.tables import load_tables
from models.simulation.truth import SimulatedSignup
from models.simulation.world import World, simulate

_HOUR = timedelta(hours=1)
_CLASS_SIZE = 45
_SHARE_OF_THE_HOUR = 0.056
"""Of a day's honest sign-ups, those between 13 and 14 o'clock in UTC."""


class CrossedHydra(Hydra):
    """A hydra that deals devices, cards and phones each by itself, so that its accounts are linked across."""

    def prepare(self) -> None:
        super().prepare()
        self.variant, self.crossed = "A3-crossed", True
        self.machines = Deck(self.rng, self.template_machine, uses=self.rng.uniform(3, 6), shared=0.85, hands=8)
        self.cards = Deck(self.rng, self.card, uses=self.rng.uniform(4, 8), shared=0.85, hands=6)
        self.phones = Deck(self.rng, self.phone, uses=self.rng.uniform(2, 4), shared=0.8, hands=8)


def small_hydra(
    *, seed: int, start: datetime, honest: int = 300, hydra_accounts: int = 120
) -> tuple[SimulatedSignup, ...]:
    """One hour in time order: about ``honest`` students of every kind, a classroom among them, and a small hydra.

    The honest are those of one real hour of a service large enough to have so many in an hour. What happened before
    the hour is left out: a laboratory's or a family's earlier members need not be in anybody's history.
    """
    start = start.astimezone(UTC)
    hour = _honest(seed, start, max(20, honest - _CLASS_SIZE))
    hour += _classroom(seed, start)
    hour += _hydra(seed, start, hydra_accounts)
    return tuple(sorted(hour, key=lambda each: (each.signup.occurred_at, each.signup.signup_id)))


def _honest(seed: int, start: datetime, people: int) -> list[SimulatedSignup]:
    """One hour of a day that brings about ``people`` in it: early afternoon in Europe, when all but New Zealand has
    the same date, so that no other day needs to be filled. Groups reach back five days, not 75.
    """
    hour = _ordinary_day(start) + timedelta(hours=13)
    chosen = tuple(kind for kind in HONEST_KINDS if kind.id not in {"H4", "H17"})
    world = _empty_world(seed, hour, _HOUR, kinds=chosen)
    found = world.play(people / _SHARE_OF_THE_HOUR / world.calendar.volume(hour.date()), groups_from_days=5, alone=True)
    return [_moved(each, each.signup.occurred_at + (start - hour)) for each in found]


def _ordinary_day(start: datetime) -> datetime:
    """A Wednesday of that year outside every start of term, and never the date of the demo."""
    may = datetime(start.year, 5, 1, tzinfo=UTC)
    return may + timedelta(days=(2 - may.weekday()) % 7)


def _classroom(seed: int, start: datetime) -> list[SimulatedSignup]:
    """The first lesson of a busy day, in the middle of the hour."""
    day = _ordinary_day(start)
    lessons = list(simulate(days=1, seed=seed, start=day, honest_per_day=6_000, prevalence=0, kinds=["H4"]))
    group = lessons[0].truth.group
    pupils = [each for each in lessons if each.truth.group == group][:_CLASS_SIZE]
    shift = start + _HOUR / 2 - pupils[0].signup.occurred_at
    return [_moved(each, each.signup.occurred_at + shift) for each in pupils]


def _hydra(seed: int, start: datetime, accounts: int) -> list[SimulatedSignup]:
    world = _empty_world(seed, start, _HOUR)
    # Late operators are cut off by the end of the hour: most of the accounts come before.
    brief = Brief(
        "op_A3_small", accounts, start, _HOUR / timedelta(days=1) * 0.85, world.crew("A3/small"), world.calendar
    )
    world.enlist(CrossedHydra(brief))
    return list(world.play(0))


def _empty_world(seed: int, start: datetime, lasting: timedelta, kinds: tuple[HonestKind, ...] = ()) -> World:
    return World(
        tables=load_tables(1),
        streams=Streams(seed),
        start=start,
        days=lasting / timedelta(days=1),
        kinds=kinds,
        accidental_sharing=0.0,
        feedback=None,
    )


def _moved(simulated: SimulatedSignup, at: datetime) -> SimulatedSignup:
    """The same sign-up at another moment, its outcome as much later as before."""
    at = at.replace(microsecond=0)
    outcome, shift = simulated.truth.outcome, at - simulated.signup.occurred_at
    if outcome is not None:
        corrected = outcome.corrected_at + shift if outcome.corrected_at else None
        outcome = replace(outcome, known_at=outcome.known_at + shift, corrected_at=corrected)
    return SimulatedSignup(replace(simulated.signup, occurred_at=at), replace(simulated.truth, outcome=outcome))
