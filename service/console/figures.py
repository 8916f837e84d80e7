"""Scores and counts as drawings: gauges, waterfalls and bars in SVG, without style or script."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from service.usecases.waterfall import Waterfall


def percent(probability: float | None) -> str:
    """A probability in words: ``41 %``, and never 0 or 100 when it is neither."""
    if probability is None:
        return "—"
    value = probability * 100
    if 0 < value < 1:
        return "<1 %"
    if 99 < value < 100:
        return ">99 %"
    return f"{value:.0f} %"


def exact_percent(share: float | None) -> str:
    """A share with two decimals, for comparing: ``4.05 %``."""
    return "—" if share is None else f"{share * 100:.2f} %"


def band(score: float | None, lines: Sequence[tuple[str, float]]) -> str:
    """The decision that the score alone would ask for, by the policy's lines."""
    if score is None:
        return "unscored"
    reached = [name for name, line in lines if score >= line]
    return reached[-1] if reached else "allow"


def score_bar(score: float | None, kind: str) -> Markup:
    """A score as a short bar; the number stands beside it."""
    width = 0 if score is None else max(2, round(score * 44))
    return Markup(
        '<svg class="bar {}" width="44" height="6" aria-hidden="true">'
        '<rect class="track" width="44" height="6" rx="3"/>'
        '<rect class="fill" width="{}" height="6" rx="3"/></svg>'
    ).format(kind, width)


def gauge(score: float | None, lines: Sequence[tuple[str, float]], kind: str) -> Markup:
    """A score on a half circle from 0 to 100 %, with the policy's lines as ticks."""
    parts = [
        Markup('<svg class="gauge {}" viewBox="0 0 120 72" role="img" aria-label="{}">').format(
            kind, f"Calibrated probability of fraud: {percent(score)}"
        ),
        Markup('<path class="track" d="{}"/>').format(_arc(0, 1)),
    ]
    if score is not None:
        parts.append(Markup('<path class="fill" d="{}"/>').format(_arc(0, max(score, 0.01))))
    for name, line in lines:
        (x1, y1), (x2, y2) = _on_arc(line, 38), _on_arc(line, 56)
        parts.append(
            Markup('<line class="tick" x1="{}" y1="{}" x2="{}" y2="{}"><title>{}</title></line>').format(
                x1, y1, x2, y2, f"{name} from {percent(line)}"
            )
        )
    parts.append(Markup('<text x="60" y="62" text-anchor="middle">{}</text></svg>').format(percent(score)))
    return Markup("").join(parts)


def _on_arc(share: float, radius: float) -> tuple[str, str]:
    angle = math.pi * (1 - share)
    return f"{60 + radius * math.cos(angle):.2f}", f"{62 - radius * math.sin(angle):.2f}"


def _arc(start: float, end: float) -> str:
    (x1, y1), (x2, y2) = _on_arc(start, 47), _on_arc(min(end, 1), 47)
    return f"M {x1} {y1} A 47 47 0 0 1 {x2} {y2}"


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a drawn waterfall: where its bar starts and how long it is, in percent of the width."""

    text: str
    code: str | None
    group: str
    value: str
    raw: float
    left: str
    width: str
    kind: str


def steps(waterfall: Waterfall) -> tuple[Step, ...]:
    """The rows of a waterfall, first the start and last the total; the bars in between lead from one to the other."""
    points, at = [0.0, waterfall.base], waterfall.base
    for bar in waterfall.bars:
        at += bar.contribution
        points.append(at)
    low, high = min(points), max(points)
    scale = 100 / ((high - low) or 1.0)

    def row(text: str, start: float, end: float, kind: str, *, code: str | None = None, group: str = "") -> Step:
        return Step(
            text=text,
            code=code,
            group=group,
            value=f"{end - start if kind in {'raises', 'lowers'} else end:+.2f}".replace("-", "\u2212"),
            raw=end - start if kind in {"raises", "lowers"} else end,
            left=f"{(min(start, end) - low) * scale:.2f}",
            width=f"{max(abs(end - start) * scale, 0.4):.2f}",
            kind=kind,
        )

    rows = [row("Where every sign-up starts", 0.0, waterfall.base, "base")]
    at = waterfall.base
    for bar in waterfall.bars:
        kind = "raises" if bar.contribution >= 0 else "lowers"
        rows.append(row(bar.text, at, at + bar.contribution, kind, code=bar.code, group=bar.group))
        at += bar.contribution
    rows.append(row("This sign-up", 0.0, waterfall.total, "total"))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Stack:
    """One bar of stacked parts: its label and the count of each part."""

    label: str
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(count for _, count in self.parts)


def stacked_bars(
    stacks: Sequence[Stack],
    *,
    label: str,
    marks: Mapping[int, str] | None = None,
    width: int = 1180,
    height: int = 170,
) -> Markup:
    """Stacked bars; the same numbers stand in a table beside them. ``marks`` are lines before bars, with a word."""
    highest = max((stack.total for stack in stacks), default=0) or 1
    step = width / max(len(stacks), 1)
    parts = [
        Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(width, height + 18, label),
        Markup('<line class="axis" x1="0" y1="{0}" x2="{1}" y2="{0}"/>').format(height, width),
        Markup('<text class="scale" x="2" y="10">{}</text>').format(f"{highest:,}"),
    ]
    every = max(1, math.ceil(len(stacks) / 8))
    for place, stack in enumerate(stacks):
        top = float(height)
        for name, count in stack.parts:
            tall = count / highest * (height - 14)
            top -= tall
            if count:
                parts.append(
                    Markup(
                        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
                    ).format(
                        name, place * step + step * 0.12, top, step * 0.76, tall, f"{stack.label}: {name} {count:,}"
                    )
                )
        if place % every == 0:
            parts.append(
                Markup('<text class="day" x="{:.1f}" y="{}">{}</text>').format(
                    place * step + step * 0.12, height + 13, escape(stack.label)
                )
            )
    for row, (place, words) in enumerate(sorted((marks or {}).items())):
        x, late = place * step, place > len(stacks) / 2
        parts.append(
            Markup('<line class="mark" x1="{0:.1f}" y1="0" x2="{0:.1f}" y2="{1}"/>').format(x, height)
            + Markup('<text class="mark" x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(
                x - 4 if late else x + 4, 22 + row % 4 * 12, "end" if late else "start", words
            )
        )
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)
