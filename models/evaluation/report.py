"""The report: one HTML file that a person opens to see how good a model is, with no script and no network."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

import numpy as np

from models.card import Card, DataSource, Metric, SliceEntry
from models.evaluation.evaluation import NOT_COMPARABLE, Equality, Evaluation
from models.evaluation.metrics import FALSE_POSITIVE_RATES, Ranking, SortedRows, calibration_bins
from models.evaluation.plots import Axis, Line, bars, histogram, line_plot

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2330;--soft:#5b6475;--ground:#fff;--card:#f5f6f9;--line:#d6dae3;--one:#2457c5;
--two:#c0392b}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9f0;--soft:#9aa4b8;--ground:#12151c;--card:#1b202a;--line:#333b4a;
--one:#7aa5ff;--two:#ff8a75}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);margin:0 auto;max-width:1020px;
padding:24px}
h1{font-size:24px;margin:0}h2{font-size:18px;margin:32px 0 8px}p{max-width:70ch}
.soft{color:var(--soft)}.warn{border-left:4px solid var(--two);background:var(--card);padding:8px 14px}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(380px,1fr));gap:18px}
figure{margin:0;background:var(--card);border-radius:8px;padding:12px}figcaption{font-weight:600;margin-bottom:4px}
svg{width:100%;height:auto}svg text{fill:var(--ink);font-size:11px}svg .tick{text-anchor:middle}
svg .name{text-anchor:end}svg .grid{stroke:var(--line);stroke-width:.6}svg polyline{fill:none;stroke-width:2}
svg .one{stroke:var(--one)}svg .two{stroke:var(--two)}svg .guide{stroke:var(--soft);stroke-width:1;
stroke-dasharray:4 4}svg .mark{fill:var(--two)}svg .bar,svg rect.one{fill:var(--one);stroke:none;opacity:.75}
svg rect.two{fill:var(--two);stroke:none;opacity:.55}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:4px 10px;
border-bottom:1px solid var(--line)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
"""


def write_report(path: Path, evaluation: Evaluation, card: Card) -> None:
    """Write the report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(evaluation, card), encoding="utf-8")


def render(evaluation: Evaluation, card: Card) -> str:
    """The whole page."""
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>Model {escape(evaluation.version)}</title><style>{_STYLE}</style></head><body>",
            *_opening(evaluation, card),
            *_figures(evaluation.metrics),
            *_curves(evaluation),
            *_equalities(evaluation.equalities),
            *_slices(evaluation.slices),
            *_importances(evaluation),
            *_model(card),
            "</body></html>",
        )
    )


def _opening(evaluation: Evaluation, card: Card) -> Iterator[str]:
    fraud = int(evaluation.truth.sum())
    yield f"<h1>Model {escape(evaluation.version)}</h1><p>{escape(card.summary)}</p>"
    yield (
        f'<p class="soft">Judged on {escape(evaluation.description)}: {len(evaluation.truth):,} sign-ups, {fraud:,} '
        f"of them fraudulent ({fraud / max(len(evaluation.truth), 1):.1%}).</p>"
    )
    if DataSource.SIMULATED in (evaluation.source, card.data.source):
        yield f'<p class="warn">{escape(NOT_COMPARABLE)}</p>'


def _figures(metrics: tuple[Metric, ...]) -> Iterator[str]:
    yield '<h2>Figures</h2><div class="wide"><table>'
    yield '<tr><th>Figure</th><th class="n">Value</th><th>95 % interval</th></tr>'
    for metric in metrics:
        value = "not measured" if metric.value is None else f"{metric.value:.4f}"
        interval = "" if metric.low is None else f"{metric.low:.4f} to {metric.high:.4f}"
        yield f'<tr><td>{_words(metric.name)}</td><td class="n">{value}</td><td>{interval}</td></tr>'
    yield "</table></div>"


def _curves(evaluation: Evaluation) -> Iterator[str]:
    if len(np.unique(evaluation.truth)) < 2:
        yield "<p>Only one class is present: there is nothing to rank.</p>"
        return
    ranking = Ranking.of(SortedRows.of(evaluation.scores, evaluation.truth))
    recall, rate = ranking.true / ranking.true[-1], ranking.false / ranking.false[-1]
    precision = ranking.true / (ranking.true + ranking.false)
    base = float(evaluation.truth.mean())
    share = Axis("recall", 0.0, 1.0)
    yield '<h2>Ranking and calibration</h2><div class="plots">'
    yield _figure(
        "Precision and recall",
        line_plot(
            "Precision against recall",
            share,
            Axis("precision", 0.0, 1.0),
            [
                Line(list(zip(recall.tolist(), precision.tolist(), strict=True)), "one", "this model"),
                Line([(0.0, base), (1.0, base)], "guide", "no skill"),
            ],
        ),
    )
    marks = [(each, ranking.recall_at(each)) for each in FALSE_POSITIVE_RATES]
    yield _figure(
        "Recall by false-positive rate",
        line_plot(
            "ROC curve with a logarithmic false-positive rate",
            Axis("false-positive rate", 1e-4, 1.0, logarithmic=True),
            share,
            [Line(list(zip(np.maximum(rate, 1e-4).tolist(), recall.tolist(), strict=True)), "one")],
            marks,
        ),
    )
    yield _figure("Does a score mean what it says?", _calibration_plot(evaluation))
    yield _figure("Where the scores lie", _score_histogram(evaluation))
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


def _equalities(equalities: tuple[Equality, ...]) -> Iterator[str]:
    yield (
        "<h2>Are honest people treated alike?</h2><p>At the threshold that flags 1 % of all honest sign-ups: the "
        "share of each group's honest people who are flagged. Predictive equality is the smallest share over the "
        'largest: 1 is equal, and the goal is 0.8.</p><div class="plots">'
    )
    for each in equalities:
        if len(each.rates) > 1:
            ratio = "" if each.ratio is None else f": predictive equality {each.ratio:.2f}"
            entries = [(one.group, one.rate, f"{one.rate:.2%} of {one.honest:,}") for one in each.rates]
            yield _figure(_words(each.column) + ratio, bars(each.column, sorted(entries, key=lambda entry: -entry[1])))
    yield "</div>"


def _slices(slices: tuple[SliceEntry, ...]) -> Iterator[str]:
    yield "<h2>By group</h2><p>Recall and false positives at the overall 1 % threshold. An attack family is ranked "
    yield "against all honest sign-ups, any other group against its own.</p>"
    for column, entries in groupby(slices, key=lambda entry: entry.column):
        listed = list(entries)
        caught = [
            (each.value, found, f"{found:.1%} of {each.fraud:,}")
            for each in listed
            if (found := _of(each, "recall")) is not None
        ]
        if caught:
            yield _figure(f"Recall by {column}", bars(f"Recall by {column}", caught, highest=1.0))
        yield f'<div class="wide"><table><tr><th>{_words(column)}</th><th class="n">rows</th><th class="n">fraud</th>'
        yield '<th class="n">flagged honest</th><th class="n">recall</th><th class="n">ROC-AUC</th>'
        yield '<th class="n">recall at 0.5 %</th></tr>'
        for each in listed:
            shown = (
                _percent(_of(each, "false_positive_rate"), 2),
                _percent(_of(each, "recall"), 1),
                "" if (auc := _of(each, "roc_auc")) is None else f"{auc:.3f}",
                _percent(_of(each, "recall_at_fpr_0.5%"), 1),
            )
            cells = "".join(f'<td class="n">{cell}</td>' for cell in shown)
            counts = f'<td class="n">{each.rows:,}</td><td class="n">{each.fraud:,}</td>'
            yield f"<tr><td>{escape(each.value)}</td>{counts}{cells}</tr>"
        yield "</table></div>"


def _importances(evaluation: Evaluation) -> Iterator[str]:
    yield '<h2>What the score rests on</h2><div class="plots">'
    entries = [(each.feature, each.mean, f"{each.mean:.3f}") for each in evaluation.importances[:30]]
    yield _figure("Mean absolute SHAP value, log-odds", bars("Mean absolute SHAP value", entries))
    yield "</div>"


def _model(card: Card) -> Iterator[str]:
    yield f"<h2>The model</h2><p>{escape(card.intended_use)}</p><ul>"
    yield from (f"<li>{escape(limit)}</li>" for limit in card.limits)
    yield '</ul><div class="wide"><table>'
    facts = {
        "created": f"{card.created:%Y-%m-%d %H:%M} UTC",
        "learnt from": f"{card.data.description}; {card.data.rows:,} rows, {card.data.fraud:,} labelled fraud",
        "data window": f"{card.data.first:%Y-%m-%d} to {card.data.last:%Y-%m-%d}",
        "held out": ", ".join(card.data.held_out) or "nothing",
        "features": str(len(card.features)),
        "calibration": card.calibration.method,
        "seed": str(card.seed),
        "settings": ", ".join(f"{name} {value}" for name, value in card.settings.items()),
        "model SHA-256": card.model_sha256,
        "data SHA-256": card.data.sha256,
    }
    yield from (f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in facts.items())
    yield "</table></div>"


def _figure(caption: str, plot: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{plot}</figure>"


def _of(entry: SliceEntry, name: str) -> float | None:
    return next((metric.value for metric in entry.metrics if metric.name == name), None)


def _percent(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}%}"


def _words(name: str) -> str:
    return escape(
        name.replace("_", " ").replace("fpr", "FPR").replace("roc auc", "ROC-AUC").replace("pr auc", "PR-AUC")
    )
