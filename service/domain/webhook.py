"""Webhooks: the endpoints of a sign-up flow, and what became of each event sent to them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.domain.event import EventType

SUBSCRIBABLE = tuple(each for each in EventType if each is not EventType.WEBHOOK_TEST)
"""The event types an endpoint may choose from; a test goes wherever it is asked for."""


class DeliveryState(StrEnum):
    """Where a delivery stands. The values are stored and sent."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Failure(StrEnum):
    """Why an attempt did not deliver. The values are stored and sent."""

    ADDRESS_REFUSED = "address_refused"
    NOT_RESOLVED = "not_resolved"
    NOT_CONNECTED = "not_connected"
    NOT_TRUSTED = "not_trusted"
    TIMED_OUT = "timed_out"
    NOT_HTTP = "not_http"
    STATUS = "status"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Secret:
    """What deliveries are signed with. ``ends_at`` is set on one that was replaced; neither is ever shown."""

    value: bytes = field(repr=False)
    ends_at: datetime | None = None


def shown_secret(value: bytes) -> str:
    """A secret in the form that receivers' libraries take, by the Standard Webhooks specification."""
    return "whsec_" + base64.b64encode(value).decode()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an owner's events go.

    Attributes:
        id: ours.
        owner: whose events it receives, and nobody else's.
        url: where to; it may hold the receiver's own token and is stored encrypted.
        description: for people.
        events: the types it receives; ``None`` for all, later ones too.
        active: while it is not, deliveries wait.
        secrets: the newest first; every one that has not ended signs.
        created_at: when it was added.
        version: counts the changes, so that of two at the same moment one is refused.
    """

    id: str
    owner: str
    url: str = field(repr=False)
    description: str
    events: frozenset[EventType] | None
    active: bool
    secrets: tuple[Secret, ...]
    created_at: datetime
    version: int = 1

    def wants(self, event_type: EventType) -> bool:
        """Whether events of this type are sent here."""
        return self.events is None or event_type in self.events

    def secrets_at(self, now: datetime) -> tuple[Secret, ...]:
        """The secrets that sign at an instant, the newest first."""
        return tuple(each for each in self.secrets if each.ends_at is None or now < each.ends_at)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint.

    Attributes:
        number: orders the deliveries of an endpoint; a page continues after it.
        endpoint_id: where to.
        event_id: which event; the receiver sees it as ``webhook-id``.
        type: of the event.
        state: where it stands.
        attempts: how many were begun since it was queued or replayed.
        queued_at: when it was queued, or replayed; three days later it is given up.
        next_try_at: when the next attempt is due; ``None`` once it is delivered or dead.
        status: the HTTP status of the newest attempt that got one.
        failure: why the newest attempt failed.
        finished_at: when it was delivered or given up.
    """

    number: int
    endpoint_id: str
    event_id: str
    type: EventType
    state: DeliveryState
    attempts: int
    queued_at: datetime
    next_try_at: datetime | None
    status: int | None = None
    failure: Failure | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempted:
    """What one attempt came to. ``failure`` is ``None`` when the receiver has the event."""

    failure: Failure | None = None
    status: int | None = None
    retry_after_s: int | None = None
