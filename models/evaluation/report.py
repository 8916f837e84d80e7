"""The report: one HTML file that a person opens to see how good a model is, with no script and no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby
from pathlib import Path

from models.card import Card, DataSource, Metric
from models.evaluation.evaluation import NOT_COMPARABLE, Evaluation
from models.evaluation.goals import NOT_HERE, Measured, against_goals
from models.evaluation.rehearsed import Arms, rehearsals
from models.evaluation.report_costs import costs, robustness
from models.evaluation.report_curves import curves, shap
from models.evaluation.report_groups import by_group, equalities, held_out
from models.evaluation.report_words import STYLE, figure_of, words
from models.whole_files import written_whole

_HEADLINES = (
    ("recall_at_fpr_0.5%", "of fraud caught while 0.5 % of honest people are flagged", "{:.0%}"),
    ("recall_at_fpr_1.0%", "of fraud caught while 1 % of honest people are flagged", "{:.0%}"),
    ("calibration_error", "mean distance of a score from what happens", "{:.3f}"),
    (
        "accounts_let_in_before_first_stop_median",
        "accounts of a median operator let in before its first stop",
        "{:.0f}",
    ),
    ("reviews_per_1000_signups", "reviews by people in 1,000 sign-ups", "{:.0f}"),
)


def write_report(path: Path, evaluation: Evaluation, card: Card, attacks: Mapping[str, Arms] | None = None) -> None:
    """Write the report, with what was seen in rehearsed attacks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as beside:
        beside.write_text(render(evaluation, card, attacks), encoding="utf-8")


def render(evaluation: Evaluation, card: Card, attacks: Mapping[str, Arms] | None = None) -> str:
    """The whole page."""
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>Model {escape(evaluation.version)}</title><style>{STYLE}</style></head><body>",
            *_opening(evaluation, card),
            *_headlines(evaluation),
            *_goals(evaluation, card),
            *curves(evaluation),
            *held_out(evaluation),
            *equalities(evaluation.equalities),
            *costs(evaluation.operations),
            *(rehearsals(attacks) if attacks else ()),
            *robustness(evaluation, card),
            *shap(evaluation),
            *by_group(evaluation),
            *_figures(evaluation),
            *_worlds(card),
            *_model(card),
            "</body></html>",
        )
    )


def _opening(evaluation: Evaluation, card: Card) -> Iterator[str]:
    fraud = int(evaluation.truth.sum())
    yield f"<h1>Model {escape(evaluation.version)}</h1><p>{escape(card.summary)}</p>"
    yield (
        f'<p class="soft">Judged on {escape(evaluation.description)}: {len(evaluation.truth):,} sign-ups, {fraud:,} '
        f"of them fraudulent ({fraud / max(len(evaluation.truth), 1):.1%}). Everything below is of these, but for "
        "what says that it is of several worlds.</p>"
    )
    if DataSource.SIMULATED in (evaluation.source, card.data.source):
        yield f'<p class="warn">{escape(NOT_COMPARABLE)}</p>'


def _headlines(evaluation: Evaluation) -> Iterator[str]:
    metrics = (*evaluation.metrics, *evaluation.operational())
    tiles = [
        (shown.format(value), text)
        for name, text, shown in _HEADLINES
        if (value := figure_of(metrics, name)) is not None
    ]
    judged = [each for each in evaluation.equalities if each.ratio is not None and each.column != "kind"]
    if judged:
        worst = min(judged, key=lambda each: each.ratio or 0.0)
        text = f"predictive equality over {worst.column}, the worst column: 1 is equal, 0.8 the goal"
        tiles.insert(2, (f"{worst.ratio:.2f}", text))
    if tiles:
        yield '<div class="tiles">'
        yield from (f"<div><strong>{value}</strong><span>{escape(text)}</span></div>" for value, text in tiles)
        yield "</div>"


def _goals(evaluation: Evaluation, card: Card) -> Iterator[str]:
    if evaluation.source is not DataSource.SIMULATED:
        return
    measured = list(
        against_goals(card, (*evaluation.card_metrics(), *evaluation.operational(), *evaluation.robustness()))
    )
    told = [each for each in measured if each.mean is not None]
    met = sum(each.goal.met(each.worst) for each in told if each.worst is not None)
    yield (
        f"<h2>Against the goals</h2><p>{met} of {len(told)} are met in the worst world. A figure of one "
        "world is that of the one judged here; those of several are as measured when the model was trained.</p>"
        f'<p class="soft">{escape(NOT_HERE)}</p><div class="wide"><table><tr><th></th><th>Figure</th>'
        '<th class="n">goal</th>'
        '<th class="n">mean</th><th class="n">worst</th><th class="n">worlds</th><th></th></tr>'
    )
    for group, entries in groupby(measured, key=lambda each: each.goal.group):
        yield from (_goal_row(group if at == 0 else "", each) for at, each in enumerate(entries))
    yield "</table></div>"


def _goal_row(group: str, each: Measured) -> str:
    goal = each.goal
    aim = f"{'≤' if goal.at_most else '≥'} {goal.value:.{max(goal.digits, 2)}f}"
    if each.mean is None or each.worst is None:
        shown, verdict = ("", "", ""), "not measured"
    else:
        shown = (f"{each.mean:.{goal.digits}f}", f"{each.worst:.{goal.digits}f}", f"{each.worlds}")
        on_average = "met on average" if goal.met(each.mean) else "not met"
        verdict = "met" if goal.met(each.worst) else on_average
    cells = "".join(f'<td class="n">{cell}</td>' for cell in (aim, *shown))
    style = {"met": "good", "not met": "bad"}.get(verdict, "soft")
    return f'<tr><td>{escape(group)}</td><td>{escape(goal.words)}</td>{cells}<td class="{style}">{verdict}</td></tr>'


def _figures(evaluation: Evaluation) -> Iterator[str]:
    yield "<h2>Every figure</h2><details><summary>With its 95 % interval, of the world judged here</summary>"
    yield '<div class="wide"><table>'
    yield '<tr><th>Figure</th><th class="n">Value</th><th>95 % interval</th></tr>'
    for metric in (*evaluation.card_metrics(), *evaluation.operational(), *evaluation.robustness()):
        yield f'<tr><td>{words(metric.name)}</td><td class="n">{_value(metric)}</td><td>{_interval(metric)}</td></tr>'
    yield "</table></div></details>"


def _value(metric: Metric) -> str:
    return "not measured" if metric.value is None else f"{metric.value:.4f}"


def _interval(metric: Metric) -> str:
    return "" if metric.low is None or metric.high is None else f"{metric.low:.4f} to {metric.high:.4f}"


def _worlds(card: Card) -> Iterator[str]:
    if not card.worlds:
        return
    yield f"<details><summary>Mean and worst of {len(card.worlds)} worlds, as measured in training</summary>"
    yield '<div class="wide"><table><tr><th>Figure</th><th class="n">mean</th><th class="n">worst</th></tr>'
    for name, mean, worst in card.mean_and_worst():
        yield f'<tr><td>{words(name)}</td><td class="n">{mean:.4f}</td><td class="n">{worst:.4f}</td></tr>'
    yield "</table></div></details>"


def _model(card: Card) -> Iterator[str]:
    yield f"<h2>The model</h2><p>{escape(card.intended_use)}</p><ul>"
    yield from (f"<li>{escape(limit)}</li>" for limit in card.limits)
    yield '</ul><div class="wide"><table class="model">'
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
