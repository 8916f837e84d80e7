"""Likeness: how much more the habits of a sign-up are those of the banned than those of everybody else.

Naive Bayes over habits: for each kind the logarithm of how much oftener the banned have it than others have. Habits
go together (a card range comes with its country, a browser with its network), so the sum is tempered before it is
added to the log-odds of the model's score; where the line lies is read off honest sign-ups, not off theory.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain.habits import Habits

LIKE_BANNED = "likeness"
"""The name among an assessment's rules of a likeness that asked."""

LIKE_BANNED_REASON = "LIKE_BANNED_ACCOUNTS"

TEMPER = 0.2
"""Of the sum: on simulated worlds 0.15 to 0.3 find as many, and 1 a third fewer."""

PRIOR = 2.0
"""So many of the banned are taken to have everybody's habits, that one habit of three accounts decides nothing."""

SURGE = 4
"""So many times as much as before is a wave, or an attack that begins."""

FEW, FEW_SHARE = 3, 0.2
"""So many, or such a share of them, may have fallen before an attack began."""

CERTAIN = 8.0
"""In natural logarithms, what two rates must explain better than one: chance does in one of some thousand cases."""

_NAMED = 3
"""Habits that a reason names."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What habits weigh: log-likelihood ratios by kind and digest; ``absent`` where none of the banned has it."""

    of_habit: Mapping[tuple[str, bytes], float]
    absent: float

    def of_kind(self, kind: str, digests: Iterable[bytes]) -> float:
        """The weight of a sign-up's habits of one kind: that of the most telling one."""
        return max(self.of_habit.get((kind, digest), self.absent) for digest in digests)

    def total(self, habits: Habits) -> float:
        """The tempered weight of all habits."""
        return TEMPER * sum(self.of_kind(kind, digests) for kind, digests in habits.items())

    def strongest(self, habits: Habits) -> tuple[str, ...]:
        """The kinds of habit that weigh most for the banned, the strongest first."""
        weighed = sorted(((self.of_kind(kind, digests), kind) for kind, digests in habits.items()), reverse=True)
        return tuple(kind for weight, kind in weighed[:_NAMED] if weight > 0)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What the banned of the last days have in common, and from which line on it asks.

    Attributes:
        banned: of how many accounts it was drawn.
        before_no: the sign-up before which those came whom the lines are read off; 0 where those who fell have nothing
            in common, and are no attack that began anywhere.
        line: log-odds from which newcomers are asked, ``back_line`` accounts that were let in before.
        expected_share: what it spends of the budget: the share of honest sign-ups that is expected to lie above
            ``line``, or nothing while most of those who are asked are fraudulent.
        until: ends it by itself, unless the next one does before.
    """

    number: int
    id: str
    weights: Weights
    banned: int
    before_no: int
    line: float
    back_line: float
    expected_share: float
    drawn_at: datetime
    until: datetime

    def asks(self, score: float | None, habits: Habits) -> bool:
        """Whether a newcomer is asked; without a score nothing is known of him that a line could be drawn through."""
        return score is not None and log_odds(score) + self.weights.total(habits) > self.line


@dataclass(frozen=True, slots=True)
class Drawn:
    """How long a likeness held, of what share it was: what is left of the budget is counted from these."""

    expected_share: float
    drawn_at: datetime
    until: datetime


def log_odds(score: float) -> float:
    """The log-odds of a probability; certainty is taken for one in a thousand million."""
    bounded = min(max(score, 1e-9), 1 - 1e-9)
    return math.log(bounded / (1 - bounded))


class Counts:
    """How many of the banned and of others have each habit."""

    def __init__(self, banned: Sequence[Habits], others: Sequence[Habits]) -> None:
        self._banned, self._others = _counted(banned), _counted(others)
        self._of_banned, self._of_others = len(banned), len(others)
        self._kinds = Counter(kind for kind, _ in self._others)

    def weights(self) -> Weights:
        """What each habit of the banned weighs for somebody who is counted nowhere."""
        return Weights({habit: self._weight(habit) for habit in self._banned}, self._absent)

    def total_of_another(self, habits: Habits) -> float:
        """The tempered weight of the habits of somebody who is counted among the others: as if he were not."""
        return self._total(habits, of_others=1)

    def total_of_banned(self, habits: Habits) -> float:
        """The tempered weight of the habits of somebody who is counted among the banned: as if he were not."""
        return self._total(habits, of_banned=1)

    def _total(self, habits: Habits, *, of_banned: int = 0, of_others: int = 0) -> float:
        """Without so many of the counted, who is one himself."""
        return TEMPER * sum(
            max(self._weight((kind, digest), of_banned=of_banned, of_others=of_others) for digest in digests)
            for kind, digests in habits.items()
        )

    @property
    def _absent(self) -> float:
        return math.log(PRIOR / (self._of_banned + PRIOR))

    def _weight(self, habit: tuple[str, bytes], *, of_banned: int = 0, of_others: int = 0) -> float:
        banned = self._banned[habit] - of_banned
        if banned <= 0 and not of_banned:
            return self._absent
        others = max(self._others[habit] - of_others, 0)
        among_others = (others + 1) / (self._of_others + self._kinds[habit[0]] + 1)
        among_banned = (banned + PRIOR * among_others) / (self._of_banned - of_banned + PRIOR)
        return math.log(among_banned / among_others)


def _counted(sign_ups: Iterable[Habits]) -> Counter[tuple[str, bytes]]:
    return Counter((kind, digest) for habits in sign_ups for kind, digests in habits.items() for digest in digests)


def line_above(values: Iterable[float], *, share: float, of: int) -> float:
    """The line above which no more than a share of ``of`` sign-ups lie; infinite where so few say nothing of it.

    On the safe side by a standard error, as few sign-ups say little. ``values`` are those of the sign-ups that nobody
    has asked yet.
    """
    above = share * of - math.sqrt(share * of)
    ordered = sorted(values, reverse=True)
    return ordered[int(above)] if 0 <= above < len(ordered) and share else math.inf


def surge_from(numbers: Sequence[int], *, last: int) -> int | None:
    """The first of the ascending ``numbers`` from which on they lie far more densely up to ``last`` than before.

    The most likely place where one rate of a Poisson process gives way to another; ``None`` where none is likely. Few
    of them lie before it: an attack that begins slowly would else be cut where it grew.
    """
    count, span = len(numbers), last - numbers[0] + 1 if numbers else 0
    best, found = CERTAIN, None
    for before in range(1, min(count, max(FEW, int(FEW_SHARE * count)) + 1)):
        earlier, later = numbers[before] - numbers[0], last - numbers[before] + 1
        if min(earlier, later) <= 0 or (count - before) * earlier < SURGE * before * later:
            continue
        gain = before * math.log(before / earlier) + (count - before) * math.log((count - before) / later)
        gain -= count * math.log(count / span)
        if gain > best:
            best, found = gain, numbers[before]
    return found


def left_of(budget: float, drawn: Iterable[Drawn], *, of: timedelta, for_: timedelta, now: datetime) -> float:
    """The share of sign-ups that may be asked for so long, of a budget that is a share of those of a longer span.

    What was drawn within the span has spent its own share for as long as it held.
    """
    spent = sum(
        (
            each.expected_share * max(timedelta(0), min(each.until, now) - max(each.drawn_at, now - of)) / of
            for each in drawn
        ),
        0.0,
    )
    return max(0.0, budget - spent) * (of / for_)
