"""A back-test as a table for the terminal, and as one self-contained page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from rich.table import Table

from models.evaluation.plots import Bar, bars
from models.evaluation.report_words import STYLE
from service.domain.comparison import Comparison, Group, Moves
from service.domain.decision import Decision

_HEADINGS = {
    Decision.ALLOW: "let in",
    Decision.STEP_UP: "stepped up",
    Decision.REVIEW: "held",
    Decision.DENY: "denied",
}


def backtest_table(comparison: Comparison) -> Table:
    """The rates before and after, by account type and slice, and of those of whom something became known."""
    table = Table(title=_title(comparison))
    table.add_column("group")
    table.add_column("decisions", justify="right")
    for heading in _HEADINGS.values():
        table.add_column(heading, justify="right")
    table.add_column("changed", justify="right")
    for name, moves in _rows(comparison):
        before, after = moves.rates()
        table.add_row(
            name,
            f"{moves.total:,}",
            *(f"{before[each.value]:.1%} → {after[each.value]:.1%}" for each in Decision),
            f"{moves.changed:,}",
        )
    return table


def write_backtest(path: Path, comparison: Comparison, large: Sequence[str]) -> None:
    """Write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(_page(comparison, large)), encoding="utf-8")


def _page(comparison: Comparison, large: Sequence[str]) -> Iterator[str]:
    title = escape(_title(comparison))
    everybody = comparison.everybody
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>"
    if comparison.first is not None and comparison.last is not None:
        span = f"recorded from {comparison.first:%Y-%m-%d} to {comparison.last:%Y-%m-%d}"
        yield f'<p class="soft">{everybody.total:,} decisions {span}; {everybody.changed:,} would change.</p>'
    for each in large:
        yield f'<p class="warn">Large change, which needs a second person: {escape(each)}.</p>'
    yield '<div class="plots">'
    yield _figure("Rates before and after", _rates(everybody))
    yield _figure("Share that would change, by group", _changed(comparison))
    for label, moves in sorted(comparison.outcomes.items()):
        yield _figure(f"Those known to be {label}, before and after", _rates(moves))
    yield '</div><h2>By group</h2><div class="wide"><table><tr><th>Group</th><th class="n">decisions</th>'
    yield "".join(f'<th class="n">{heading}</th>' for heading in _HEADINGS.values())
    yield '<th class="n">changed</th></tr>'
    for name, moves in _rows(comparison):
        before, after = moves.rates()
        cells = "".join(f'<td class="n">{before[each.value]:.2%} → {after[each.value]:.2%}</td>' for each in Decision)
        yield f'<tr><td>{escape(name)}</td><td class="n">{moves.total:,}</td>{cells}'
        yield f'<td class="n">{moves.changed:,}</td></tr>'
    yield "</table></div>"
    yield from _rules("Rules that would hold", comparison.rules)
    yield from _rules("Silent rules that would hold", comparison.silent_rules)
    yield from _rules("Rules that fail while running", comparison.failed_rules)
    yield "</body></html>"


def _rules(title: str, counts: dict[str, int]) -> Iterator[str]:
    if counts:
        top = sorted(counts.items(), key=lambda each: -each[1])
        yield f"<h2>{title}</h2>{_figure(title, bars(title, [Bar(name, n, f'{n:,}') for name, n in top]))}"


def _figure(caption: str, drawn: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{drawn}</figure>"


def _rates(moves: Moves) -> str:
    before, after = moves.rates()
    entries = [
        Bar(f"{_HEADINGS[each]} {when}", rates[each.value], f"{rates[each.value]:.2%}", strong=strong)
        for each in Decision
        for when, rates, strong in (("before", before, False), ("after", after, True))
    ]
    return bars("rates before and after", entries, highest=1.0)


def _changed(comparison: Comparison) -> str:
    entries = [
        Bar(name, moves.changed / max(moves.total, 1), f"{moves.changed / max(moves.total, 1):.2%}")
        for name, moves in _rows(comparison)
    ]
    return bars("share that would change", entries)


def _rows(comparison: Comparison) -> Iterator[tuple[str, Moves]]:
    def place(group: Group) -> tuple[bool, bool, Group]:
        return group[0] != "all", group[0] != "account type", group

    for group in sorted(comparison.groups, key=place):
        yield ("all" if group[0] == "all" else f"{group[0]}: {group[1]}"), comparison.groups[group]
    for label, moves in sorted(comparison.outcomes.items()):
        yield f"known: {label}", moves


def _title(comparison: Comparison) -> str:
    new = f"version {comparison.version}" if comparison.version else "the new policy"
    old = f"version {comparison.against}" if comparison.against else "the shipped policy"
    return f"What {new} would change against {old}"
