"""What the use cases need for what follows a ban: watches, and which bans were looked back from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.watch import Watch
from service.usecases.ports_clusters import Known

ENDED_MEANWHILE = "The watch was ended at the same moment."


@dataclass(frozen=True, slots=True)
class DueBan:
    """A ban that is to be looked back from.

    Attributes:
        ban: the ban.
        again_at: when something was learnt that it touches, which made it due once more; ``None`` for the first time.
        reached_at: when the banned account came to carry what it carries by now: who was judged before that was judged
            without knowing.
    """

    ban: Known
    again_at: datetime | None
    reached_at: datetime


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

    def end_watch(self, watch: Watch, *, at: datetime) -> None:
        """Stage: a watch ends at an instant, in place of when it would have ended by itself.

        Raises (from ``commit``):
            ConflictError: it was ended since it was read.
        """
        ...

    def bans(self, *, limit: int) -> Sequence[DueBan]:
        """Bans that nobody has looked back from, oldest first, then those since which something was learnt that they
        touch, which was learnt first.
        """
        ...

    def looked_back(self, due: DueBan, *, at: datetime) -> None:
        """Stage: it was looked back from a ban. Doing it twice is harmless.

        What was learnt meanwhile, in whatever transaction, leaves it due.
        """
        ...

    def due_again(self, ban: Known, *, reaching: bool, at: datetime) -> None:
        """Stage: a standing ban is looked back from once more, because something was learnt that it touches.

        Args:
            ban: the ban.
            reaching: whether the banned account itself learnt it, so that others carry what is banned by now.
            at: when.
        """
        ...

    def withdrawn(self, ban: Known, *, at: datetime) -> None:
        """Stage: a ban was withdrawn, whether or not anybody looked back from it."""
        ...

    def corrected(self, *, limit: int) -> Sequence[Known]:
        """Bans that were withdrawn, by when, and that nobody has undone; oldest first."""
        ...

    def undone(self, ban: Known) -> None:
        """Stage: what followed from a corrected ban was undone, as far as nothing stood in the way."""
        ...

    def put_off(self, signup_no: int, *, at: datetime) -> None:
        """Stage: a correction reached this account, in whose cluster something is banned or contained all the same.

        It is a place from which the whole cluster is looked at once nothing is.
        """
        ...

    def waiting(self, *, after_no: int, limit: int) -> Sequence[int]:
        """The places of corrections that were put off and not taken up since, with higher numbers, the lowest first."""
        ...

    def waits_in(self, clusters: Collection[int]) -> bool:
        """Whether there is such a place in one of these clusters, or a correction that nobody has followed yet."""
        ...

    def take_up(self, cluster: int, *, at: datetime) -> None:
        """Stage: what corrections had left as it was in a cluster is to be undone, as something was released there.

        One of its accounts is corrected as of now, from which all of the cluster is looked at: one whose ban was
        withdrawn, or else one that was put off; none of those waits any more. Where there is none, nobody was ever
        corrected near it. Where one is due already, that waits as well, and is taken up once more: whoever follows it
        at this moment may have seen what is gone by now.
        """
        ...
