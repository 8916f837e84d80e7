"""Plots as SVG text: small, sharp, readable on light and dark ground, and needing nothing to be shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 440, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 14, 14, 42

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve; ``style`` is a class of the report's style sheet (``one``, ``two``, ``guide``)."""

    points: Sequence[Point]
    style: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high``; ``logarithmic`` needs ``low > 0``."""

    title: str
    low: float
    high: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """0 at ``low``, 1 at ``high``."""
        if self.logarithmic:
            value = max(value, self.low)
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Where to write numbers."""
        if self.logarithmic:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            return [10.0**power for power in range(first, last + 1)]
        return round_ticks(self.low, self.high)


def round_ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers from ``low`` to ``high``."""
    spans = (10.0**power * digit for power in range(-4, 6) for digit in (1, 2, 5))
    step = next((each for each in spans if (high - low) / each <= 7), high - low)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(each * step, 6) for each in range(first, last + 1)]


def line_plot(
    title: str, across: Axis, up: Axis, lines: Sequence[Line], marks: Sequence[Point] = (), *, falling: bool = False
) -> str:
    """Curves, and dots at ``marks``; the names stand where a rising, or a ``falling``, curve leaves room."""
    body = [_frame(across, up)]
    for line in lines:
        points = " ".join(f"{_x(across, x):.1f},{_y(up, y):.1f}" for x, y in _thinned(line.points))
        body.append(f'<polyline class="{line.style}" points="{points}"/>')
    body += [f'<circle class="mark" cx="{_x(across, x):.1f}" cy="{_y(up, y):.1f}" r="3.5"/>' for x, y in marks]
    named = [line for line in lines if line.name]
    left = WIDTH - 150 if falling else _LEFT + 12
    for at, line in enumerate(named):
        y = _TOP + 14 + 16 * at
        body.append(f'<polyline class="{line.style}" points="{left},{y - 4} {left + 22},{y - 4}"/>')
        body.append(f'<text x="{left + 28}" y="{y}">{escape(line.name)}</text>')
    return _svg(title, body, HEIGHT)


def histogram(title: str, across: Axis, series: Sequence[tuple[str, str, Sequence[float]]]) -> str:
    """Bars over equal bins, one series over the other; each is (name, style, shares a bin)."""
    highest = max((max(shares, default=0.0) for _, _, shares in series), default=1.0) or 1.0
    up = Axis("share of the class", 0.0, highest)
    body = [_frame(across, up)]
    for at, (name, style, shares) in enumerate(series):
        step = (WIDTH - _LEFT - _RIGHT) / max(len(shares), 1)
        for bin_, share in enumerate(shares):
            y = _y(up, share)
            body.append(
                f'<rect class="{style}" x="{_LEFT + bin_ * step + 0.5:.1f}" y="{y:.1f}" width="{step - 1:.1f}" '
                f'height="{HEIGHT - _BOTTOM - y:.1f}"/>'
            )
        y = _TOP + 14 + 16 * at
        body.append(f'<rect class="{style}" x="{WIDTH - 130}" y="{y - 9}" width="12" height="10"/>')
        body.append(f'<text x="{WIDTH - 112}" y="{y}">{escape(name)}</text>')
    return _svg(title, body, HEIGHT)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``low`` and ``high`` draw an interval, ``strong`` marks it out."""

    name: str
    value: float
    shown: str
    low: float | None = None
    high: float | None = None
    strong: bool = False


def bars(title: str, entries: Sequence[Bar], *, highest: float | None = None) -> str:
    """Horizontal bars with what to write beside each."""
    tops = [each.value if each.high is None else each.high for each in entries]
    top = highest or max(tops, default=1.0) or 1.0
    left, room, row = 168, 150, 21
    body = []
    for at, each in enumerate(entries):
        y = 8 + at * row
        length = max(0.0, min(each.value / top, 1.0)) * room
        body.append(f'<text class="name" x="{left - 8}" y="{y + 12}">{escape(_shortened(each.name, 27))}</text>')
        style = "bar strong" if each.strong else "bar"
        body.append(f'<rect class="{style}" x="{left}" y="{y}" width="{length:.1f}" height="15"/>')
        end = length
        if each.low is not None and each.high is not None:
            low, high = (max(0.0, min(bound / top, 1.0)) * room for bound in (each.low, each.high))
            body.append(
                f'<line class="whisker" x1="{left + low:.1f}" y1="{y + 7.5}" x2="{left + high:.1f}" y2="{y + 7.5}"/>'
            )
            end = max(length, high)
        body.append(f'<text x="{left + end + 6:.1f}" y="{y + 12}">{escape(each.shown)}</text>')
    return _svg(title, body, 16 + row * max(len(entries), 1))


def beeswarm(title: str, names: Sequence[str], columns: Sequence[Sequence[tuple[float, float | None]]]) -> str:
    """A row of dots a name: (where it lies, which shade from 0 to 1 it has; ``None`` is grey). Crowds swell."""
    left, row, right = 168, 26, 12
    values = [value for column in columns for value, _ in column]
    low, high = min(values, default=-1.0), max(values, default=1.0)
    low, high = min(low, -0.1), max(high, 0.1)
    scale = (WIDTH - left - right) / (high - low)
    height = row * len(names) + 40
    body = [
        f'<line class="guide" x1="{left - low * scale:.1f}" y1="4" x2="{left - low * scale:.1f}" y2="{height - 36}"/>'
    ]
    for at, (name, column) in enumerate(zip(names, columns, strict=True)):
        middle = 4 + row * at + row / 2
        body.append(f'<text class="name" x="{left - 8}" y="{middle + 4:.1f}">{escape(_shortened(name, 27))}</text>')
        crowd: dict[int, int] = {}
        for value, place in column:
            x = left + (value - low) * scale
            level = crowd.get(round(x / 3), 0)
            crowd[round(x / 3)] = level + 1
            # Above and below in turn, and back onto the line when a crowd outgrows its row.
            offset = (1 if level % 2 else -1) * ((level + 1) // 2 % 5) * 2.1
            shade = "none" if place is None else f"s{min(int(place * 5), 4)}"
            body.append(f'<circle class="{shade}" cx="{x:.1f}" cy="{middle + offset:.1f}" r="1.9"/>')
    for tick in round_ticks(low, high):
        body.append(f'<text class="tick" x="{left + (tick - low) * scale:.1f}" y="{height - 22}">{tick:+g}</text>')
    body.append(
        f'<text class="tick" x="{(left + WIDTH) / 2:.0f}" y="{height - 6}">added to the log-odds of fraud</text>'
    )
    return _svg(title, body, height)


def _svg(title: str, body: Sequence[str], height: int) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title, quote=True)}">'
        f"<title>{escape(title)}</title>{''.join(body)}</svg>"
    )


def _frame(across: Axis, up: Axis) -> str:
    parts = []
    for tick in across.ticks():
        x = _x(across, tick)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{HEIGHT - _BOTTOM}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - _BOTTOM + 15}">{tick:g}</text>')
    for tick in up.ticks():
        y = _y(up, tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text class="name" x="{_LEFT - 6}" y="{y + 4:.1f}">{tick:.3g}</text>')
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    parts.append(
        f'<text class="tick" x="{(_LEFT + WIDTH - _RIGHT) / 2}" y="{HEIGHT - 8}">{escape(across.title)}</text>'
    )
    parts.append(
        f'<text class="tick" transform="translate(13 {middle}) rotate(-90)" x="0" y="0">{escape(up.title)}</text>'
    )
    return "".join(parts)


def _x(axis: Axis, value: float) -> float:
    return _LEFT + axis.place(value) * (WIDTH - _LEFT - _RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - _BOTTOM - axis.place(value) * (HEIGHT - _TOP - _BOTTOM)


def _thinned(points: Sequence[Point], most: int = 400) -> Sequence[Point]:
    """Every so many points: a curve of 60,000 would make the file large and look the same."""
    if len(points) <= most:
        return points
    step = len(points) / most
    return [*(points[int(at * step)] for at in range(most)), points[-1]]


def _shortened(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
