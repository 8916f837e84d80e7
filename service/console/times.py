"""Times on the pages: how long ago, with the exact instant behind it."""

from __future__ import annotations

from datetime import datetime, timedelta

from markupsafe import Markup


def span(length: timedelta) -> str:
    """A length of time in its two largest units: ``3 h 08 m``."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} m {seconds:02d} s" if minutes < 10 else f"{minutes} m"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} m"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def when(instant: datetime | None, now: datetime, *, ahead: bool = False) -> Markup:
    """A time relative to now, with the exact instant behind it; the page's script puts that in the reader's zone."""
    if instant is None:
        return Markup("—")
    length = instant - now if ahead else now - instant
    sign = "\u2212" if length < timedelta(0) else ""
    words = f"{sign}{span(abs(length))}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        instant.isoformat(), instant.strftime("%Y-%m-%d %H:%M:%S UTC"), words
    )
