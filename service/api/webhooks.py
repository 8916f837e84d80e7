"""The endpoints about webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar  # Any: the parts of an answer, before its schema has checked them

from flask import Response, request
from pydantic import BaseModel

from service.api.dependencies import ApiDependencies
from service.api.json_body import BODY_LIMIT, decode, read_body
from service.api.paths import JSON, checked_id
from service.api.query import read_query
from service.api.schemas.search import PAGE_LIMIT, cursor_of, number_of_cursor
from service.api.schemas.webhooks import (
    DeliveriesAnswer,
    DeliveriesQuery,
    DeliveryAnswer,
    ReplayAnswer,
    ReplayRequest,
    RotateRequest,
    TestAnswer,
    WebhookAnswer,
    WebhookChange,
    WebhookRequest,
    WebhooksAnswer,
    WebhookSecretAnswer,
)
from service.api.validation import validate
from service.domain.caller import Caller
from service.domain.webhook import Delivery, Endpoint, shown_secret
from service.usecases.ports_webhooks import Wanted

_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class WebhookHandlers:
    """The handlers; each takes the caller, already authenticated and allowed in."""

    deps: ApiDependencies

    def create(self, caller: Caller) -> Response:
        """A new endpoint, with its secret."""
        body = self._body(WebhookRequest)
        endpoint = self.deps.webhooks.add(
            owner=caller.owner,
            url=body.url,
            description=body.description,
            events=body.events,
            actor=_actor(caller),
            now=self.deps.clock(),
        )
        return _answered(_with_secret(endpoint), 201)

    def all(self, caller: Caller) -> Response:
        """The owner's endpoints."""
        return _answered(WebhooksAnswer(items=tuple(map(_shown, self.deps.webhooks.all(owner=caller.owner)))))

    def read(self, caller: Caller, record_id: str) -> Response:
        """One endpoint."""
        return _answered(_shown(self.deps.webhooks.read(_id(record_id), owner=caller.owner)))

    def change(self, caller: Caller, record_id: str) -> Response:
        """The endpoint as it is afterwards."""
        change = self._body(WebhookChange).to_change()
        return _answered(
            _shown(
                self.deps.webhooks.change(
                    _id(record_id), change, owner=caller.owner, actor=_actor(caller), now=self.deps.clock()
                )
            )
        )

    def remove(self, caller: Caller, record_id: str) -> Response:
        """The endpoint as it was."""
        removed = self.deps.webhooks.remove(
            _id(record_id), owner=caller.owner, actor=_actor(caller), now=self.deps.clock()
        )
        return _answered(_shown(removed))

    def rotate(self, caller: Caller, record_id: str) -> Response:
        """The endpoint with its new secret."""
        overlap = timedelta(seconds=self._body(RotateRequest).overlap_s)
        rotated = self.deps.webhooks.rotate(
            _id(record_id), overlap=overlap, owner=caller.owner, actor=_actor(caller), now=self.deps.clock()
        )
        return _answered(_with_secret(rotated))

    def test(self, caller: Caller, record_id: str) -> Response:
        """A test on its way."""
        event = self.deps.webhooks.test(_id(record_id), owner=caller.owner, actor=_actor(caller), now=self.deps.clock())
        return _answered(TestAnswer(event_id=event.id), 202)

    def deliveries(self, caller: Caller, record_id: str) -> Response:
        """One page of deliveries."""
        query = read_query(DeliveriesQuery, request.args)
        limit = PAGE_LIMIT // 2 if query.limit is None else query.limit
        found = self.deps.webhooks.deliveries(
            _id(record_id),
            Wanted(state=query.state),
            owner=caller.owner,
            before_no=None if query.cursor is None else number_of_cursor(query.cursor),
            limit=limit + 1,
        )
        page = found[:limit]
        cursor = cursor_of(page[-1].number) if len(found) > limit else None
        return _answered(DeliveriesAnswer(items=tuple(map(_delivery, page)), next_cursor=cursor))

    def replay(self, caller: Caller, record_id: str) -> Response:
        """Deliveries on their way again."""
        wanted = self._body(ReplayRequest).to_wanted()
        replayed = self.deps.webhooks.replay(
            _id(record_id), wanted, owner=caller.owner, actor=_actor(caller), now=self.deps.clock()
        )
        return _answered(ReplayAnswer(replayed=replayed), 202)

    def _body(self, schema: type[_M]) -> _M:
        decoded = decode(read_body(request, limit=BODY_LIMIT, media_types=(JSON,)))
        return validate(schema, decoded, now=self.deps.clock())


def _id(text: str) -> str:
    return checked_id(text, "webhook")


def _actor(caller: Caller) -> str:
    return f"key:{caller.key_id}"


def _answered(answer: BaseModel, status: int = 200) -> Response:
    return Response(answer.model_dump_json(), status, content_type=JSON)


def _parts(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": None if endpoint.events is None else tuple(sorted(endpoint.events)),
        "active": endpoint.active,
        "created_at": endpoint.created_at,
    }


def _shown(endpoint: Endpoint) -> WebhookAnswer:
    return WebhookAnswer(**_parts(endpoint))


def _with_secret(endpoint: Endpoint) -> WebhookSecretAnswer:
    return WebhookSecretAnswer(**_parts(endpoint), secret=shown_secret(endpoint.secrets[0].value))


def _delivery(delivery: Delivery) -> DeliveryAnswer:
    return DeliveryAnswer(
        event_id=delivery.event_id,
        type=delivery.type,
        state=delivery.state,
        attempts=delivery.attempts,
        queued_at=delivery.queued_at,
        next_try_at=delivery.next_try_at,
        status=delivery.status,
        failure=delivery.failure,
        finished_at=delivery.finished_at,
    )
