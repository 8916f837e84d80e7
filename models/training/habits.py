"""The habits that bursts are measured against, fitted to honest sign-ups: ``models.linkage.burst.HABITS``.

What a replay sees is seen *because* somebody signed up: busy keys at busy times are looked at more often. Under a
negative binomial of dispersion d the number of others beside one who came is again a negative binomial, of dispersion
d + 1 and the mean λ·(1 + 1/d): a gamma distributed rate, weighted by itself. That likelihood is maximised over the
rate of a key without a past and d. The worlds of honest people behind the constants::

    fitted(worlds(seeds=(401, 402), days=28, honest_per_day=(400, 1_000)), load_reference())
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple  # Any: scipy ships no types

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]  # scipy ships no types
from scipy.special import gammaln  # type: ignore[import-untyped]  # the same

from models.features.bursts import BURSTS
from models.features.facts import Facts
from models.identifiers import identifiers_of
from models.linkage.burst import LEAST_OBSERVED_DAYS, PRIOR_DAYS, Habit
from models.linkage.history import Link
from models.linkage.identifier import IdentifierKind
from models.linkage.memory import MemoryHistory
from models.linkage.velocity import SATURATION, Window, day_of
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from models.signup import Signup
from models.simulation.honest.kinds import HONEST_KINDS
from models.simulation.world import simulate
from models.training.replayed import DEFAULT_HOLD_OUT

START = datetime(2026, 3, 9, tzinfo=UTC)
"""Five weeks from here hold no start of term: a season's rush is no key's habit."""

LEARNT_FROM = tuple(kind.id for kind in HONEST_KINDS if kind.id not in DEFAULT_HOLD_OUT)
"""Constants are learnt too: kinds of people held out of training are held out of these."""


class Seen(NamedTuple):
    """What one honest sign-up saw on one of its keys.

    Attributes:
        others: earlier sign-ups within the window, saturating.
        past: links in the observed days before.
        observed_days: how many these are.
        expected_days: the window's length in days times its season.
    """

    others: int
    past: int
    observed_days: int
    expected_days: float


def worlds(*, seeds: Iterable[int], days: float, honest_per_day: Sequence[float]) -> Iterator[Iterator[Signup]]:
    """Worlds of honest people only, each seed with every volume."""
    for seed in seeds:
        for volume in honest_per_day:
            yield honest_world(seed=seed, days=days, honest_per_day=volume)


def honest_world(*, seed: int, days: float, honest_per_day: float) -> Iterator[Signup]:
    """One of them."""
    world = simulate(
        days=days, seed=seed, start=START, honest_per_day=honest_per_day, prevalence=0, kinds=(*LEARNT_FROM, "H16")
    )
    return (each.signup for each in world)


def fitted(honest: Iterable[Iterable[Signup]], reference: Reference) -> dict[IdentifierKind, Habit]:
    """The habit of each kind that makes these worlds likeliest."""
    seen: dict[IdentifierKind, Counter[Seen]] = {kind: Counter() for kind in BURSTS}
    for world in honest:
        for kind, each in seen_in(world, reference):
            seen[kind][each] += 1
    return {kind: fit(found) for kind, found in seen.items()}


def seen_in(signups: Iterable[Signup], reference: Reference) -> Iterator[tuple[IdentifierKind, Seen]]:
    """What each sign-up of a world saw on each of its keys, once a week of it has passed."""
    for facts in _alike(signups, reference):
        linkage = facts.linkage
        if linkage.observed_days < LEAST_OBSERVED_DAYS:
            continue
        for kind, burst in BURSTS.items():
            others, past = linkage.links(kind, burst.window), linkage.past(kind)
            if others is not None and past is not None and burst.applies(facts):
                days = burst.window.value / Window.DAY.value * burst.season(facts)
                # Two digits of a season are enough, and let equal sights be counted together.
                yield kind, Seen(others, past, linkage.observed_days, float(f"{days:.2g}"))


def _alike(signups: Iterable[Signup], reference: Reference) -> Iterator[Facts]:
    """A replay of nothing but the keys whose bursts are watched: without clusters and features, in half the time."""
    history, today = MemoryHistory(), -1
    for number, signup in enumerate(signups, start=1):
        now, signals = signup.occurred_at, derive_signals(signup, reference)
        identifiers = tuple(each for each in identifiers_of(signup, signals) if each.kind in BURSTS)
        if (day := day_of(now)) > today:
            history.roll_up(today := day)
        yield Facts(signup=signup, signals=signals, linkage=history.linkage_of(identifiers, now=now))
        history.record(Link(number, now, now, signup.account_type, identifiers))


def fit(seen: Mapping[Seen, int]) -> Habit:
    """The habit that makes the sights likeliest; saturated counts stand for themselves."""
    columns = np.array([(*each, times) for each, times in seen.items()], np.float64)

    def loss(logs: NDArray[np.float64]) -> float:
        rate, dispersion = math.exp(logs[0]), math.exp(logs[1])
        return -log_likelihood(columns, rate=rate, dispersion=dispersion)

    start = np.log([0.05, 1.0])
    # A world too small to tell ends at a bound.
    bounds = [(math.log(1e-4), math.log(1e3))] * 2
    found: Any = minimize(loss, start, method="Nelder-Mead", bounds=bounds, options={"xatol": 1e-3, "fatol": 1e-2})
    return Habit(rate_per_day=math.exp(found.x[0]), dispersion=math.exp(found.x[1]))


def log_likelihood(columns: NDArray[np.float64], *, rate: float, dispersion: float) -> float:
    """Of (others, past, observed days, expected days, times) under a habit, but for what no habit changes."""
    others, past, days, expected, times = columns.T
    others = np.minimum(others, SATURATION)
    mean = (past + PRIOR_DAYS * rate) / (days + PRIOR_DAYS) * expected * (1 + 1 / dispersion)
    size = dispersion + 1
    chances = (
        gammaln(others + size)
        - gammaln(size)
        - gammaln(others + 1)
        + size * np.log(size / (size + mean))
        + others * np.log(mean / (size + mean))
    )
    return float((times * chances).sum())
