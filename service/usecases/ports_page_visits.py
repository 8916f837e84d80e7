"""What limiting the requests of hosted pages needs: reports that every process adds, and all processes count."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class PageVisits(Protocol):
    """Reports of requests, each of as many as ``LimitVisits`` says; only ever appended, and forgotten soon."""

    def add(self, who: bytes, *, at: datetime) -> None:
        """Stage one report about a page, by its digest."""
        ...

    def count(self, who: bytes, *, since: datetime) -> int:
        """How many reports there are about a page."""
        ...

    def purge(self, *, before: datetime) -> int:
        """Forget, at once, reports from before an instant; how many."""
        ...
