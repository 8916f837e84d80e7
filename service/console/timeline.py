"""Sign-ups against bans over time: counts by stretches of time, drawn as bars above and below a line."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from models.linkage.marks import Mark
from service.console.times import span
from service.usecases.ports_cluster_list import Moment

MOST_BARS = 48
_STRETCHES = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1_440, 4_320, 10_080, 43_200)
)
_WIDTH, _UP, _MARGIN, _LEAST_DOWN = 1_100, 110, 14, 8


@dataclass(frozen=True, slots=True)
class Stretch:
    """One bar: what happened from ``start`` on."""

    start: datetime
    signups: int
    bans: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Stretches of the same length without a gap."""

    length: timedelta
    stretches: tuple[Stretch, ...]


def timeline(moments: Sequence[Moment]) -> Timeline | None:
    """When members signed up and when they became known as frauds; ``None`` without a member."""
    if not moments:
        return None
    banned = [each.label_at for each in moments if each.label is Mark.BANNED and each.label_at is not None]
    signed_up = [each.occurred_at for each in moments]
    first, last = min(signed_up + banned), max(signed_up + banned)
    length = next((each for each in _STRETCHES if (last - first) / each < MOST_BARS - 1), None)
    if length is None:
        length = timedelta(days=math.ceil((last - first).days / (MOST_BARS - 2)))
    start = first - timedelta(microseconds=(first.timestamp() * 1e6) % (length / timedelta(microseconds=1)))
    ups = Counter((each - start) // length for each in signed_up)
    downs = Counter((each - start) // length for each in banned)
    bars = range((last - start) // length + 1)
    return Timeline(length, tuple(Stretch(start + bar * length, ups[bar], downs[bar]) for bar in bars))


def stretch_words(length: timedelta) -> str:
    """The length of a stretch as one says it: ``5 minutes``."""
    minutes = length // timedelta(minutes=1)
    for unit, size in (("day", 1_440), ("hour", 60)):
        if minutes % size == 0:
            return unit if minutes == size else f"{minutes // size} {unit}s"
    return "minute" if minutes == 1 else f"{minutes} minutes"


def drawn(line: Timeline, *, now: datetime) -> Markup:
    """The bars, above and below to one scale; the same numbers stand in a table beside them."""
    most_down = max(each.bans for each in line.stretches)
    most = max(most_down, *(each.signups for each in line.stretches)) or 1
    one = (_UP - _MARGIN) / most
    down = max(_LEAST_DOWN, most_down * one)
    step = _WIDTH / max(len(line.stretches), 12)
    signups, bans = sum(each.signups for each in line.stretches), sum(each.bans for each in line.stretches)
    words = f"{_counted(signups, 'sign-up')} above the line and {_counted(bans, 'ban')} below it, by "
    words += stretch_words(line.length)
    parts = [
        Markup('<svg class="chart timeline" viewBox="0 0 {} {:.1f}" role="img" aria-label="{}">').format(
            _WIDTH, _UP + down + 18, words
        ),
        Markup('<text class="scale" x="2" y="10">{}</text>').format(f"{most:,}"),
    ]
    for place, each in enumerate(line.stretches):
        about = f"{span(now - each.start)} ago: {_counted(each.signups, 'sign-up')}, {_counted(each.bans, 'ban')}"
        for kind, count in (("came", each.signups), ("banned", each.bans)):
            if not count:
                continue
            tall = max(2.0, count * one)
            top = _UP - tall if kind == "came" else _UP
            parts.append(
                Markup(
                    '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
                ).format(kind, place * step + step * 0.1, top, step * 0.8, tall, about)
            )
    parts.append(Markup('<line class="axis" x1="0" y1="{0}" x2="{1}" y2="{0}"/>').format(_UP, _WIDTH))
    ends = (("start", 0.0, line.stretches[0].start), ("end", len(line.stretches) * step, line.stretches[-1].start))
    for anchor, x, at in ends if len(line.stretches) > 6 else ends[:1]:
        parts.append(
            Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{} ago</text>').format(
                x, _UP + down + 13, anchor, span(now - at)
            )
        )
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
