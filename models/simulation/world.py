"""The world: honest people and operators side by side in time, from one seed."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TypeVar

from models.signup import Signup
from models.simulation import challenges, outcomes
from models.simulation.arrival import Arrival, Day, HonestKind
from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.families import FAMILIES
from models.simulation.attackers.muster import GREAT_HYDRA_REOPENS, great_hydra, great_standby, muster
from models.simulation.attackers.white_box import disguised
from models.simulation.builds import BUILD_BY_SHARE, Build
from models.simulation.calendar import Calendar
from models.simulation.defence import ModerateDefence
from models.simulation.draft import Draft, sealed
from models.simulation.form import fill_in, ordinary_manner
from models.simulation.honest.kinds import HONEST_KINDS
from models.simulation.neighbourhood import Neighbourhood
from models.simulation.outcomes import LabelSpeed
from models.simulation.people import People
from models.simulation.streams import Streams, token
from models.simulation.tables.tables import Tables, load_tables
from models.simulation.truth import ChallengeResult, DecisionWord, Feedback, Outcome, SimulatedSignup, Takedowns, Truth

_T = TypeVar("_T")
Progress = Callable[[int, int], None]

_PROGRESS_EVERY = 500
_BEFORE_DAYS = 75
_REACH_DAYS = dict.fromkeys(("H6", "H10", "H13"), _BEFORE_DAYS) | dict.fromkeys(("H1", "H2", "H3"), 8)
"""Laboratories, families and returners reach over months, word of mouth over a week: some began before the world."""
_GATHERINGS = frozenset({"H4", "H5"})
_ATTACKER_HIDES_DEVICE = 0.09
HONEST_CLEARED_BY_REVIEW, FRAUD_CLEARED_BY_REVIEW = 0.96, 0.2
"""What a reviewer makes of one account, by what its owner is."""


@dataclass(frozen=True, slots=True)
class _Ban:
    operator: Campaign
    signup: Signup
    draft: Draft


_Event = Arrival | Campaign | _Ban


def simulate(
    *,
    days: float,
    seed: int,
    start: datetime,
    honest_per_day: float = 3000,
    prevalence: float = 0.05,
    families: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    hydra_live_accounts: int | None = None,
    hydra_variant: str | None = None,
    hydra_per_day: float | None = None,
    hydra_begins_day: float | None = None,
    hydra_reopens: float = GREAT_HYDRA_REOPENS,
    standby_accounts: int | None = None,
    standby_period: tuple[float, float] = (0.0, 0.0),
    standby_crossing: float = 0.005,
    accidental_sharing: float = 0.002,
    feedback: Feedback | None = None,
    takedowns: Takedowns | None = None,
    progress: Progress | None = None,
    tables_seed: int = 1,
    labels: LabelSpeed = "ordinary",
    white_box: bool = False,
) -> Iterator[SimulatedSignup]:
    """The sign-ups of ``days`` days in time order, with the truth about each.

    Args:
        days: how long the world lasts.
        seed: the same seed (with the same other arguments) gives the same sign-ups, to the byte.
        start: the first moment; aware.
        honest_per_day: honest sign-ups on an average day outside term starts.
        prevalence: the expected share of fraudulent sign-ups, the great hydra apart.
        families: attack families by id (``A1`` …); all by default.
        kinds: honest kinds by id (``H1`` …); all by default. ``H16``, accidental sharing, is laid over everybody.
        hydra_live_accounts: adds one hydra that wants this many accounts alive.
        hydra_variant: how that hydra shares identifiers: ``A3-crossed``, ``A3-aligned`` or ``A3-aligned-more``.
        hydra_per_day: how many accounts a day it opens at first; by default drawn as disclosed.
        hydra_begins_day: when it begins, in days from the start; by default drawn from the first quarter.
        hydra_reopens: how many times as many it can pay for.
        standby_accounts: adds one operator with a standby pool, of this many accounts in both pools.
        standby_period: the day on which that operator begins, and the day on which the first pool falls.
        standby_crossing: the share of its accounts that use a machine of the other pool.
        accidental_sharing: the share of people with a stranger's phone, device id or card.
        feedback: decides on each sign-up, so that operators learn from a real defence; by default a moderate one.
        takedowns: accounts that the defence closed by itself: their operators learn of it, and go on as after a ban.
        progress: called with the sign-ups so far and the number expected.
        tables_seed: another seed means other schools, vendors, ranges and devices.
        labels: ``slow`` when fraud is reported after weeks in place of days.
        white_box: operators know the features and fake whatever is cheap to fake.

    Raises:
        ValueError: the arguments name no world: an unknown family or kind, no time, a prevalence outside [0, 1).
    """
    if not (0 < days < math.inf and 0 <= honest_per_day < math.inf and 0 <= prevalence < 1):
        raise ValueError("a world needs days > 0, honest_per_day >= 0 and 0 <= prevalence < 1")
    if start.tzinfo is None:
        raise ValueError("start has no time zone: give an aware datetime")
    world = World(
        tables=load_tables(tables_seed),
        streams=Streams(seed),
        start=start.astimezone(UTC),
        days=days,
        kinds=_chosen(HONEST_KINDS, kinds, lambda kind: kind.id, always={"H16"}),
        accidental_sharing=accidental_sharing if kinds is None or "H16" in kinds else 0.0,
        feedback=feedback,
        takedowns=takedowns,
        labels=labels,
        white_box=white_box,
    )
    honest = world.expected_honest(honest_per_day)
    attackers = _chosen(FAMILIES, families, lambda family: family.family)
    fraud = honest * prevalence / (1 - prevalence)
    for operator in muster(attackers, accounts=fraud, calendar=world.calendar, people=world.crew):
        world.enlist(operator)
    if hydra_live_accounts:
        world.enlist(
            great_hydra(
                hydra_live_accounts,
                calendar=world.calendar,
                people=world.crew,
                variant=hydra_variant,
                per_day=hydra_per_day,
                begins_day=hydra_begins_day,
                reopens=hydra_reopens,
            )
        )
    if standby_accounts:
        world.enlist(
            great_standby(
                standby_accounts,
                calendar=world.calendar,
                people=world.crew,
                period=standby_period,
                crossing=standby_crossing,
            )
        )
    expected = round(honest + fraud + hydra_reopens * (hydra_live_accounts or 0) + (standby_accounts or 0))
    return _counted(world.play(honest_per_day), expected, progress)


class World:
    """One world while it runs; ``simulate`` is the way in, scenarios enlist operators of their own."""

    def __init__(
        self,
        *,
        tables: Tables,
        streams: Streams,
        start: datetime,
        days: float,
        kinds: tuple[HonestKind, ...],
        accidental_sharing: float,
        feedback: Feedback | None,
        takedowns: Takedowns | None = None,
        labels: LabelSpeed = "ordinary",
        white_box: bool = False,
    ) -> None:
        self._tables, self._streams, self._kinds = tables, streams, kinds
        self._labels, self._white_box = labels, white_box
        self.calendar = Calendar(tables.places, start, days, streams.of("calendar"))
        self._neighbourhood = Neighbourhood()
        self._accidental_sharing = accidental_sharing
        self._defence = ModerateDefence(streams)
        self._decide: Feedback = feedback or self._defence
        self._takedowns = takedowns
        self._open: dict[str, _Ban] = {}
        self._people = {kind.id: self.crew(f"honest/{kind.id}") for kind in kinds}
        self._sessions = {kind.id: streams.of(f"session/{kind.id}") for kind in kinds}
        # What depends on others draws from a stream of its own, so that it disturbs nobody's name or time.
        self._surroundings = streams.of("surroundings")
        self._waves: dict[str, tuple[datetime, ...]] = {}
        self._builds: dict[str, tuple[Build, ...]] = {}
        self._queue: list[tuple[datetime, int, _Event]] = []
        self._order = count()

    def expected_honest(self, honest_per_day: float) -> float:
        """The honest sign-ups to expect from start to end, those of announced events among them."""
        usual = sum(self.calendar.volume(day) * part for day, part in self._dates())
        rushed = any(kind.id == "H17" for kind in self._kinds)
        extra = sum(
            self.calendar.volume(event.start.date())
            * (event.factor - 1)
            * ((min(event.end, self.calendar.end) - event.start) / timedelta(days=1))
            for event in self.calendar.events
            if rushed
        )
        return honest_per_day * (usual + extra)

    def enlist(self, operator: Campaign) -> None:
        """Let an operator work in this world."""
        rng = self._streams.of(f"session/{operator.id}")
        self._sessions[operator.id] = rng
        waves = outcomes.containments(operator.brief.start, operator.brief.days, rng)
        self._waves[operator.id] = operator.takedowns() or waves
        # An operator's tool speaks through a few builds, drawn as everybody's are.
        self._builds[operator.id] = tuple(BUILD_BY_SHARE.draw(rng) for _ in range(5))
        self._enqueue(operator)

    def crew(self, name: str) -> People:
        """People with a random stream of that name."""
        return People(self._tables, self._neighbourhood, self._streams.of(name))

    def play(
        self, honest_per_day: float, *, groups_from_days: int = _BEFORE_DAYS, alone: bool = False
    ) -> Iterator[SimulatedSignup]:
        """Every sign-up from start to end, in time order.

        Days are filled two ahead of the clock: a local day begins up to 14 hours before the UTC day. Groups that
        live for months have begun before the world does. ``alone`` fills no day beside those of the world itself.
        """
        first, last = self.calendar.start.date(), self.calendar.end.date() + timedelta(days=0 if alone else 1)
        day = first - timedelta(days=groups_from_days)
        while day <= last:
            self._fill(day, honest_per_day, days_before=(first - day).days - (0 if alone else 1))
            day += timedelta(days=1)
            settled = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
            yield from self._until(min(settled, self.calendar.end))
        yield from self._until(self.calendar.end)

    def _fill(self, day: date, honest_per_day: float, *, days_before: int) -> None:
        volume = honest_per_day * self.calendar.volume(day)
        for kind in self._kinds:
            if days_before > _REACH_DAYS.get(kind.id, 0):
                continue
            today = Day(day, self.calendar, volume * kind.share)
            for arrival in kind.arrivals(today, self._people[kind.id]):
                if self.calendar.start <= arrival.at < self.calendar.end:
                    heapq.heappush(self._queue, (arrival.at, next(self._order), arrival))

    def _until(self, moment: datetime) -> Iterator[SimulatedSignup]:
        while self._queue and self._queue[0][0] < moment:
            at, _, event = heapq.heappop(self._queue)
            if isinstance(event, Arrival):
                yield self._honest(event)
            elif isinstance(event, _Ban):
                self._ban(event, at)
            else:
                yield from self._attack(event, at)

    def _honest(self, arrival: Arrival) -> SimulatedSignup:
        rng, draft = self._sessions[arrival.kind], arrival.draft
        if rng.random() < self._accidental_sharing and self._neighbourhood.share_by_accident(draft, self._surroundings):
            draft.overlays.append("H16")
        if arrival.kind in _GATHERINGS:
            self._neighbourhood.gathered(arrival.at, arrival.group or "", draft)
        fill_in(draft, ordinary_manner(draft, rng), rng)
        build = draft.build or BUILD_BY_SHARE.draw(rng)
        signup = self._seal(draft, build, arrival.at, rng)
        decision = self._decide(signup)
        # Drawn whether needed or not: a decision must not shift what the stream gives the next person.
        cleared = rng.random() < HONEST_CLEARED_BY_REVIEW
        challenge = challenges.answered(challenges.asked(draft, rng), arrival.at, rng)
        let_in = _let_in(decision, challenge, cleared=cleared)
        outcome = outcomes.of_honest(arrival.at, arrival.kind, rng, speed=self._labels)
        truth = Truth(
            signup_id=signup.signup_id,
            fraud=False,
            kind=arrival.kind,
            operator=None,
            group=arrival.group,
            build=build.name,
            overlays=tuple(draft.overlays),
            decision=decision,
            let_in=let_in,
            outcome=outcome if let_in else None,
            challenge=challenge if decision == "step_up" else None,
        )
        return SimulatedSignup(signup, truth)

    def _attack(self, operator: Campaign, at: datetime) -> Iterator[SimulatedSignup]:
        self._close_what_was_taken_down(at)
        due = operator.next_at()
        if due is None or at >= self.calendar.end:
            return
        if due > at:
            self._enqueue(operator)
            return
        if operator.waits(at):
            self._enqueue(operator)
            return
        rng = self._sessions[operator.id]
        draft, manner = operator.sign_up(at)
        if self._white_box:
            manner = disguised(draft, operator.people, operator.habits)
        draft.hides_device = rng.random() < _ATTACKER_HIDES_DEVICE
        if rng.random() < self._accidental_sharing and self._neighbourhood.share_by_accident(draft, self._surroundings):
            draft.overlays.append("H16")
        fill_in(draft, manner, rng)
        build = rng.choice(self._builds[operator.id])
        signup = self._seal(draft, build, at, rng)
        decision = self._decide(signup)
        cleared = rng.random() < FRAUD_CLEARED_BY_REVIEW
        challenge = challenges.answered(challenges.asked(draft, rng), at, rng, family=operator.family)
        let_in = _let_in(decision, challenge, cleared=cleared)
        operator.decided(let_in=let_in)
        outcome = self._fraud_outcome(operator, at, draft) if let_in else None
        if let_in and self._takedowns is not None:
            self._open[signup.signup_id] = _Ban(operator, signup, draft)
        if outcome is not None and outcome.label == "fraud" and outcome.known_at < self.calendar.end:
            heapq.heappush(self._queue, (outcome.known_at, next(self._order), _Ban(operator, signup, draft)))
        self._enqueue(operator)
        truth = Truth(
            signup_id=signup.signup_id,
            fraud=True,
            kind=operator.family,
            operator=operator.id,
            group=None,
            build=build.name,
            overlays=tuple(draft.overlays),
            decision=decision,
            let_in=let_in,
            outcome=outcome,
            challenge=challenge if decision == "step_up" else None,
            variant=operator.variant,
            live_at=operator.live_at,
        )
        yield SimulatedSignup(signup, truth)

    def _close_what_was_taken_down(self, at: datetime) -> None:
        if self._takedowns is not None:
            for signup_id in self._takedowns():
                ban = self._open.get(signup_id)
                if ban is not None:
                    self._ban(ban, at)

    def _ban(self, ban: _Ban, at: datetime) -> None:
        if self._takedowns is not None and self._open.pop(ban.signup.signup_id, None) is None:
            return  # an account is closed once
        self._defence.ban(ban.signup)
        had_more = ban.operator.next_at()
        ban.operator.banned(at, ban.draft)
        if ban.operator.next_at() != had_more:
            self._enqueue(ban.operator)

    def _fraud_outcome(self, operator: Campaign, at: datetime, draft: Draft) -> Outcome | None:
        rng = self._sessions[operator.id]
        if operator.earns_trust:
            return outcomes.of_trusted(at, rng)
        return outcomes.of_fraud(
            operator.live_at or at,
            rng,
            speed=self._labels,
            never=operator.never_labelled,
            waves=self._waves[operator.id],
            by_card=draft.card is not None,
        )

    def _enqueue(self, operator: Campaign) -> None:
        due = operator.next_at()
        if due is not None and due < self.calendar.end:
            heapq.heappush(self._queue, (due, next(self._order), operator))

    def _seal(self, draft: Draft, build: Build, at: datetime, rng: random.Random) -> Signup:
        """Ask the address provider, send the form, and leave the identifiers behind for others to stumble on."""
        draft.network = self._neighbourhood.report(draft.ip, draft.use, at.date(), self._surroundings)
        signup = sealed(draft, build, signup_id=f"su_{token(rng, 14)}", now=at)
        self._neighbourhood.leave_behind(draft)
        return signup

    def _dates(self) -> Iterator[tuple[date, float]]:
        """The UTC days of the world with the part of each that belongs to it."""
        start, end = self.calendar.start, self.calendar.end
        midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
        while midnight < end:
            following = midnight + timedelta(days=1)
            yield midnight.date(), (min(end, following) - max(start, midnight)) / timedelta(days=1)
            midnight = following


def _let_in(decision: DecisionWord, challenge: ChallengeResult, *, cleared: bool) -> bool:
    """Whether the person gets in, perhaps by a challenge or by a reviewer, who is harder on operators."""
    return decision == "allow" or (decision == "step_up" and challenge.passed) or (decision == "review" and cleared)


def _chosen(
    everything: tuple[_T, ...],
    names: Collection[str] | None,
    name_of: Callable[[_T], str],
    always: Collection[str] = (),
) -> tuple[_T, ...]:
    if names is None:
        return everything
    unknown = sorted(set(names) - {name_of(each) for each in everything} - set(always))
    if unknown:
        raise ValueError(f"unknown {', '.join(unknown)}: known are {', '.join(name_of(each) for each in everything)}")
    return tuple(each for each in everything if name_of(each) in names)


def _counted(
    simulated: Iterator[SimulatedSignup], expected: int, progress: Progress | None
) -> Iterator[SimulatedSignup]:
    done = 0
    for each in simulated:
        done += 1
        if progress is not None and done % _PROGRESS_EVERY == 0:
            progress(done, max(expected, done))
        yield each
    if progress is not None:
        progress(done, done)
