"""Deliveries in every store: queued once, taken by one, finished or tried again, replayed, purged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from service.domain.errors import ConflictError
from service.domain.event import Event, EventType
from service.domain.webhook import Attempted, DeliveryState, Endpoint, Failure, Secret
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports_webhooks import Claimed, Wanted

Store = MemoryStore | SqlStore
Put = Callable[..., None]
LEASE = timedelta(seconds=15)
ANY = Wanted()


def fan_out(store: Store, now: datetime) -> int:
    with store.begin() as work:
        return work.deliveries.fan_out(now=now, limit=100)


def claim(store: Store, now: datetime, *, limit: int = 100, **changes: Any) -> Sequence[Claimed]:
    with store.begin() as work:
        return work.deliveries.claim(now=now, lease=LEASE, limit=limit, **{"room": {}, "room_each": 100, **changes})


def finish(store: Store, claimed: Claimed, now: datetime, failure: Failure | None = None, again: Any = None) -> None:
    with store.begin() as work:
        attempted = Attempted(failure, status=204 if failure is None else 500)
        work.deliveries.finish(claimed, attempted, now=now, next_try_at=again)
        work.commit()


def states(store: Store, endpoint_id: str = "we-1") -> list[tuple[str, str]]:
    with store.begin() as work:
        return [(each.event_id, each.state.value) for each in work.deliveries.of_endpoint(endpoint_id, ANY)]


@pytest.fixture
def two(store: Store, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]) -> Store:
    """A store with one endpoint and two events."""
    put(store, make_endpoint(), make_event(), make_event())
    return store


def test_an_endpoint_is_read_as_it_was_written_and_by_its_owner_alone(
    store: Store, put: Put, make_endpoint: Callable[..., Endpoint], noon: datetime
) -> None:
    endpoint = make_endpoint(
        events=frozenset({EventType.CASE_RESOLVED, EventType.SIGNUP_CHANGED}),
        secrets=(Secret(b"new" * 8), Secret(b"old" * 8, ends_at=noon + timedelta(hours=1))),
    )
    put(store, endpoint, make_endpoint("we-2", owner="other"))

    with store.begin() as work:
        assert work.endpoints.get("acme", "we-1") == endpoint
        assert work.endpoints.get("other", "we-1") is None
        assert [each.id for each in work.endpoints.of_owner("acme")] == ["we-1"]
        assert [each.id for each in work.endpoints.of_owner(None)] == ["we-1", "we-2"]


def test_of_two_changes_at_once_one_is_refused(store: Store, put: Put, make_endpoint: Callable[..., Endpoint]) -> None:
    endpoint = make_endpoint()
    put(store, endpoint)
    with store.begin() as work:
        work.endpoints.change(replace(endpoint, description="first"))
        work.commit()

    with store.begin() as work:
        work.endpoints.change(replace(endpoint, description="second"))
        with pytest.raises(ConflictError):
            work.commit()

    with store.begin() as work:
        changed = work.endpoints.get("acme", "we-1")
    assert changed is not None
    assert (changed.description, changed.version) == ("first", 2)


def test_a_removed_endpoint_takes_its_deliveries_along(two: Store, noon: datetime) -> None:
    fan_out(two, noon)
    with two.begin() as work:
        work.endpoints.remove("we-1")
        work.commit()

    with two.begin() as work:
        assert work.endpoints.of_owner(None) == ()
    assert claim(two, noon) == ()
    assert states(two) == []


def test_an_event_is_queued_once(two: Store, noon: datetime) -> None:
    assert (fan_out(two, noon), fan_out(two, noon)) == (2, 0)
    assert states(two) == [("ev-2", "pending"), ("ev-1", "pending")]


def test_an_event_reaches_the_endpoints_of_its_owner_that_want_it(
    store: Store, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    put(
        store,
        make_endpoint("all"),
        make_endpoint("cases", events=frozenset({EventType.CASE_RESOLVED})),
        make_endpoint("others", owner="other"),
        make_event(id="decided"),
        make_event(id="resolved", type=EventType.CASE_RESOLVED),
        make_event(id="of another", owner="other"),
    )
    fan_out(store, noon)

    assert [event_id for event_id, _ in states(store, "all")] == ["resolved", "decided"]
    assert [event_id for event_id, _ in states(store, "cases")] == ["resolved"]
    assert [event_id for event_id, _ in states(store, "others")] == ["of another"]


def test_an_event_waits_until_it_is_due(
    store: Store, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    put(store, make_endpoint(), make_event(due_at=noon + timedelta(hours=1)))

    assert fan_out(store, noon + timedelta(minutes=59)) == 0
    assert fan_out(store, noon + timedelta(hours=1)) == 1


@pytest.fixture
def on_postgresql(postgresql_url: str, open_store: Callable[..., SqlStore]) -> SqlStore:
    return open_store(postgresql_url)


def test_an_event_that_was_committed_after_a_later_one_is_not_skipped(
    on_postgresql: SqlStore,
    postgresql_url: str,
    put: Put,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
) -> None:
    store, noon = on_postgresql, make_event().occurred_at
    put(store, make_endpoint())
    with psycopg.connect(postgresql_url.replace("+psycopg", "")) as slow:
        slow.execute(
            "INSERT INTO events (id, type, owner, subject, occurred_us, due_us, payload) "
            "VALUES ('slow', 'signup.decided', 'acme', 'r1', 0, 0, '{}')"
        )
        put(store, make_event(id="fast"))
        assert fan_out(store, noon) == 1
        slow.commit()

    assert fan_out(store, noon) == 1
    assert states(store) == [("fast", "pending"), ("slow", "pending")]


def test_workers_at_once_share_the_work_and_wait_for_nobody(
    on_postgresql: SqlStore,
    postgresql_url: str,
    put: Put,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
) -> None:
    store = on_postgresql
    events = [make_event() for _ in range(3)]
    noon = events[0].occurred_at
    put(store, make_endpoint(), *events)
    with psycopg.connect(postgresql_url.replace("+psycopg", "")) as other:
        other.execute("SELECT 1 FROM events WHERE id = 'ev-1' FOR UPDATE")
        assert fan_out(store, noon) == 2
        other.rollback()
        other.execute("SELECT 1 FROM webhook_deliveries ORDER BY event_no LIMIT 1 FOR UPDATE")

        assert [each.event.id for each in claim(store, noon)] == ["ev-3"]


def test_what_is_claimed_belongs_to_one_until_its_lease_ends(two: Store, noon: datetime) -> None:
    fan_out(two, noon)

    first = claim(two, noon)
    during = claim(two, noon + LEASE - timedelta(seconds=1))
    after = claim(two, noon + LEASE)

    assert [(each.event.id, each.attempts) for each in first] == [("ev-1", 1), ("ev-2", 1)]
    assert first[0].endpoint.url == "https://hooks.acme.example/gatehouse"
    assert first[0].event.data == {"decision": "allow", "number": 1}
    assert during == ()
    assert [(each.event.id, each.attempts) for each in after] == [("ev-1", 2), ("ev-2", 2)]


def test_claims_are_bounded_in_all_and_for_each_endpoint(
    store: Store, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    put(store, *(make_endpoint(name) for name in "abc"), *(make_event() for _ in range(4)))
    fan_out(store, noon)

    claimed = claim(store, noon, room={"a": 0, "b": 1}, room_each=3)
    rest = claim(store, noon, limit=5)

    assert sorted(each.endpoint.id for each in claimed) == ["b", "c", "c", "c"]
    assert len(rest) == 5


def test_nothing_is_claimed_for_an_endpoint_that_is_paused(
    store: Store, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    paused = make_endpoint(active=False)
    put(store, paused, make_event())
    fan_out(store, noon)
    assert claim(store, noon) == ()
    with store.begin() as work:
        work.endpoints.change(replace(paused, active=True))
        work.commit()

    assert [each.event.id for each in claim(store, noon)] == ["ev-1"]


def test_what_was_delivered_is_not_claimed_again(two: Store, noon: datetime) -> None:
    fan_out(two, noon)
    for each in claim(two, noon):
        finish(two, each, noon)

    assert claim(two, noon + timedelta(days=1)) == ()
    assert states(two) == [("ev-2", "delivered"), ("ev-1", "delivered")]


def test_a_failed_attempt_is_due_again_when_it_was_said(two: Store, noon: datetime) -> None:
    fan_out(two, noon)
    [claimed] = claim(two, noon, limit=1)
    finish(two, claimed, noon, Failure.STATUS, noon + timedelta(minutes=1))

    with two.begin() as work:
        [delivery] = work.deliveries.of_endpoint("we-1", Wanted(event_ids=["ev-1"]))
    assert (delivery.state, delivery.failure, delivery.status) == (DeliveryState.PENDING, Failure.STATUS, 500)
    assert delivery.next_try_at == noon + timedelta(minutes=1)
    assert "ev-1" not in [each.event.id for each in claim(two, noon + timedelta(seconds=59))]
    assert "ev-1" in [each.event.id for each in claim(two, noon + timedelta(minutes=1))]


def test_a_success_counts_after_the_lease_ended_and_a_failure_does_not(two: Store, noon: datetime) -> None:
    fan_out(two, noon)
    slow = claim(two, noon)
    quick = claim(two, noon + LEASE)
    finish(two, slow[0], noon + LEASE, Failure.TIMED_OUT)
    finish(two, slow[1], noon + LEASE)
    finish(two, quick[1], noon + LEASE, Failure.STATUS)

    assert states(two) == [("ev-2", "delivered"), ("ev-1", "pending")]


def test_dead_letters_are_listed_and_replayed_for_as_long_as_anew(two: Store, noon: datetime) -> None:
    fan_out(two, noon)
    dead, delivered = claim(two, noon)
    finish(two, dead, noon, Failure.STATUS)
    finish(two, delivered, noon)
    later = noon + timedelta(days=4)

    with two.begin() as work:
        [listed] = work.deliveries.of_endpoint("we-1", Wanted(state=DeliveryState.DEAD))
        replayed = work.deliveries.replay("we-1", Wanted(state=DeliveryState.DEAD), now=later)
        work.commit()

    assert (listed.event_id, listed.finished_at, listed.next_try_at) == ("ev-1", noon, None)
    assert replayed == 1
    [again] = claim(two, later)
    assert (again.event.id, again.attempts, again.queued_at) == ("ev-1", 1, later)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(event_ids=["ev-2", "of nobody"]), ["ev-2"]),
        (Wanted(state=DeliveryState.DEAD), []),
        (Wanted(state=DeliveryState.PENDING, event_ids=["ev-1"]), ["ev-1"]),
        (Wanted(event_ids=[]), []),
    ],
)
def test_deliveries_are_found_by_what_is_asked(two: Store, noon: datetime, wanted: Wanted, found: list[str]) -> None:
    fan_out(two, noon)

    with two.begin() as work:
        assert [each.event_id for each in work.deliveries.of_endpoint("we-1", wanted)] == found


def test_deliveries_are_found_by_when_they_were_queued(
    two: Store, put: Put, make_event: Callable[..., Event], noon: datetime
) -> None:
    fan_out(two, noon)
    later = noon + timedelta(hours=1)
    put(two, make_event(id="later"))
    fan_out(two, later)

    with two.begin() as work:
        newer = work.deliveries.of_endpoint("we-1", Wanted(queued_from=later))
        older = work.deliveries.of_endpoint("we-1", Wanted(queued_before=later))
    assert ([each.event_id for each in newer], [each.event_id for each in older]) == (["later"], ["ev-2", "ev-1"])


def test_what_is_on_its_way_is_not_replayed(two: Store, noon: datetime) -> None:
    fan_out(two, noon)
    [claimed, _] = claim(two, noon)

    with two.begin() as work:
        assert work.deliveries.replay("we-1", ANY, now=noon) == 0
        work.commit()
    finish(two, claimed, noon)
    assert states(two)[1] == ("ev-1", "delivered")


def test_deliveries_are_paged_newest_first(
    store: Store, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    put(store, make_endpoint(), *(make_event() for _ in range(5)))
    fan_out(store, noon)

    seen: list[str] = []
    before = None
    for _ in range(3):
        with store.begin() as work:
            page = work.deliveries.of_endpoint("we-1", ANY, before_no=before, limit=2)
        seen += [each.event_id for each in page]
        before = page[-1].number

    assert seen == ["ev-5", "ev-4", "ev-3", "ev-2", "ev-1"]


def test_a_test_goes_to_one_endpoint_whatever_it_subscribes_to(
    store: Store, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    put(store, make_endpoint(events=frozenset({EventType.CASE_RESOLVED})), make_endpoint("we-2"))
    with store.begin() as work:
        work.deliveries.queue("we-1", make_event(type=EventType.WEBHOOK_TEST))
        work.commit()

    assert fan_out(store, noon) == 0
    assert [(each.endpoint.id, each.event.type) for each in claim(store, noon)] == [("we-1", "webhook.test")]


def test_the_outbox_says_how_much_waits_and_since_when(two: Store, noon: datetime) -> None:
    def waiting(now: datetime) -> tuple[int, datetime | None, int]:
        with two.begin() as work:
            found = work.deliveries.waiting(now=now)
        return found.due, found.oldest_due_at, found.dead

    before = waiting(noon)
    fan_out(two, noon + timedelta(seconds=2))
    queued = waiting(noon)
    dead, delivered = claim(two, noon + timedelta(seconds=2))
    finish(two, dead, noon, Failure.STATUS)
    finish(two, delivered, noon)

    assert before == (2, noon, 0)
    assert queued == (2, noon + timedelta(seconds=2), 0)
    assert waiting(noon) == (0, None, 1)


def test_what_finished_long_ago_is_purged_with_its_event_and_nothing_else(
    two: Store, put: Put, make_event: Callable[..., Event], noon: datetime
) -> None:
    fan_out(two, noon)
    dead, delivered = claim(two, noon)
    finish(two, dead, noon + timedelta(days=2), Failure.STATUS)
    finish(two, delivered, noon)
    put(two, make_event(id="fresh"), make_event(id="to come", due_at=noon + timedelta(days=90)))
    fan_out(two, noon + timedelta(days=2))

    def purge(before: datetime) -> int:
        with two.begin() as work:
            return work.deliveries.purge(before=before, limit=10)

    assert purge(noon) == 0
    assert purge(noon + timedelta(days=1)) == 2
    assert states(two) == [("fresh", "pending"), ("ev-1", "dead")]
    with two.begin() as work:
        assert [each.id for each in work.events.of_subject("r1")] == ["ev-1", "fresh", "to come"]
    assert purge(noon + timedelta(days=3)) == 2
    with two.begin() as work:
        assert [each.id for each in work.events.of_subject("r1")] == ["fresh", "to come"]


def test_what_waits_is_purged_only_where_nobody_unpauses_its_endpoint(
    store: Store, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    put(store, make_endpoint("paused", active=False), make_endpoint("busy"), make_event())
    fan_out(store, noon)

    with store.begin() as work:
        assert work.deliveries.purge(before=noon + timedelta(days=1), limit=10) == 1
    assert (states(store, "paused"), states(store, "busy")) == ([], [("ev-1", "pending")])
