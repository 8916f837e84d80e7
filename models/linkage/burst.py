"""Bursts: how surprising it is that so many sign-ups share something today, given its own past.

People do not arrive one by one: a class signs up together, a term begins. Counts of honest arrivals are therefore
taken as negative binomial, whose tail is far heavier than Poisson's with the same mean, and a key is compared with
its own days, not with others: sixty a day are ordinary for a large university and unheard of for a new domain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from models.linkage.identifier import IdentifierKind
from models.linkage.velocity import Window

LARGEST_SURPRISE = 30.0
"""Beyond it nothing is learnt: one in 10^30 is as impossible as one in 10^60."""

LEAST_OBSERVED_DAYS = 7
"""A week holds every day of the week once; on less, the first Monday would be a burst."""

PRIOR_DAYS = 7.0
"""How many days of its own a key needs until they weigh as much as what is usual for its kind: a week again."""

_TINY = 1e-300
_PRECISION = 1e-15
_MOST_TERMS = 10_000


@dataclass(frozen=True, slots=True)
class Habit:
    """What is usual for a kind of key.

    Attributes:
        rate_per_day: sign-ups a day on an ordinary key of the kind, the prior of a key without days of its own.
        dispersion: of the negative binomial; the variance of a mean λ is λ + λ²/dispersion. Far below 1 nobody comes
            for long, then a class at once; larger is nearer to one by one.
    """

    rate_per_day: float
    dispersion: float


HABITS: Mapping[IdentifierKind, Habit] = {
    # A /24 is a lecture hall or a household: nearly always nobody, now and then sixty within the hour.
    IdentifierKind.IP_PREFIX: Habit(rate_per_day=0.54, dispersion=0.0062),
    # The machines of a computer room are one profile on one network.
    IdentifierKind.PROFILE_NETWORK: Habit(rate_per_day=0.19, dispersion=0.036),
    # Patterns at a domain: those of a large provider come all day, those of a school with a class.
    IdentifierKind.EMAIL_PATTERN: Habit(rate_per_day=2.1, dispersion=0.44),
    # A mail domain, and the institution behind it: a class arrives under one, and people tell each other.
    IdentifierKind.EMAIL_DOMAIN: Habit(rate_per_day=1.3, dispersion=0.15),
    IdentifierKind.INSTITUTION: Habit(rate_per_day=1.4, dispersion=0.14),
    # One bank's cards: customers of a bank do not come in classes.
    IdentifierKind.BIN: Habit(rate_per_day=0.35, dispersion=4.0),
    # The same cards in the name of one country, and one pace of filling in with one list of languages: nobody agrees
    # with others on either.
    IdentifierKind.BIN_COUNTRY: Habit(rate_per_day=0.21, dispersion=3.4),
    IdentifierKind.FORM_LANGUAGE: Habit(rate_per_day=0.31, dispersion=3.8),
}
"""Fitted by ``models.training.habits`` to 350,000 sights of honest people on their keys: four simulated worlds (seeds
401 and 402, 28 days, 400 and 1,000 a day each), without the kinds that are held out of training. Ranges of addresses
and browsers on a network stand as fitted to five seeds of 35 days: some dozens of classes decide about them, too few
in four worlds. By reason alone everything but card ranges stood at 0.05 to 0.1 a day and a dispersion of 1 or 3: the
median pupil of a class was then a surprise of 25 to 30, one in 10^30, and is 3 to 7 now. Rates differ between the
volumes by a factor of two."""


def burst_surprise(
    kind: IdentifierKind, *, earlier: int, window: Window, past: int, observed_days: int, season: float = 1.0
) -> float | None:
    """How surprising ``earlier`` sign-ups and this one within ``window`` are, in powers of ten, 0 to 30.

    Args:
        kind: one of ``HABITS``.
        earlier: links of the key within the window.
        window: its length.
        past: links of the key in the observed days before today.
        observed_days: how many these are; below ``LEAST_OBSERVED_DAYS`` the answer is ``None``.
        season: how many times as many as on average are expected within the window, by the hour of the week and by
            announced events (``models.signals.calendar``).
    """
    if observed_days < LEAST_OBSERVED_DAYS:
        return None
    habit = HABITS[kind]
    per_day = (past + PRIOR_DAYS * habit.rate_per_day) / (observed_days + PRIOR_DAYS)
    expected = per_day * season * _LENGTHS[window] / _DAY
    surprise = -log_tail(earlier + 1, expected, habit.dispersion) / _LN_10
    return min(LARGEST_SURPRISE, max(0.0, surprise))


_LENGTHS = {window: window.value for window in Window}
_DAY = Window.DAY.value
_LN_10 = math.log(10.0)


@lru_cache(maxsize=8192)
def log_tail(least: int, mean: float, dispersion: float) -> float:
    """Natural logarithm of P(X ≥ least) for a negative binomial X, exact far into the tail.

    It is I_x(least, dispersion) with x = mean / (mean + dispersion), the regularised incomplete beta function
    (DLMF 8.17), by its continued fraction on the side where that converges fast.
    """
    if least <= 0:
        return 0.0
    # Far below the mean 1 - x keeps the digits that x would lose.
    x, complement = mean / (mean + dispersion), dispersion / (mean + dispersion)
    if x <= (least + 1.0) / (least + dispersion + 2.0):
        return _log_beta_front(least, dispersion, x, complement) + math.log(_fraction(least, dispersion, x))
    below = math.exp(_log_beta_front(dispersion, least, complement, x)) * _fraction(dispersion, least, complement)
    return math.log1p(-below)


def _log_beta_front(a: float, b: float, x: float, complement: float) -> float:
    return a * math.log(x) + b * math.log(complement) - math.log(a) - _log_beta(a, b)


@lru_cache(maxsize=8192)
def _log_beta(a: float, b: float) -> float:
    """Of a count and a dispersion, or the other way round: there are few of either."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of I_x(a, b), by Lentz's method (DLMF 8.17.22)."""
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _MOST_TERMS):
        twice = a + 2 * m
        even = m * (b - m) * x / ((twice - 1.0) * twice)
        odd = -(a + m) * (a + b + m) * x / (twice * (twice + 1.0))
        d, c = 1.0 + even * d, 1.0 + even / c
        # Written out: it is the innermost loop of every decision.
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = c if abs(c) > _TINY else _TINY
        value *= c * d
        d, c = 1.0 + odd * d, 1.0 + odd / c
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = c if abs(c) > _TINY else _TINY
        change = c * d
        value *= change
        if abs(change - 1.0) < _PRECISION:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
