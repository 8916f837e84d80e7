"""Advice: score lines that cost least, from recorded scores and what became known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from models.signup import AccountType
from service.usecases.backtest import Progress, silently
from service.usecases.known_outcomes import KnownLabel, KnownOutcomes, SignupKey
from service.usecases.ports import Begin
from service.usecases.ports_decisions import Period, RecordedDecision

LEAST_OF_EACH = 20
"""Known frauds, and known honest people, below which a line would be drawn through a handful of cases."""

_BATCH = 500
_LINES = 201
_BISECTIONS = 40
_DEAREST = 1e6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Costs:
    """What mistakes and work cost, in any one unit.

    Attributes:
        fraud_admitted: of a fraudulent account let in.
        honest_stepped_up: of asking an honest person for a proof, or of letting them wait for a review: the share who
            give up times what is lost with them.
        reviewer_minute: of a minute of a reviewer's time.
        minutes_a_review: how long one review takes.
        fraud_passes: the share of fraudsters who pass the proof.
        reviews_a_day: how many reviews there are people for; ``None`` is without limit.
    """

    fraud_admitted: float = 40.0
    honest_stepped_up: float = 1.5
    reviewer_minute: float = 0.5
    minutes_a_review: float = 8.0
    fraud_passes: float = 0.2
    reviews_a_day: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """What a step-up line trades: shares of honest people asked and of fraud let in, and the cost of 1,000 sign-ups."""

    step_up: float
    honest_asked: float
    fraud_admitted: float
    cost_per_1000: float


@dataclass(frozen=True, slots=True)
class AdvisedLines:
    """The lines that cost least for one account type, and what the alternatives trade.

    ``problem`` says why there are none.
    """

    account_type: AccountType
    known_fraud: int
    known_honest: int
    problem: str | None = None
    step_up: float | None = None
    review: float | None = None
    cost_per_1000: float | None = None
    cost_per_1000_now: float | None = None
    reviews_a_day: float | None = None
    curve: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one account type: of everybody, and of those of whom something became known."""

    everybody: Floats
    known: Floats
    fraud: npt.NDArray[np.bool_]
    days: float


@dataclass(frozen=True, slots=True)
class Advise:
    """Proposes thresholds; activating them is a policy version like any other."""

    begin: Begin
    outcomes: KnownOutcomes

    def __call__(
        self,
        costs: Costs,
        period: Period,
        *,
        lines: Mapping[AccountType, tuple[float, float]],
        progress: Progress = silently,
    ) -> tuple[AdvisedLines, ...]:
        """Advice for every account type; ``lines`` are the step-up and review lines in force."""
        scores = self._scores(period, progress)
        usable = {kind: each for kind, each in scores.items() if _problem(each) is None}
        places = _places(usable, costs)
        return tuple(
            _advised(scores[kind], kind, costs, lines[kind], places[kind])
            if kind in usable
            else _unadvised(kind, scores[kind])
            for kind in AccountType
        )

    def _scores(self, period: Period, progress: Progress) -> dict[AccountType, Scores]:
        everybody: dict[AccountType, list[float]] = {kind: [] for kind in AccountType}
        known: dict[AccountType, list[tuple[float, bool]]] = {kind: [] for kind in AccountType}
        times = []
        with self.begin() as work:
            total, done = work.decisions.count(period), 0
            stream = iter(work.decisions.stream(period, with_signups=False))
            while batch := list(islice(stream, _BATCH)):
                labels = self.outcomes([SignupKey(each.id, each.owner, each.signup_id) for each in batch])
                for each in _scored(batch):
                    score = each.score or 0.0
                    everybody[each.account_type].append(score)
                    label = labels.get(each.id)
                    if label is not None:
                        known[each.account_type].append((score, label is KnownLabel.FRAUD))
                times += [batch[0].recorded_at, batch[-1].recorded_at]
                done += len(batch)
                progress("reading decisions", done, total)
        days = max(1.0, (max(times) - min(times)).total_seconds() / 86_400) if times else 1.0
        return {
            kind: Scores(
                everybody=np.array(everybody[kind], dtype=np.float64),
                known=np.array([score for score, _ in known[kind]], dtype=np.float64),
                fraud=np.array([fraud for _, fraud in known[kind]], dtype=np.bool_),
                days=days,
            )
            for kind in AccountType
        }


def _scored(batch: Sequence[RecordedDecision]) -> Iterator[RecordedDecision]:
    return (each for each in batch if each.score is not None)


def _problem(scores: Scores) -> str | None:
    fraud = int(scores.fraud.sum())
    honest = len(scores.fraud) - fraud
    if min(fraud, honest) >= LEAST_OF_EACH:
        return None
    return f"{fraud} frauds and {honest} honest people are known; {LEAST_OF_EACH} of each are needed"


def _unadvised(kind: AccountType, scores: Scores) -> AdvisedLines:
    fraud = int(scores.fraud.sum())
    return AdvisedLines(kind, fraud, len(scores.fraud) - fraud, problem=_problem(scores))


@dataclass(frozen=True, slots=True)
class _Table:
    """For each candidate line: the costs of everybody known on one side of it."""

    lines: Floats
    allowed_below: Floats
    asked_below: Floats
    reviewed_above: Floats
    reviews_a_day: Floats

    def costs(self, dearness: float) -> tuple[Floats, Floats]:
        """The cost that a step-up line decides, and the cost that a review line does."""
        return self.allowed_below - self.asked_below, self.asked_below + self.reviewed_above * dearness

    def cheapest(self, dearness: float, *, most_reviews: float = np.inf) -> tuple[int, int]:
        """The places of the two lines, the step-up line not above the review line.

        Args:
            dearness: how much dearer than they are reviews seem.
            most_reviews: how many a day the review line may lead to.
        """
        step_up, review = self.costs(dearness)
        total = np.minimum.accumulate(step_up) + review
        allowed = self.reviews_a_day <= most_reviews
        at = int(np.argmin(np.where(allowed, total, np.inf))) if allowed.any() else len(self.lines) - 1
        return int(np.argmin(step_up[: at + 1])), at


def _table(scores: Scores, costs: Costs) -> _Table:
    inner = np.quantile(scores.known, np.linspace(0.0, 1.0, _LINES))
    lines = np.unique(np.concatenate([np.round(inner, 4), [1.0]]))
    below = scores.known[None, :] < lines[:, None]
    fraud = (below & scores.fraud).sum(axis=1)
    honest = below.sum(axis=1) - fraud
    above = len(scores.known) - below.sum(axis=1)
    honest_above = int((~scores.fraud).sum()) - honest
    return _Table(
        lines=lines,
        allowed_below=fraud * costs.fraud_admitted,
        asked_below=fraud * costs.fraud_admitted * costs.fraud_passes + honest * costs.honest_stepped_up,
        reviewed_above=above * costs.minutes_a_review * costs.reviewer_minute + honest_above * costs.honest_stepped_up,
        reviews_a_day=(scores.everybody[None, :] >= lines[:, None]).sum(axis=1) / scores.days,
    )


def _places(usable: Mapping[AccountType, Scores], costs: Costs) -> dict[AccountType, tuple[int, int]]:
    """The two lines of each account type, within what reviewers can do together.

    Reviews are made to seem dearer until they fit, which shares them out by what they save; what is then left, because
    a line cannot move by half a person, goes to the account types in turn.
    """
    tables = {kind: _table(scores, costs) for kind, scores in usable.items()}
    limit = np.inf if costs.reviews_a_day is None else costs.reviews_a_day

    def reviews(kind: AccountType, dearness: float) -> float:
        return float(tables[kind].reviews_a_day[tables[kind].cheapest(dearness)[1]])

    def fits(dearness: float) -> bool:
        return sum(reviews(kind, dearness) for kind in tables) <= limit

    low, high = 1.0, 1.0 if fits(1.0) else _DEAREST
    for _ in range(_BISECTIONS if high > low else 0):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if fits(middle) else (middle, high)
    left = limit - sum(reviews(kind, high) for kind in tables)
    places = {}
    for kind, table in tables.items():
        own = reviews(kind, high)
        places[kind] = table.cheapest(1.0, most_reviews=own + left)
        left -= float(table.reviews_a_day[places[kind][1]]) - own
    return places


def _advised(
    scores: Scores, kind: AccountType, costs: Costs, now: tuple[float, float], places: tuple[int, int]
) -> AdvisedLines:
    table = _table(scores, costs)
    at, review_at = places
    fraud, known = int(scores.fraud.sum()), len(scores.fraud)
    honest = known - fraud
    below = scores.known[None, :] < table.lines[:, None]
    admitted = (below & scores.fraud).sum(axis=1) / fraud
    asked = 1.0 - (below & ~scores.fraud).sum(axis=1) / honest
    step_up, review = table.costs(1.0)
    per_1000 = (step_up + review[review_at]) * 1_000 / known
    return AdvisedLines(
        account_type=kind,
        known_fraud=fraud,
        known_honest=honest,
        step_up=float(table.lines[at]),
        review=float(table.lines[review_at]),
        cost_per_1000=float(per_1000[at]),
        cost_per_1000_now=_cost_of(scores, costs, now),
        reviews_a_day=float(table.reviews_a_day[review_at]),
        curve=tuple(
            Point(float(table.lines[each]), float(asked[each]), float(admitted[each]), float(per_1000[each]))
            for each in range(review_at + 1)
        ),
    )


def _cost_of(scores: Scores, costs: Costs, lines: tuple[float, float]) -> float:
    """What the lines in force cost."""
    step_up, review = lines
    asked = (scores.known >= step_up) & (scores.known < review)
    bothered = scores.known >= min(step_up, review)
    total = (
        (scores.fraud & (scores.known < step_up)).sum() * costs.fraud_admitted
        + (scores.fraud & asked).sum() * costs.fraud_admitted * costs.fraud_passes
        + (~scores.fraud & bothered).sum() * costs.honest_stepped_up
        + (scores.known >= review).sum() * costs.minutes_a_review * costs.reviewer_minute
    )
    return float(total) * 1_000 / len(scores.known)
