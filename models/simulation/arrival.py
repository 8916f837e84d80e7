"""Arrivals: a draft at its moment, on its way into the world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from models.simulation.calendar import Calendar
from models.simulation.draft import Draft
from models.simulation.people import People


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody reaches the end of the form at that moment."""

    at: datetime
    draft: Draft
    kind: str
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day of the world, with how many people of a kind are expected."""

    date: date
    calendar: Calendar
    expected: float


class HonestKind(Protocol):
    """One honest population."""

    @property
    def id(self) -> str:
        """``H1`` to ``H17``."""
        ...

    @property
    def share(self) -> float:
        """Its part of all honest sign-ups."""
        ...

    def arrivals(self, day: Day, people: People) -> Iterator[Arrival]:
        """That day's arrivals, and those of later days that this day sets going."""
        ...
