"""The report's groups: whom the model treats how, and what it does on families and kinds it never saw."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from models.card import SliceEntry
from models.evaluation.codes import named
from models.evaluation.equality import Equality
from models.evaluation.evaluation import Evaluation
from models.evaluation.intervals import wilson
from models.evaluation.operations import by_number
from models.evaluation.plots import Bar, bars
from models.evaluation.report_words import figure, figure_of, percent, words

MOST_ROWS_SHOWN = 12
"""Longer tables are folded: countries and kinds would push everything else off the page."""


def held_out(evaluation: Evaluation) -> Iterator[str]:
    """Families and kinds that the model did not learn from, apart from those it did."""
    entries = [each for each in evaluation.slices if each.column == "kind"]
    if not evaluation.held_out or not entries:
        return
    yield (
        "<h2>What it never learnt from</h2><p>Families and kinds held out of training by name (red) beside those "
        "learnt from, at the threshold that flags 1 % of all honest people; the lines are 95 % intervals.</p>"
        '<div class="plots">'
    )
    hidden = set(evaluation.held_out)
    families = sorted(
        (each for each in entries if each.fraud), key=lambda each: (each.value in hidden, by_number(each.value))
    )
    kinds = sorted(
        (each for each in entries if not each.fraud), key=lambda each: (each.value in hidden, by_number(each.value))
    )
    if families:
        yield figure("Recall by attack family", bars("Recall by attack family", _caught(families, hidden), highest=1.0))
    if kinds:
        flagged = [bar for each in kinds if (bar := _flagged(each, hidden))]
        yield figure("Honest people flagged, by kind", bars("Honest people flagged by kind", flagged))
    yield "</div>"
    learnt = [each for each in evaluation.slices if each.column == "learnt"]
    if learnt:
        yield _table("learnt", learnt)


def equalities(found: tuple[Equality, ...]) -> Iterator[str]:
    """Predictive equality, one plot a column."""
    yield (
        "<h2>Are honest people treated alike?</h2><p>At the threshold that flags 1 % of all honest sign-ups: the "
        "share of each group's honest people who are flagged, with its 95 % interval. Predictive equality is the "
        'smallest share over the largest: 1 is equal, and the goal is 0.8.</p><div class="plots">'
    )
    for each in found:
        if len(each.rates) > 1:
            caption = f"{each.column.capitalize()}"
            if each.ratio is not None:
                caption += f": predictive equality {each.ratio:.2f} ({each.low or 0:.2f} to {each.high or 1:.2f})"
            rates = sorted(each.rates, key=lambda rate: -rate.rate)
            entries = [
                Bar(named(one.group), one.rate, f"{one.rate:.2%} of {one.honest:,}", one.low, one.high) for one in rates
            ]
            yield figure(caption, bars(each.column, entries))
    yield "</div>"


def by_group(evaluation: Evaluation) -> Iterator[str]:
    """A table for every column."""
    yield "<h2>By group</h2><p>Recall and false positives at the overall 1 % threshold. An attack family is ranked "
    yield "against all honest sign-ups, any other group against its own.</p>"
    for column, entries in groupby(evaluation.slices, key=lambda entry: entry.column):
        listed = list(entries)
        if column == "learnt" and evaluation.held_out:
            continue  # told above
        table = _table(column, listed)
        if len(listed) > MOST_ROWS_SHOWN:
            table = f"<details><summary>{words(column)}: {len(listed)} groups</summary>{table}</details>"
        yield table


def _table(column: str, listed: list[SliceEntry]) -> str:
    parts = [
        (
            f'<div class="wide"><table><tr><th>{words(column)}</th><th class="n">rows</th><th class="n">fraud</th>'
            '<th class="n">flagged honest</th><th class="n">recall</th><th class="n">ROC-AUC</th>'
            '<th class="n">recall at 0.5 %</th></tr>'
        )
    ]
    for each in listed:
        shown = (
            f"{each.rows:,}",
            f"{each.fraud:,}",
            percent(figure_of(each.metrics, "false_positive_rate"), 2),
            percent(figure_of(each.metrics, "recall"), 1),
            "" if (auc := figure_of(each.metrics, "roc_auc")) is None else f"{auc:.3f}",
            percent(figure_of(each.metrics, "recall_at_fpr_0.5%"), 1),
        )
        cells = "".join(f'<td class="n">{cell}</td>' for cell in shown)
        parts.append(f"<tr><td>{escape(named(each.value))}</td>{cells}</tr>")
    return "".join((*parts, "</table></div>"))


def _caught(entries: list[SliceEntry], hidden: set[str]) -> list[Bar]:
    found = []
    for each in entries:
        recall = figure_of(each.metrics, "recall") or 0.0
        low, high = wilson(recall * each.fraud, each.fraud)
        found.append(_bar(each, hidden, recall, f"{recall:.0%} of {each.fraud:,}", (low, high)))
    return found


def _flagged(each: SliceEntry, hidden: set[str]) -> Bar | None:
    rate = figure_of(each.metrics, "false_positive_rate")
    if rate is None:
        return None
    interval = wilson(rate * each.rows, each.rows)
    return _bar(each, hidden, rate, f"{rate:.2%} of {each.rows:,}", interval)


def _bar(each: SliceEntry, hidden: set[str], value: float, shown: str, interval: tuple[float, float]) -> Bar:
    name = f"{named(each.value)}, held out" if each.value in hidden else named(each.value)
    return Bar(name, value, shown, *interval, strong=each.value in hidden)
