"""What ``/v1/webhooks`` takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, field_validator

from service.api.schemas.decision import Answered
from service.api.schemas.fields import Strict, Time, text
from service.api.schemas.search import PAGE_LIMIT, number_of_cursor
from service.domain.event import EventType
from service.domain.webhook import DeliveryState, Failure
from service.domain.webhook_url import URL_LIMIT
from service.usecases.ports_webhooks import Wanted
from service.usecases.webhook_endpoints import DESCRIPTION_LIMIT, LONGEST_OVERLAP, OVERLAP, Change

EVENT_IDS_LIMIT = 100

Url = Annotated[
    str, text(URL_LIMIT, "Where events are sent: https, a public address.", example="https://example.org/h")
]
Description = Annotated[str, Field(max_length=DESCRIPTION_LIMIT, description="For people.")]
Events = Annotated[
    tuple[EventType, ...],
    Field(min_length=1, max_length=len(EventType), description="The types it receives; null for all, later ones too."),
]


class WebhookRequest(Strict):
    """A new endpoint."""

    url: Url
    description: Description = ""
    events: Events | None = None


class WebhookChange(Strict):
    """What is to change; what is left out stays. ``events: null`` means all."""

    url: Url | None = None
    description: Description | None = None
    events: Events | None = None
    active: Annotated[bool, Field(description="While it is false, deliveries wait.")] | None = None

    def to_change(self) -> Change:
        """The use case's form."""
        return Change(
            url=self.url,
            description=self.description,
            events=self.events,
            all_events="events" in self.model_fields_set and self.events is None,
            active=self.active,
        )


class RotateRequest(Strict):
    """A new secret, and how long the one before it still signs."""

    overlap_s: Annotated[
        int,
        Field(
            ge=0,
            le=int(LONGEST_OVERLAP.total_seconds()),
            description="Seconds in which both sign every message; 0 when the old one is no longer a secret.",
        ),
    ] = int(OVERLAP.total_seconds())


class ReplayRequest(Strict):
    """Which finished deliveries are sent again; everything given must hold. With nothing given: all dead letters."""

    event_ids: (
        Annotated[
            tuple[Annotated[str, text(64, "The id of an event.")], ...],
            Field(min_length=1, max_length=EVENT_IDS_LIMIT, description="These events, delivered or dead."),
        ]
        | None
    ) = None
    state: Annotated[DeliveryState, Field(description="`dead` or `delivered`.")] | None = None
    queued_from: Annotated[Time, Field(description="Queued at this time or later.")] | None = None
    queued_before: Annotated[Time, Field(description="Queued before this time.")] | None = None

    def to_wanted(self) -> Wanted:
        """The use case's form."""
        state = DeliveryState.DEAD if self.state is None and self.event_ids is None else self.state
        return Wanted(
            state=state, event_ids=self.event_ids, queued_from=self.queued_from, queued_before=self.queued_before
        )


class DeliveriesQuery(Strict):
    """Which deliveries are listed."""

    state: Annotated[DeliveryState, Field(description="`dead` lists the dead letters.")] | None = None
    cursor: Annotated[str, text(32, "'next_cursor' of the page before.")] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT, description="Entries a page; 50 if missing.")] | None = None

    @field_validator("cursor")
    @classmethod
    def _is_ours(cls, value: str | None) -> str | None:
        if value is not None:
            number_of_cursor(value)
        return value


class WebhookAnswer(Answered):
    """An endpoint, without its secret."""

    id: str
    url: str
    description: str
    events: tuple[EventType, ...] | None
    active: bool
    created_at: datetime


class WebhookSecretAnswer(WebhookAnswer):
    """An endpoint with its newest secret, shown this once."""

    secret: Annotated[str, Field(description="Begins with `whsec_`; what libraries for Standard Webhooks take.")]


class WebhooksAnswer(Answered):
    """The endpoints, oldest first."""

    items: tuple[WebhookAnswer, ...]


class DeliveryAnswer(Answered):
    """One event on its way to one endpoint."""

    event_id: Annotated[str, Field(description="The `webhook-id` of every attempt.")]
    type: EventType
    state: DeliveryState
    attempts: Annotated[int, Field(description="How many were begun since it was queued or replayed.")]
    queued_at: datetime
    next_try_at: datetime | None
    status: Annotated[int | None, Field(description="The HTTP status the newest attempt got.")]
    failure: Annotated[Failure | None, Field(description="Why the newest attempt failed.")]
    finished_at: datetime | None


class DeliveriesAnswer(Answered):
    """One page of deliveries, newest first."""

    items: tuple[DeliveryAnswer, ...]
    next_cursor: Annotated[str | None, Field(description="Ask again with it for the next page; null at the end.")]


class TestAnswer(Answered):
    """The event that is on its way."""

    event_id: str


class ReplayAnswer(Answered):
    """How many deliveries are on their way again."""

    replayed: int
