"""The omission test: how much recall an attacker gains by leaving out what need not be told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.card import Metric
from models.evaluation.intervals import wilson
from models.evaluation.lines import ScoreLines, or_worse
from models.evaluation.metrics import threshold_at
from models.scorer import Scorer
from models.training.dataset import ALL_FIELDS, Dataset
from models.training.progress import Progress

Floats = NDArray[np.float64]

FIXED_RATE = 0.01
"""The threshold stays where 1 % of honest people are flagged on whole sign-ups."""

_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Silence:
    """What leaving out one field does.

    Attributes:
        field: which; ``models.training.dataset.ALL_FIELDS`` is everything optional.
        lost: recall with it less recall without it, and its 95 % interval.
        caught: the recall that is left.
        challenged: the share that is still asked for a challenge, or worse; ``None`` without score lines.
    """

    field: str
    lost: float
    low: float
    high: float
    caught: float
    challenged: float | None


def silences(
    scorer: Scorer, dataset: Dataset, scores: Floats, lines: ScoreLines | None, progress: Progress
) -> tuple[Silence, ...]:
    """Score the probed sign-ups again without each field, against thresholds that stay."""
    probes = dataset.probes
    if probes is None or not len(probes.rows) or not (dataset.truth == 0).any():
        return ()
    threshold = threshold_at(scores, dataset.truth, FIXED_RATE)
    whole = scores[probes.rows] >= threshold
    kinds = dataset.slices.get("account type")
    found = []
    for at, field in enumerate(probes.fields):
        progress("leaving out fields", at + 1, len(probes.fields))
        silent = np.array([score.probability for score in scorer.score_rows(probes.vectors[:, at])])
        change = whole.astype(np.float64) - (silent >= threshold)
        half = _Z * float(change.std()) / np.sqrt(len(change))
        lost = float(change.mean())
        asked = None
        if lines is not None and kinds is not None:
            asked = float(or_worse(lines, "step_up", silent, kinds[probes.rows]).mean())
        found.append(Silence(field, lost, lost - half, lost + half, float((silent >= threshold).mean()), asked))
    return tuple(found)


def silence_metrics(found: tuple[Silence, ...], probed: int) -> tuple[Metric, ...]:
    """For the model card: the worst single field, everything at once, and each field."""
    if not found:
        return ()
    single = [each for each in found if each.field != ALL_FIELDS]
    worst = max(single, key=lambda each: each.lost)
    metrics = [_lost(f"omission_recall_lost_worst_field_{worst.field}", worst)]
    for each in found:
        if each.field == ALL_FIELDS:
            metrics.append(_lost("omission_recall_lost_all_fields", each))
            if each.challenged is not None:
                low, high = wilson(each.challenged * probed, probed)
                metrics.append(
                    Metric(
                        name="omission_challenged_all_fields",
                        value=round(each.challenged, 6),
                        low=round(low, 6),
                        high=round(high, 6),
                    )
                )
    metrics += [_lost(f"omission_recall_lost_{each.field}", each) for each in single]
    return tuple(metrics)


def _lost(name: str, each: Silence) -> Metric:
    return Metric(name=name, value=round(each.lost, 6), low=round(each.low, 6), high=round(each.high, 6))
