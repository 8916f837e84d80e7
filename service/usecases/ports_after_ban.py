"""What the use cases need for what follows a ban: watches, and which bans were looked back from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from service.domain.watch import Watch
from service.usecases.ports_clusters import Known


class AfterBans(Protocol):
    """Watches and look-backs."""

    def watches(self, *, now: datetime) -> Sequence[Watch]:
        """The watches that have not ended, oldest first."""
        ...

    def next_watch(self) -> int:
        """The number that the next watch may take."""
        ...

    def open_watch(self, watch: Watch) -> None:
        """Stage a watch.

        Raises (from ``commit``):
            ConflictError: another one took its number at the same moment.
        """
        ...

    def bans(self, *, limit: int) -> Sequence[Known]:
        """Bans that nobody has looked back from, oldest first."""
        ...

    def looked_back(self, ban: Known, *, at: datetime) -> None:
        """Stage: it was looked back from a ban. Doing it twice is harmless."""
        ...

    def due_again(self, ban: Known) -> None:
        """Stage: a standing ban is looked back from once more, because it touches others by now."""
        ...

    def withdrawn(self, ban: Known, *, at: datetime) -> None:
        """Stage: a ban was withdrawn, whether or not anybody looked back from it."""
        ...

    def corrected(self, *, limit: int) -> Sequence[Known]:
        """Bans that were withdrawn, by when, and that nobody has undone; oldest first."""
        ...

    def undone(self, ban: Known) -> None:
        """Stage: what followed from a corrected ban was undone."""
        ...
