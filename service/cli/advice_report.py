"""Advice on score lines as one self-contained page with the trade-off curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from models.evaluation.plots import Axis, Line, line_plot
from models.evaluation.report_words import STYLE
from service.usecases.advise import AdvisedLines


def write_advice(path: Path, advised: Sequence[AdvisedLines]) -> None:
    """Write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(_page(advised)), encoding="utf-8")


def _page(advised: Sequence[AdvisedLines]) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f"<title>Lines that cost least</title><style>{STYLE}</style></head><body><h1>Lines that cost least</h1>"
    for each in advised:
        yield f"<h2>{escape(each.account_type.value)}</h2>"
        if each.step_up is None or each.review is None:
            yield f'<p class="warn">No advice: {escape(each.problem or "")}.</p>'
            continue
        yield (
            f"<p>Step up from {each.step_up:.3f}, review from {each.review:.3f}: {each.cost_per_1000 or 0:,.0f} for "
            f"1,000 sign-ups, where the lines in force cost {each.cost_per_1000_now or 0:,.0f}.</p>"
        )
        yield '<div class="plots">'
        yield _figure("What a step-up line trades", _trade(each))
        yield _figure("Cost by step-up line", _cost(each))
        yield "</div>"
    yield "</body></html>"


def _trade(each: AdvisedLines) -> str:
    chosen = [(p.honest_asked, p.fraud_admitted) for p in each.curve if p.step_up == each.step_up]
    points = [(point.honest_asked, point.fraud_admitted) for point in each.curve]
    across, up = Axis("honest people asked", 0.0, 1.0), Axis("fraud let in without a question", 0.0, 1.0)
    return line_plot("honest people asked against fraud let in", across, up, [Line(points, "one")], chosen)


def _cost(each: AdvisedLines) -> str:
    points = [(point.step_up, point.cost_per_1000) for point in each.curve]
    chosen = [point for point in points if point[0] == each.step_up]
    up = Axis("cost of 1,000 sign-ups", 0.0, max(cost for _, cost in points) or 1.0)
    return line_plot("cost by step-up line", Axis("step-up line", 0.0, 1.0), up, [Line(points, "one")], chosen)


def _figure(caption: str, drawn: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{drawn}</figure>"
