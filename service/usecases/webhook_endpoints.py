"""Manage webhook endpoints: add, change, remove, rotate, test, look at deliveries, send them again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.domain.errors import ConflictError, FieldError, InvalidError, NotFoundError
from service.domain.event import Event, EventType
from service.domain.webhook import SUBSCRIBABLE, Delivery, Endpoint, Secret
from service.domain.webhook_url import UrlError, target_of
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_webhooks import Wanted

SECRET_BYTES = 32
"""The specification asks for 24 to 64."""

OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)
ENDPOINTS_LIMIT = 20
"""Of one owner: every event is sent to each of them."""

SECRETS_LIMIT = 3
"""In use at once: every one of them is a signature on every message."""

DESCRIPTION_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What is to change; ``None`` leaves a part as it is. ``events`` may also become ``all_events``."""

    url: str | None = None
    description: str | None = None
    events: Collection[EventType] | None = None
    all_events: bool = False
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class WebhookEndpoints:
    """The endpoints of an owner. ``owner=None`` reaches across owners: the command line's.

    ``actor`` is who does it, for the audit record. Every method raises ``NotFoundError`` for an endpoint that is not
    the owner's.
    """

    begin: Begin
    new_id: Callable[[datetime], str]
    random_bytes: Callable[[int], bytes]
    private_allowed: bool

    def add(
        self,
        *,
        owner: str,
        url: str,
        description: str,
        events: Collection[EventType] | None,
        actor: str,
        now: datetime,
    ) -> Endpoint:
        """A new endpoint; its secret is in it, to be shown this once.

        Raises:
            InvalidError: nothing may be sent to the URL, or an event type cannot be subscribed to.
            ConflictError: the owner has as many as there may be.
        """
        self._check(url, description, events)
        endpoint = Endpoint(
            id=self.new_id(now),
            owner=owner,
            url=url,
            description=description,
            events=None if events is None else frozenset(events),
            active=True,
            secrets=(Secret(self.random_bytes(SECRET_BYTES)),),
            created_at=now,
        )
        with self.begin() as work:
            if len(work.endpoints.of_owner(owner)) >= ENDPOINTS_LIMIT:
                raise ConflictError(f"There may be {ENDPOINTS_LIMIT} endpoints; remove one first.")
            work.endpoints.add(endpoint)
            work.audit.add(_entry(endpoint, "added", actor, now, {"owner": owner, "events": _named(endpoint)}))
            work.commit()
        return endpoint

    def all(self, *, owner: str | None) -> Sequence[Endpoint]:
        """The endpoints, oldest first."""
        with self.begin() as work:
            return work.endpoints.of_owner(owner)

    def read(self, endpoint_id: str, *, owner: str | None) -> Endpoint:
        """One endpoint."""
        with self.begin() as work:
            return _found(work, owner, endpoint_id)

    def change(self, endpoint_id: str, change: Change, *, owner: str | None, actor: str, now: datetime) -> Endpoint:
        """The endpoint as it is afterwards.

        Raises:
            InvalidError: as for a new one.
            ConflictError: somebody else changed it at the same moment.
        """
        self._check(change.url, change.description, change.events)
        with self.begin() as work:
            before = _found(work, owner, endpoint_id)
            events = before.events if change.events is None else frozenset(change.events)
            after = replace(
                before,
                url=before.url if change.url is None else change.url,
                description=before.description if change.description is None else change.description,
                events=None if change.all_events else events,
                active=before.active if change.active is None else change.active,
            )
            detail: dict[str, object] = {
                "url_changed": after.url != before.url,
                "events": _named(after),
                "active": after.active,
            }
            work.endpoints.change(after)
            work.audit.add(_entry(after, "changed", actor, now, detail))
            work.commit()
        return after

    def remove(self, endpoint_id: str, *, owner: str | None, actor: str, now: datetime) -> Endpoint:
        """End an endpoint and its deliveries; the endpoint as it was."""
        with self.begin() as work:
            endpoint = _found(work, owner, endpoint_id)
            work.endpoints.remove(endpoint_id)
            work.audit.add(_entry(endpoint, "removed", actor, now, {}))
            work.commit()
        return endpoint

    def rotate(self, endpoint_id: str, *, overlap: timedelta, owner: str | None, actor: str, now: datetime) -> Endpoint:
        """A new secret, first in the endpoint and shown this once; those before it end after the overlap.

        Raises:
            ConflictError: too many secrets would be in use at once, or somebody else changed it at the same moment.
        """
        with self.begin() as work:
            before = _found(work, owner, endpoint_id)
            ends_at = now + min(overlap, LONGEST_OVERLAP)
            older = [
                replace(each, ends_at=ends_at if each.ends_at is None else min(each.ends_at, ends_at))
                for each in before.secrets_at(now)
            ]
            in_use = [each for each in older if each.ends_at is not None and now < each.ends_at]
            if len(in_use) >= SECRETS_LIMIT:
                raise ConflictError(
                    f"{SECRETS_LIMIT} secrets are in use; wait until one has ended, or rotate without an overlap."
                )
            after = replace(before, secrets=(Secret(self.random_bytes(SECRET_BYTES)), *in_use))
            work.endpoints.change(after)
            work.audit.add(_entry(after, "rotated", actor, now, {"overlap_s": int(overlap.total_seconds())}))
            work.commit()
        return after

    def test(self, endpoint_id: str, *, owner: str | None, actor: str, now: datetime) -> Event:
        """Queue an event of the type ``webhook.test`` for this endpoint alone.

        Raises:
            ConflictError: the endpoint is paused.
        """
        with self.begin() as work:
            endpoint = _found(work, owner, endpoint_id)
            if not endpoint.active:
                raise ConflictError("The endpoint is paused; set it active first.")
            event = Event(
                id=self.new_id(now),
                type=EventType.WEBHOOK_TEST,
                owner=endpoint.owner,
                subject=endpoint_id,
                occurred_at=now,
                due_at=now,
                data={"webhook_id": endpoint_id, "text": "This is a test: nothing happened."},
            )
            work.deliveries.queue(endpoint_id, event)
            work.audit.add(_entry(endpoint, "tested", actor, now, {"event": event.id}))
            work.commit()
        return event

    def deliveries(
        self, endpoint_id: str, wanted: Wanted, *, owner: str | None, before_no: int | None = None, limit: int = 50
    ) -> Sequence[Delivery]:
        """The deliveries to an endpoint, newest first."""
        with self.begin() as work:
            _found(work, owner, endpoint_id)
            return work.deliveries.of_endpoint(endpoint_id, wanted, before_no=before_no, limit=limit)

    def replay(self, endpoint_id: str, wanted: Wanted, *, owner: str | None, actor: str, now: datetime) -> int:
        """Send finished deliveries again, with their first ``webhook-id``; how many."""
        with self.begin() as work:
            endpoint = _found(work, owner, endpoint_id)
            replayed = work.deliveries.replay(endpoint_id, wanted, now=now)
            work.audit.add(_entry(endpoint, "replayed", actor, now, {"deliveries": replayed}))
            work.commit()
        return replayed

    def _check(self, url: str | None, description: str | None, events: Collection[EventType] | None) -> None:
        errors = []
        if url is not None:
            try:
                target_of(url, private_allowed=self.private_allowed)
            except UrlError as error:
                errors.append(FieldError("/url", str(error)))
        if description is not None and (len(description) > DESCRIPTION_LIMIT or not description.isprintable()):
            errors.append(FieldError("/description", f"must have {DESCRIPTION_LIMIT} printable characters at most"))
        if events is not None and (not events or not set(events) <= set(SUBSCRIBABLE)):
            errors.append(FieldError("/events", "must be one or more of " + ", ".join(SUBSCRIBABLE)))
        if errors:
            raise InvalidError("The endpoint is not valid.", tuple(errors))


def _found(work: UnitOfWork, owner: str | None, endpoint_id: str) -> Endpoint:
    endpoint = work.endpoints.get(owner, endpoint_id)
    if endpoint is None:
        raise NotFoundError("There is no such webhook.")
    return endpoint


def _named(endpoint: Endpoint) -> list[str] | None:
    return None if endpoint.events is None else sorted(endpoint.events)


def _entry(endpoint: Endpoint, what: str, actor: str, now: datetime, detail: dict[str, object]) -> AuditEntry:
    return AuditEntry(now, actor, f"webhook.{what}", f"webhook:{endpoint.id}", detail)
