"""The report's costs: what the score lines do to operators and to honest people, and what is lost under strain."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

import numpy as np

from models.card import Card, Metric
from models.evaluation.codes import named
from models.evaluation.evaluation import Evaluation
from models.evaluation.operations import LEFT_OUT, HonestRates, Operations, Operator
from models.evaluation.plots import Axis, Bar, Line, bars, line_plot
from models.evaluation.report_words import figure, words

_SOONEST_H, _LATEST_H = 0.01, 1_000.0
_NOTHING = 0.0005
_TRAINED_AGAIN = ("linkage_lift_", "recall_at_fpr_", "label_noise_")


def costs(operations: Operations | None) -> Iterator[str]:
    """Operations at the policy's score lines."""
    if operations is None:
        return
    yield (
        "<h2>What the decisions cost whom</h2><p>Every sign-up decided again in time order by the policy's score "
        f'lines.</p><p class="soft">{escape(LEFT_OUT)}</p>'
    )
    if operations.operators:
        yield '<div class="plots">'
        yield figure("When is an operator noticed?", _notice(operations.operators))
        yield figure("Accounts let in before the first stop", _let_in(operations.operators))
        yield "</div>"
    yield '<div class="wide"><table><tr><th>Honest people</th><th></th><th class="n">judged</th>'
    yield '<th class="n">challenged or worse</th><th class="n">95 % interval</th><th class="n">reviewed or worse</th>'
    yield '<th class="n">denied</th></tr>'
    for column, entries in groupby(operations.rates, key=lambda each: each.column):
        for at, each in enumerate(entries):
            yield _honest_row(column if at == 0 else "", each)
    yield "</table></div>"


def robustness(evaluation: Evaluation, card: Card) -> Iterator[str]:
    """Omission, other prevalences, and what was found by training again."""
    yield '<h2>Under strain</h2><div class="plots">'
    if evaluation.silences:
        entries = [
            Bar(each.field, max(each.lost, 0.0), f"{100 * each.lost:+.1f} points", each.low, each.high)
            for each in sorted(evaluation.silences, key=lambda each: -each.lost)
            if abs(each.lost) >= _NOTHING
        ]
        if (rest := len(evaluation.silences) - len(entries)) > 0:
            entries.append(Bar(f"{rest} other fields", 0.0, "nothing"))
        caption = f"Recall lost when fraud leaves a field out ({evaluation.probed:,} sign-ups, threshold fixed)"
        yield figure(caption, bars("Recall lost by omission", entries))
    yield '<div class="stack">'
    precisions = _over_prevalence(evaluation.metrics, "precision_at_recall_0.80_prevalence_")
    if precisions:
        yield figure("Precision at recall 0.80, by prevalence", bars("Precision", precisions, highest=1.0))
    errors = _over_prevalence(evaluation.elsewhere, "calibration_error_prevalence_")
    if errors:
        yield figure("Calibration error after one logit offset", bars("Calibration error", errors))
    yield "</div></div>"
    again = [each for each in card.robustness if each.name.startswith(_TRAINED_AGAIN)]
    if again:
        yield "<p>Found when the model was trained, by training again without linkage and with labels twice as wrong:"
        yield '</p><div class="wide"><table>'
        yield from (f'<tr><td>{words(each.name)}</td><td class="n">{each.value:.4f}</td></tr>' for each in again)
        yield "</table></div>"


def _notice(operators: tuple[Operator, ...]) -> str:
    lines = []
    for name, style, hours in (
        ("challenged or worse", "one", [each.hours for each in operators]),
        ("reviewed or worse", "two", [each.hours_to_review for each in operators]),
    ):
        found = np.sort([hour for hour in hours if hour is not None])
        # A staircase from nobody to the share that was ever noticed, drawn on to the right edge.
        shares = np.arange(1, len(found) + 1) / len(operators)
        points = [(_SOONEST_H, 0.0)]
        for hour, share in zip(found.tolist(), shares.tolist(), strict=True):
            at = min(max(hour, _SOONEST_H), _LATEST_H)
            points += [(at, points[-1][1]), (at, share)]
        lines.append(Line([*points, (_LATEST_H, points[-1][1])], style, name))
    across = Axis("hours since the operator's first sign-up", _SOONEST_H, _LATEST_H, logarithmic=True)
    return line_plot("Share of operators noticed by then", across, Axis("share of operators", 0.0, 1.0), lines)


def _let_in(operators: tuple[Operator, ...]) -> str:
    counts = np.sort([each.let_in for each in operators])[::-1]
    highest = max(float(counts[0]), 10.0)
    shares = np.arange(1, len(counts) + 1) / len(counts)
    points = list(zip(shares.tolist(), np.maximum(counts, 0.5).tolist(), strict=True))
    return line_plot(
        "Accounts let in before the first stop, by operator",
        Axis("share of operators, worst first", 0.0, 1.0),
        Axis("accounts (none is drawn at 0.5)", 0.5, highest, logarithmic=True),
        [Line(points, "two")],
    )


def _over_prevalence(metrics: tuple[Metric, ...], prefix: str) -> list[Bar]:
    found = []
    for each in metrics:
        if each.name.startswith(prefix) and each.value is not None:
            name = each.name.removeprefix(prefix).removesuffix("_after_offset")
            found.append(Bar(f"{name} fraud", each.value, f"{each.value:.3f}", each.low, each.high))
    return found


def _honest_row(column: str, each: HonestRates) -> str:
    interval = f"{each.step_up_low:.2%} to {each.step_up_high:.2%}"
    cells = (f"{each.honest:,}", f"{each.step_up:.2%}", interval, f"{each.review:.2%}", f"{each.deny:.2%}")
    numbers = "".join(f'<td class="n">{cell}</td>' for cell in cells)
    return f"<tr><td>{words(column)}</td><td>{escape(named(each.group))}</td>{numbers}</tr>"
