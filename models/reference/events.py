"""Announced events: a model release, a hackathon, a first lesson, of which the operator knew before people came.

The file that an operator keeps::

    [[event]]
    name = "Autumn hackathon"
    start = 2026-11-20T08:00:00Z
    end = 2026-11-22T20:00:00Z
    factor = 4.0                       # how many times as many sign-ups are expected
    domains = ["uni.example"]          # optional: only from these mail domains and those below them
    institutions = ["Example College"] # optional: only by people who claim these (a name, or a ROR id)

Without a scope an event is everybody's. A scoped one raises what is expected of those mail domains and institutions
only: to claim an institution is easy, and must not make room for a crowd on a network or a card range.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # Any: a TOML document until it is checked

from models.reference.institutions import Institutions, institution_key
from models.reference.season import EPOCH, HOUR

LARGEST_FACTOR = 20.0
"""The busiest day of a release brings some five times the usual; more than twenty would hide any attack."""

_FIELDS = {"name", "start", "end", "factor", "domains", "institutions"}


class EventsError(ValueError):
    """The file of events cannot be used; the text says which event and why."""


@dataclass(frozen=True, slots=True)
class AnnouncedEvent:
    """One event.

    Attributes:
        factor: how many times as many sign-ups are expected while it lasts.
        domains: the mail domains it is for, and ``institutions`` the names or ROR ids; without either it is for all.
    """

    name: str
    start: datetime
    end: datetime
    factor: float
    domains: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()

    @property
    def for_everybody(self) -> bool:
        """Whether it has no scope."""
        return not self.domains and not self.institutions

    def covers_hour(self, hour: int) -> bool:
        """Whether it is on at any moment of an hour, counted from 1970."""
        begin = EPOCH + hour * HOUR
        return self.start < begin + HOUR and begin < self.end


class AnnouncedEvents:
    """All of them, and whom each is for."""

    def __init__(self, events: Iterable[AnnouncedEvent] = (), institutions: Institutions | None = None) -> None:
        self.events = tuple(events)
        self._keys = {
            event: frozenset(_key_of(each, institutions) for each in event.institutions) for event in self.events
        }

    def within(self, hours: range) -> tuple[AnnouncedEvent, ...]:
        """Those that are on in any of the hours; most days there are none."""
        if not self.events:
            return ()
        begin, end = EPOCH + hours.start * HOUR, EPOCH + hours.stop * HOUR
        return tuple(event for event in self.events if event.start < end and begin < event.end)

    def is_for_domain(self, event: AnnouncedEvent, domain: str) -> bool:
        """Whether an event is for everybody or for a mail domain, or one above it."""
        return event.for_everybody or any(domain == each or domain.endswith(f".{each}") for each in event.domains)

    def is_for_institution(self, event: AnnouncedEvent, key: str | None) -> bool:
        """Whether an event is for everybody or for the institution of that key."""
        return event.for_everybody or key in self._keys[event]


def rush(events: Sequence[AnnouncedEvent], hour: int) -> float:
    """The largest factor of the events that are on in that hour: two announcements draw the same people once."""
    return max((event.factor for event in events if event.covers_hour(hour)), default=1.0)


def read_events(path: Path) -> tuple[AnnouncedEvent, ...]:
    """The events of a file.

    Raises:
        EventsError: it cannot be read or an event in it makes no sense.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EventsError(f"{path.name} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise EventsError(f"{path.name} is not TOML: {error}") from error
    unknown = sorted(set(document) - {"event"})
    listed = document.get("event", [])
    if unknown or not isinstance(listed, list):
        raise EventsError(f"{path.name} holds [[event]] tables only{', not ' if unknown else ''}{', '.join(unknown)}")
    return tuple(_event(each, f"{path.name}, event {number}") for number, each in enumerate(listed, start=1))


def _event(table: Any, where: str) -> AnnouncedEvent:
    if not isinstance(table, dict) or (unknown := sorted(set(table) - _FIELDS)):
        raise EventsError(f"{where}: unknown {', '.join(unknown) if isinstance(table, dict) else 'value'}")
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        raise EventsError(f"{where}: a name is needed")
    start, end = (_instant(table.get(each), f"{where}: {each}") for each in ("start", "end"))
    if end <= start:
        raise EventsError(f"{where}: it ends before it starts")
    factor = table.get("factor")
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not 1 <= factor <= LARGEST_FACTOR:
        raise EventsError(f"{where}: factor must be a number from 1 to {LARGEST_FACTOR:g}")
    domains, institutions = (_texts(table.get(each, []), f"{where}: {each}") for each in ("domains", "institutions"))
    return AnnouncedEvent(
        name.strip(), start, end, float(factor), tuple(each.lower().lstrip("@.") for each in domains), institutions
    )


def _instant(value: Any, where: str) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise EventsError(f"{where} must be a moment with its offset, such as 2026-11-20T08:00:00Z")
    return value.astimezone(UTC)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise EventsError(f"{where} must be a list of texts")
    return tuple(each.strip() for each in value)


def _key_of(claimed: str, institutions: Institutions | None) -> str | None:
    resolved = None if institutions is None else institutions.resolve(claimed)
    return institution_key(claimed, claimed, resolved)
