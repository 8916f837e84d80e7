"""The gates before a promotion: what a challenger must show against the champion on sign-ups new to both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.evaluation.comparison import calibration_difference, recall_difference, share_difference
from models.evaluation.equality import FEWEST_HONEST, NO_GROUPS, Equality, equality_of
from models.evaluation.evaluation import scores_of
from models.evaluation.lines import Line, ScoreLines, or_worse
from models.evaluation.metrics import threshold_at
from models.monitoring.stability import stability
from models.registry import LoadedModel
from models.scorer import Scorer
from models.training.dataset import Dataset

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a challenger may differ. Each is a starting value: tighten it when your figures allow.

    Attributes:
        recall_unsure: recall at the policy's false-positive rate must not be worse beyond chance, and by its
            interval so much might be lost at most.
        calibration: a calibration error up to here is good whatever the champion's.
        calibration_lost: beyond that, the error may be so much larger at most, by its interval.
        slice_recall_lost: by how much a group's recall may fall where chance does not explain it.
        slice_flagged_more: by how much the share of a group's honest people flagged may rise, the same.
        equality: a ratio between groups from here on is good whatever the champion's.
        equality_lost: below that, so much may be lost.
        score_drift: the stability index of the scores but for a move of all log-odds, above what chance explains.
        decisions: the factor by which the share of honest people asked or held may grow, and
        decisions_more: the share that may come on top, for rates near nothing.
        latency: the time of one score as a multiple of the champion's on this machine.
    """

    recall_unsure: float = 0.10
    calibration: float = 0.02
    calibration_lost: float = 0.01
    slice_recall_lost: float = 0.05
    slice_flagged_more: float = 0.02
    equality: float = 0.8
    equality_lost: float = 0.1
    score_drift: float = 0.5
    decisions: float = 1.5
    decisions_more: float = 0.01
    latency: float = 2.0


PLAIN_RATE = 0.01
"""The false-positive rate where the policy's lines flag nobody, or nearly everybody."""

BEYOND_CHANCE = 3.0
"""Standard errors for one of dozens of groups: at two, every second good model would fail one by luck."""

FEWEST_IN_SLICE = 30
TIMED_ROWS, TIMED_ROUNDS = 100, 7


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: whether it holds, and the figures that say so."""

    name: str
    holds: bool
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """All gates of one comparison."""

    champion: str
    challenger: str
    rows: int
    fraud: int
    gates: tuple[Gate, ...]

    @property
    def refused_by(self) -> tuple[str, ...]:
        """The gates that do not hold."""
        return tuple(gate.name for gate in self.gates if not gate.holds)

    def lines(self) -> Iterator[str]:
        """For people, line by line."""
        yield (
            f"{self.challenger} against {self.champion} on {self.rows:,} newest sign-ups, {self.fraud:,} of them fraud"
        )
        for gate in self.gates:
            yield f"  {'holds  ' if gate.holds else 'REFUSES'}  {gate.name}"
            yield from (f"           {figure}" for figure in gate.figures)


@dataclass(frozen=True, slots=True)
class Pair:
    """Both models' scores of the same rows."""

    dataset: Dataset
    champion: Floats
    challenger: Floats
    lines: ScoreLines
    seed: int
    rate: float = field(init=False)

    def __post_init__(self) -> None:
        honest = self.dataset.truth == 0
        flagged = float(self.asked(self.champion, "step_up")[honest].mean())
        object.__setattr__(self, "rate", flagged if 0.001 <= flagged <= 0.2 else PLAIN_RATE)

    def asked(self, scores: Floats, line: Line) -> NDArray[np.bool_]:
        """Who reaches a line of the policy."""
        nobody = np.full(len(scores), "")
        return or_worse(self.lines, line, scores, self.dataset.slices.get("account type", nobody))

    def flagged(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whom each flags at its own threshold for the policy's false-positive rate."""
        truth = self.dataset.truth
        champion, challenger = (
            each >= threshold_at(each, truth, self.rate) for each in (self.champion, self.challenger)
        )
        return champion, challenger


def judge_promotion(
    champion: LoadedModel,
    challenger: LoadedModel,
    newest: Dataset,
    *,
    lines: ScoreLines,
    bounds: Bounds | None = None,
    seed: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> Judgement:
    """Compare two verified models, loaded for vectors in the order of ``newest.names``, on the newest slice."""
    bounds = bounds or Bounds()
    pair = Pair(newest, scores_of(champion.scorer, newest), scores_of(challenger.scorer, newest), lines, seed)
    return Judgement(
        champion=champion.card.version,
        challenger=challenger.card.version,
        rows=len(newest),
        fraud=int(newest.truth.sum()),
        gates=(
            _identity(champion, challenger),
            _recall(pair, bounds),
            _calibration(pair, bounds),
            _slices(pair, bounds),
            _equality(pair, bounds),
            _scores(pair, bounds),
            _decisions(pair, bounds),
            latency_gate(champion.scorer, challenger.scorer, newest.matrix, bounds, clock),
        ),
    )


def _identity(champion: LoadedModel, challenger: LoadedModel) -> Gate:
    """Loading has verified both digests and that this release computes every feature; here it is said."""
    dropped = sorted(set(champion.card.feature_names) - set(challenger.card.feature_names))
    added = sorted(set(challenger.card.feature_names) - set(champion.card.feature_names))
    turned = sorted(
        each.name
        for each in challenger.card.features
        for other in champion.card.features
        if each.name == other.name and each.direction == -other.direction != 0
    )
    figures = [f"sha256 {challenger.card.model_sha256} is the card's; {len(challenger.card.features)} features known"]
    figures += [f"no longer read: {', '.join(dropped)}"] if dropped else []
    figures += [f"newly read: {', '.join(added)}"] if added else []
    figures += [f"constrained the other way round: {', '.join(turned)}"] if turned else []
    return Gate("digest and features", not turned, tuple(figures))


def _recall(pair: Pair, bounds: Bounds) -> Gate:
    found = recall_difference(
        pair.champion,
        pair.challenger,
        pair.dataset.truth,
        rate=pair.rate,
        units=pair.dataset.entities,
        seed=pair.seed,
    )
    # Where the difference itself lies is luck as long as the interval holds 0: half of all equal models would fail.
    holds = found.high >= 0 and found.low >= -bounds.recall_unsure
    asked = f"not worse beyond chance, and surely less than {bounds.recall_unsure:.0%} lost"
    return Gate("recall", holds, (found.line(), asked))


def _calibration(pair: Pair, bounds: Bounds) -> Gate:
    found = calibration_difference(
        pair.champion, pair.challenger, pair.dataset.truth, units=pair.dataset.entities, seed=pair.seed
    )
    holds = found.challenger <= bounds.calibration or found.high <= bounds.calibration_lost
    return Gate(
        "calibration",
        holds,
        (found.line(), f"at most {bounds.calibration}, or surely no more than {bounds.calibration_lost} worse"),
    )


def _slices(pair: Pair, bounds: Bounds) -> Gate:
    worse, judged = [], 0
    champion, challenger = pair.flagged()
    for name, rows, label in _groups(pair.dataset):
        found = share_difference(
            f"{'recall' if label else 'honest flagged'}, {name} ({len(rows):,} rows)",
            champion[rows],
            challenger[rows],
            units=pair.dataset.entities[rows],
            z=BEYOND_CHANCE,
        )
        judged += 1
        lost = found.change < -bounds.slice_recall_lost and found.high < 0
        flagged_more = found.change > bounds.slice_flagged_more and found.low > 0
        if lost if label else flagged_more:
            worse.append(found)
    worse.sort(key=lambda each: -abs(each.change))
    bound = f"at most {bounds.slice_recall_lost:.0%} of recall lost, {bounds.slice_flagged_more:.0%} more flagged"
    return Gate(
        "no group worse", not worse, (f"{judged} groups judged; {bound}", *(each.line() for each in worse[:10]))
    )


def _groups(dataset: Dataset) -> Iterator[tuple[str, NDArray[np.intp], int]]:
    for column, values in dataset.reported_slices().items():
        for value in np.unique(values).tolist():
            for label, fewest in ((1, FEWEST_IN_SLICE), (0, FEWEST_HONEST // 2)):
                rows = np.flatnonzero((values == value) & (dataset.truth == label))
                if len(rows) >= fewest:
                    yield f"{column} = {value}", rows, label


def _equality(pair: Pair, bounds: Bounds) -> Gate:
    figures, holds = [], True
    for name, column in pair.dataset.reported_slices().items():
        if name in NO_GROUPS or name == "kind":
            continue
        before, after = (
            equality_of(name, column, each, pair.dataset.truth) for each in (pair.champion, pair.challenger)
        )
        if before.ratio is None or after.ratio is None:
            continue
        worse = _less_equal(before, after, bounds)
        holds &= not worse
        figures.append(
            f"{name}: champion {before.ratio:.3f}, challenger {after.ratio:.3f} "
            f"({after.low or 0.0:.3f} to {1.0 if after.high is None else after.high:.3f}){'  worse' if worse else ''}"
        )
    return Gate("predictive equality", holds, tuple(figures) or ("no column has two groups large enough to compare",))


def _less_equal(before: Equality, after: Equality, bounds: Bounds) -> bool:
    if before.ratio is None or after.ratio is None or after.ratio >= bounds.equality:
        return False
    # A ratio of small rates is noisy: the loss must be more than the interval of the challenger's allows.
    return after.ratio < before.ratio - bounds.equality_lost and (after.high is None or after.high < before.ratio)


def _scores(pair: Pair, bounds: Bounds) -> Gate:
    """The shapes of the distributions: that fraud has become more common, or less, moves all log-odds alike.

    Whether that move is right is the calibration's gate, and what it does to people that of the decision rates.
    """
    champion, challenger = (np.log(scores) - np.log1p(-scores) for scores in (pair.champion, pair.challenger))
    offset = float(challenger.mean() - champion.mean())
    found = stability(pair.champion, 1.0 / (1.0 + np.exp(offset - challenger)), seed=pair.seed)
    figure = (
        f"log-odds {offset:+.2f} as a whole; beyond that the stability index is {found.index:.3f}, by chance "
        f"{found.floor:.3f}; at most {bounds.score_drift} above it"
    )
    return Gate("score distribution", found.above_floor <= bounds.score_drift, (figure,))


def _decisions(pair: Pair, bounds: Bounds) -> Gate:
    honest, figures, holds = pair.dataset.truth == 0, [], True
    for line in ("step_up", "review", "deny"):
        found = share_difference(
            f"honest people at {line} or worse",
            pair.asked(pair.champion, line)[honest],
            pair.asked(pair.challenger, line)[honest],
            units=pair.dataset.entities[honest],
        )
        most = found.champion * bounds.decisions + (0.0 if line == "deny" else bounds.decisions_more)
        holds &= found.challenger <= most
        figures.append(f"{found.line()}; at most {most:.4f}")
    return Gate("decision rates", holds, tuple(figures))


def latency_gate(
    champion: Scorer,
    challenger: Scorer,
    matrix: NDArray[np.float32],
    bounds: Bounds,
    clock: Callable[[], float] = time.perf_counter,
) -> Gate:
    """Time both on the same rows in turns: the best round of each, as a ratio, because machines differ and waver."""
    rows = matrix[:TIMED_ROWS]
    best = [float("inf"), float("inf")]
    for _ in range(TIMED_ROUNDS):
        for side, scorer in enumerate((champion, challenger)):
            began = clock()
            for row in rows:
                scorer.score(row)
            best[side] = min(best[side], clock() - began)
    ratio = best[1] / max(best[0], 1e-9)
    figure = f"one score takes {ratio:.2f} times as long as the champion's on this machine; at most {bounds.latency}"
    return Gate("latency", ratio <= bounds.latency, (figure,))
