"""Webhook endpoints and deliveries in memory."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.domain.errors import ConflictError
from service.domain.event import Event
from service.domain.webhook import Attempted, Delivery, DeliveryState, Endpoint
from service.storage.memory.shelves import Queued, Shelves, Undo, Write
from service.usecases.ports_webhooks import Claimed, Waiting, Wanted


@dataclass(frozen=True, slots=True)
class MemoryEndpoints:
    """See ``service.usecases.ports_webhooks.Endpoints``."""

    shelves: Shelves
    staged: list[Write]

    def add(self, endpoint: Endpoint) -> None:
        """See the port."""

        def write() -> Undo:
            self.shelves.endpoints[endpoint.id] = endpoint
            return lambda: self.shelves.endpoints.pop(endpoint.id)

        self.staged.append(write)

    def change(self, endpoint: Endpoint) -> None:
        """See the port."""

        def write() -> Undo:
            before = self.shelves.endpoints.get(endpoint.id)
            if before is None or before.version != endpoint.version:
                raise ConflictError("Somebody else changed the endpoint at the same moment; read it and try again.")
            self.shelves.endpoints[endpoint.id] = replace(endpoint, version=endpoint.version + 1)
            return lambda: self.shelves.endpoints.__setitem__(endpoint.id, before)

        self.staged.append(write)

    def remove(self, endpoint_id: str) -> None:
        """See the port."""

        def write() -> Undo:
            endpoints, deliveries = dict(self.shelves.endpoints), dict(self.shelves.deliveries)
            self.shelves.endpoints.pop(endpoint_id, None)
            for key in [key for key in deliveries if key[0] == endpoint_id]:
                del self.shelves.deliveries[key]

            def undo() -> None:
                self.shelves.endpoints, self.shelves.deliveries = endpoints, deliveries

            return undo

        self.staged.append(write)

    def get(self, owner: str | None, endpoint_id: str) -> Endpoint | None:
        """See the port."""
        with self.shelves.lock:
            found = self.shelves.endpoints.get(endpoint_id)
        return found if found is not None and owner in {None, found.owner} else None

    def of_owner(self, owner: str | None) -> Sequence[Endpoint]:
        """See the port."""
        with self.shelves.lock:
            every = sorted(self.shelves.endpoints.values(), key=lambda each: (each.created_at, each.id))
        return tuple(each for each in every if owner in {None, each.owner})


@dataclass(frozen=True, slots=True)
class MemoryDeliveries:
    """See ``service.usecases.ports_webhooks.Deliveries``."""

    shelves: Shelves
    staged: list[Write]

    def fan_out(self, *, now: datetime, limit: int) -> int:
        """See the port."""
        with self.shelves.lock:
            due = [each for each in self.shelves.events if each.id not in self.shelves.fanned and each.due_at <= now]
            due = sorted(due, key=lambda each: each.due_at)[:limit]
            for event in due:
                self.shelves.fanned[event.id] = now
                for endpoint in self.shelves.endpoints.values():
                    if endpoint.owner == event.owner and endpoint.wants(event.type):
                        self._queue(endpoint.id, event, now)
        return len(due)

    def claim(
        self, *, now: datetime, lease: timedelta, limit: int, room: Mapping[str, int], room_each: int
    ) -> Sequence[Claimed]:
        """See the port."""
        token, left = secrets.token_hex(8), dict(room)
        claimed: list[Claimed] = []
        with self.shelves.lock:
            events = {event.id: event for event in self.shelves.events}
            waiting = sorted(self.shelves.deliveries.items(), key=lambda each: each[1].next_at)
            for key, queued in waiting:
                delivery, endpoint = queued.delivery, self.shelves.endpoints[key[0]]
                share = left.get(endpoint.id, room_each)
                due = delivery.state is DeliveryState.PENDING and queued.next_at <= now
                if not due or not endpoint.active or share < 1 or len(claimed) == limit:
                    continue
                left[endpoint.id] = share - 1
                begun = replace(delivery, attempts=delivery.attempts + 1)
                self.shelves.deliveries[key] = Queued(begun, now + lease, token)
                claimed.append(Claimed(endpoint, events[delivery.event_id], begun.attempts, delivery.queued_at, token))
        return tuple(claimed)

    def finish(self, claimed: Claimed, attempted: Attempted, *, now: datetime, next_try_at: datetime | None) -> None:
        """See the port."""
        key = (claimed.endpoint.id, claimed.event.id)

        def write() -> Undo:
            before = self.shelves.deliveries.get(key)
            if before is None or not _counts(before, claimed, attempted):
                return lambda: None
            done = replace(before.delivery, status=attempted.status, failure=attempted.failure)
            if attempted.failure is not None and next_try_at is not None:
                self.shelves.deliveries[key] = Queued(done, next_try_at, "")
            else:
                state = DeliveryState.DELIVERED if attempted.failure is None else DeliveryState.DEAD
                self.shelves.deliveries[key] = Queued(replace(done, state=state, finished_at=now), before.next_at, "")
            return lambda: self.shelves.deliveries.__setitem__(key, before)

        self.staged.append(write)

    def queue(self, endpoint_id: str, event: Event) -> None:
        """See the port."""

        def write() -> Undo:
            undo = self.shelves.add_events((event,))
            self.shelves.fanned[event.id] = event.due_at
            self._queue(endpoint_id, event, event.due_at)

            def undo_all() -> None:
                undo()
                del self.shelves.fanned[event.id], self.shelves.deliveries[endpoint_id, event.id]

            return undo_all

        self.staged.append(write)

    def of_endpoint(
        self, endpoint_id: str, wanted: Wanted, *, before_no: int | None = None, limit: int = 50
    ) -> Sequence[Delivery]:
        """See the port."""
        found = [
            replace(each.delivery, next_try_at=each.next_at if each.delivery.finished_at is None else None)
            for each in self._wanted(endpoint_id, wanted)
            if before_no is None or each.delivery.number < before_no
        ]
        return tuple(sorted(found, key=lambda each: -each.number)[:limit])

    def replay(self, endpoint_id: str, wanted: Wanted, *, now: datetime) -> int:
        """See the port."""
        finished = [each.delivery for each in self._wanted(endpoint_id, wanted) if each.delivery.finished_at]

        def write() -> Undo:
            before = dict(self.shelves.deliveries)
            for each in finished:
                again = replace(
                    each, state=DeliveryState.PENDING, attempts=0, queued_at=now, next_try_at=now, finished_at=None
                )
                self.shelves.deliveries[endpoint_id, each.event_id] = Queued(again, now, "")

            def undo() -> None:
                self.shelves.deliveries = before

            return undo

        self.staged.append(write)
        return len(finished)

    def waiting(self, *, now: datetime) -> Waiting:
        """See the port."""
        with self.shelves.lock:
            unqueued = [
                each.due_at for each in self.shelves.events if each.id not in self.shelves.fanned and each.due_at <= now
            ]
            every = [(key[0], each.delivery) for key, each in self.shelves.deliveries.items()]
            queued = [
                each.queued_at
                for endpoint_id, each in every
                if each.state is DeliveryState.PENDING and self.shelves.endpoints[endpoint_id].active
            ]
        due = [*unqueued, *queued]
        dead = sum(each.state is DeliveryState.DEAD for _, each in every)
        return Waiting(len(due), min(due, default=None), dead)

    def purge(self, *, before: datetime, limit: int) -> int:
        """See the port."""
        with self.shelves.lock:
            old = [
                key
                for key, each in self.shelves.deliveries.items()
                if (each.delivery.finished_at or each.delivery.queued_at) < before
                and (each.delivery.finished_at or not self.shelves.endpoints[key[0]].active)
            ][:limit]
            for key in old:
                del self.shelves.deliveries[key]
            needed = {event_id for _, event_id in self.shelves.deliveries}
            unneeded = [each for each, at in self.shelves.fanned.items() if at < before and each not in needed][:limit]
            self.shelves.events = [each for each in self.shelves.events if each.id not in unneeded]
            for event_id in unneeded:
                del self.shelves.fanned[event_id]
        return len(old) + len(unneeded)

    def _queue(self, endpoint_id: str, event: Event, now: datetime) -> None:
        delivery = Delivery(
            number=self.shelves.events.index(event) + 1,
            endpoint_id=endpoint_id,
            event_id=event.id,
            type=event.type,
            state=DeliveryState.PENDING,
            attempts=0,
            queued_at=now,
            next_try_at=now,
        )
        self.shelves.deliveries[endpoint_id, event.id] = Queued(delivery, now, "")

    def _wanted(self, endpoint_id: str, wanted: Wanted) -> list[Queued]:
        with self.shelves.lock:
            every = [each for key, each in self.shelves.deliveries.items() if key[0] == endpoint_id]
        return [
            each
            for each in every
            if (wanted.state is None or each.delivery.state is wanted.state)
            and (wanted.event_ids is None or each.delivery.event_id in wanted.event_ids)
            and (wanted.queued_from is None or each.delivery.queued_at >= wanted.queued_from)
            and (wanted.queued_before is None or each.delivery.queued_at < wanted.queued_before)
        ]


def _counts(before: Queued, claimed: Claimed, attempted: Attempted) -> bool:
    """Whether the end of an attempt changes anything: a success does once, a failure while its lease is held."""
    if attempted.failure is None:
        return before.delivery.state is not DeliveryState.DELIVERED
    return before.delivery.state is DeliveryState.PENDING and before.token == claimed.token
