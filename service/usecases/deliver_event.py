"""Deliver one event to one endpoint: send it, and record what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from service.domain.backoff import next_try
from service.domain.errors import ConflictError
from service.domain.event import Event
from service.domain.webhook import Attempted, Endpoint, Failure
from service.usecases.ports import AuditEntry, Begin
from service.usecases.ports_webhooks import Claimed


class Send(Protocol):
    """Sends an event once. What the receiver does is an answer, never an error."""

    def __call__(self, event: Event, endpoint: Endpoint, *, now: datetime) -> Attempted: ...


class Result(StrEnum):
    """What became of one attempt, as it is counted."""

    DELIVERED = "delivered"
    FAILED = "failed"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class DeliverEvent:
    """One attempt.

    Attributes:
        begin: a unit of work.
        send: the way out.
        clock: the time it is.
        chance: 0 to 1, equally likely.
    """

    begin: Begin
    send: Send
    clock: Callable[[], datetime]
    chance: Callable[[], float]

    def __call__(self, claimed: Claimed) -> Result:
        """Send and record. Whoever dies in between leaves the event to be sent again when the lease has ended.

        Raises:
            UnavailableError: it cannot be recorded.
        """
        attempted = self.send(claimed.event, claimed.endpoint, now=self.clock())
        now = self.clock()
        again = None
        if attempted.failure not in {None, Failure.GONE}:
            again = next_try(
                attempts=claimed.attempts,
                queued_at=claimed.queued_at,
                now=now,
                chance=self.chance(),
                retry_after_s=attempted.retry_after_s,
            )
        with self.begin() as work:
            work.deliveries.finish(claimed, attempted, now=now, next_try_at=again)
            work.commit()
        if attempted.failure is Failure.GONE:
            self._pause(claimed.endpoint, now)
        if attempted.failure is None:
            return Result.DELIVERED
        return Result.DEAD if again is None else Result.FAILED

    def _pause(self, endpoint: Endpoint, now: datetime) -> None:
        """The receiver says that it is gone for good; the specification asks that nothing more is sent."""
        entry = AuditEntry(now, "worker", "webhook.paused", f"webhook:{endpoint.id}", {"answer": 410})
        try:
            with self.begin() as work:
                work.endpoints.change(replace(endpoint, active=False))
                work.audit.add(entry)
                work.commit()
        except ConflictError:
            # Somebody changed or removed it since; that is newer than the answer.
            return
