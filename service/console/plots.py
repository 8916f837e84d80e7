"""Figures as drawings that a person can read: SVG without style or script, the same numbers in a table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from service.console.figures import exact_percent


@dataclass(frozen=True, slots=True)
class Pair:
    """One share then and now."""

    name: str
    before: float
    after: float


def paired_bars(pairs: Sequence[Pair], *, label: str) -> Markup:
    """Two bars a share, the earlier above the later, each with its number."""
    row, left, width = 46, 110, 760
    highest = max((max(each.before, each.after) for each in pairs), default=0.0) or 1.0
    parts = [
        Markup('<svg class="chart pairs" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            left + width + 130, row * len(pairs) + 4, label
        )
    ]
    for place, pair in enumerate(pairs):
        top = place * row + 6
        parts.append(Markup('<text class="name" x="0" y="{}">{}</text>').format(top + 20, pair.name))
        for step, (kind, value) in enumerate((("before", pair.before), ("after", pair.after))):
            long = max(value / highest * width, 1.5)
            words = f"{kind} {exact_percent(value)}"
            parts.append(
                Markup(
                    '<rect class="{}" x="{}" y="{}" width="{:.1f}" height="15" rx="2"/>'
                    '<text x="{:.1f}" y="{}">{}</text>'
                ).format(kind, left, top + step * 18, long, left + long + 8, top + step * 18 + 12, words)
            )
    return Markup("").join((*parts, Markup("</svg>")))
