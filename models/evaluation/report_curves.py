"""The report's curves: how the score ranks, whether it speaks truly, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from models.evaluation.evaluation import Contributions, Evaluation
from models.evaluation.metrics import FALSE_POSITIVE_RATES, Ranking, SortedRows, calibration_bins
from models.evaluation.plots import Axis, Bar, Line, bars, beeswarm, histogram, line_plot
from models.evaluation.report_words import figure


def curves(evaluation: Evaluation) -> Iterator[str]:
    if len(np.unique(evaluation.truth)) < 2:
        yield "<p>Only one class is present: there is nothing to rank.</p>"
        return
    ranking = Ranking.of(SortedRows.of(evaluation.scores, evaluation.truth))
    recall, rate = ranking.true / ranking.true[-1], ranking.false / ranking.false[-1]
    precision = ranking.true / (ranking.true + ranking.false)
    base = float(evaluation.truth.mean())
    share = Axis("recall", 0.0, 1.0)
    yield '<h2>Ranking and calibration</h2><div class="plots">'
    yield figure(
        "Precision and recall",
        line_plot(
            "Precision against recall",
            share,
            Axis("precision", 0.0, 1.0),
            [
                Line(list(zip(recall.tolist(), precision.tolist(), strict=True)), "one", "this model"),
                Line([(0.0, base), (1.0, base)], "guide", "no skill"),
            ],
            falling=True,
        ),
    )
    marks = [(each, ranking.recall_at(each)) for each in FALSE_POSITIVE_RATES]
    yield figure(
        "Recall by false-positive rate",
        line_plot(
            "ROC curve with a logarithmic false-positive rate",
            Axis("false-positive rate", 1e-4, 1.0, logarithmic=True),
            share,
            [Line(list(zip(np.maximum(rate, 1e-4).tolist(), recall.tolist(), strict=True)), "one")],
            marks,
        ),
    )
    yield figure(
        "Does a score mean what it says? (a dot: as many sign-ups)",
        _calibration_plot(evaluation),
    )
    yield figure("Where the scores lie", _score_histogram(evaluation))
    yield "</div>"


def _calibration_plot(evaluation: Evaluation) -> str:
    bins = calibration_bins(evaluation.scores, evaluation.truth)
    low = 1e-4
    across, up = Axis("mean score", low, 1.0, logarithmic=True), Axis("share of fraud", low, 1.0, logarithmic=True)
    points = list(zip(bins.claimed.tolist(), bins.happened.tolist(), strict=True))
    shown = [(max(x, low), max(y, low)) for x, y in points]
    return line_plot(
        "Calibration in bins of equal mass",
        across,
        up,
        [Line([(low, low), (1, 1)], "guide"), Line(shown, "one")],
        shown,
    )


def _score_histogram(evaluation: Evaluation) -> str:
    clipped = np.clip(evaluation.scores, 1e-6, 1 - 1e-6)
    log_odds = np.log(clipped / (1 - clipped))
    low, high = float(np.floor(log_odds.min())), float(np.ceil(log_odds.max()))
    edges = np.linspace(low, max(high, low + 1), 41)
    series = []
    for name, style, label in (("honest", "one", 0), ("fraud", "two", 1)):
        counts, _ = np.histogram(log_odds[evaluation.truth == label], edges)
        series.append((name, style, (counts / max(counts.sum(), 1)).tolist()))
    return histogram("Scores by class", Axis("score, log-odds", low, max(high, low + 1)), series)


def shap(evaluation: Evaluation) -> Iterator[str]:
    """Which features speak, which way, and how loudly."""
    yield (
        "<h2>What the score rests on</h2><p>SHAP values, exact for these trees. In the swarm every dot is one sign-up, "
        "half of them fraudulent where there are enough: to the right it was made riskier. Blue is a low value of the "
        'feature, red a high one, grey a missing one.</p><div class="plots">'
    )
    if evaluation.contributions is not None:
        yield figure("What each feature added, by its value", _swarm(evaluation.contributions))
    entries = [Bar(each.feature, each.mean, f"{each.mean:.3f}") for each in evaluation.importances[:25]]
    yield figure("Mean absolute SHAP value, log-odds", bars("Mean absolute SHAP value", entries))
    yield "</div>"


def _swarm(shown: Contributions) -> str:
    columns = [
        [
            (added, None if math.isnan(place) else place)
            for added, place in zip(shown.contributions[:, at].tolist(), shown.places[:, at].tolist(), strict=True)
        ]
        for at in range(len(shown.features))
    ]
    return beeswarm("SHAP values by feature", shown.features, columns)
