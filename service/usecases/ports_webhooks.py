"""What webhooks need from outside: the endpoints, and the deliveries to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from service.domain.event import Event
from service.domain.webhook import Attempted, Delivery, DeliveryState, Endpoint


class Endpoints(Protocol):
    """Where the events of an owner go. ``owner=None`` reads across owners."""

    def add(self, endpoint: Endpoint) -> None:
        """Stage a new endpoint."""
        ...

    def change(self, endpoint: Endpoint) -> None:
        """Stage the new form of an endpoint whose ``version`` is the one that was read.

        Raises (from ``commit``):
            ConflictError: somebody else changed or removed it in the meantime.
        """
        ...

    def remove(self, endpoint_id: str) -> None:
        """Stage the end of an endpoint and of its deliveries."""
        ...

    def get(self, owner: str | None, endpoint_id: str) -> Endpoint | None:
        """An endpoint by its id."""
        ...

    def of_owner(self, owner: str | None) -> Sequence[Endpoint]:
        """The endpoints, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that somebody may attempt now; ``token`` says who. ``attempts`` counts this one."""

    endpoint: Endpoint
    event: Event
    attempts: int
    queued_at: datetime
    token: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """How the outbox stands: what is due and not yet delivered, since when the oldest, and what was given up."""

    due: int
    oldest_due_at: datetime | None
    dead: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries of an endpoint; everything given must hold."""

    state: DeliveryState | None = None
    event_ids: Collection[str] | None = None
    queued_from: datetime | None = None
    queued_before: datetime | None = None


class Deliveries(Protocol):
    """Events on their way: at least once each, whoever dies in between.

    Instants come from the workers' clocks. Should two of them differ by more than a lease, an event in flight may be
    sent twice, never lost; what is delivered stays delivered.
    """

    def fan_out(self, *, now: datetime, limit: int) -> int:
        """Queue due events for the endpoints of their owners, at once; how many events.

        Each event once, by a mark on itself and not by a number to go on after: a transaction that commits late
        is not skipped. Several workers share the work.
        """
        ...

    def claim(
        self, *, now: datetime, lease: timedelta, limit: int, room: Mapping[str, int], room_each: int
    ) -> Sequence[Claimed]:
        """Take deliveries that are due, at once, those of the longest waiting endpoint first.

        Until ``now + lease`` nobody else gets them; afterwards they are due again.

        Args:
            now: the time it is.
            lease: how long an attempt may take.
            limit: how many in all.
            room: how many of an endpoint, by its id.
            room_each: how many of an endpoint that ``room`` does not name.
        """
        ...

    def finish(self, claimed: Claimed, attempted: Attempted, *, now: datetime, next_try_at: datetime | None) -> None:
        """Stage what came of an attempt.

        A success counts whoever holds the lease by now. A failure counts for the holder only: it is tried again at
        ``next_try_at``, or given up when that is ``None``.
        """
        ...

    def queue(self, endpoint_id: str, event: Event) -> None:
        """Stage an event of no record for one endpoint, whatever it subscribes to."""
        ...

    def of_endpoint(
        self, endpoint_id: str, wanted: Wanted, *, before_no: int | None = None, limit: int = 50
    ) -> Sequence[Delivery]:
        """Newest first."""
        ...

    def replay(self, endpoint_id: str, wanted: Wanted, *, now: datetime) -> int:
        """Stage that finished deliveries are queued again, for three more days; how many there are now."""
        ...

    def waiting(self, *, now: datetime) -> Waiting:
        """How the outbox stands, over all owners."""
        ...

    def purge(self, *, before: datetime, limit: int) -> int:
        """Delete up to so many deliveries that finished before an instant, and events nobody needs; how many."""
        ...
