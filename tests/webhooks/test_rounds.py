"""Rounds of delivery over every store: what is due arrives once, what fails comes back, what is dead stays listed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.errors import UnavailableError
from service.domain.event import Event
from service.domain.webhook import Attempted, DeliveryState, Endpoint, Failure
from service.usecases.deliver_event import DeliverEvent, Result
from service.usecases.ports_webhooks import Wanted
from service.webhooks.rounds import OF_ONE_ENDPOINT, SIDE_BY_SIDE, DeliveryRounds

Put = Callable[..., None]
LEASE = timedelta(seconds=15)


@dataclass
class Post:
    """Stands in for the way out: writes down what is sent where; ``answers`` by endpoint, success by default."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, Callable[[], Attempted]] = field(default_factory=dict)
    at_once: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, event: Event, endpoint: Endpoint, *, now: datetime) -> Attempted:  # noqa: ARG002 - the protocol's
        with self.lock:
            self.sent.append((endpoint.id, event.id))
            self.at_once[endpoint.id] += 1
            self.most[endpoint.id] = max(self.most[endpoint.id], self.at_once[endpoint.id])
        try:
            return self.answers.get(endpoint.id, lambda: Attempted(status=204))()
        finally:
            with self.lock:
                self.at_once[endpoint.id] -= 1


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Desk:
    """Rounds with everything they need."""

    store: Any
    post: Post
    clock: Clock
    counted: list[Result] = field(default_factory=list)

    def __post_init__(self) -> None:
        deliver = DeliverEvent(self.store.begin, self.post, self.clock, chance=lambda: 0.5)
        self.rounds = DeliveryRounds(self.store.begin, deliver, self.clock, lease=LEASE, count=self.counted.append)

    def deliveries(self, endpoint_id: str = "we-1") -> Any:
        with self.store.begin() as work:
            return work.deliveries.of_endpoint(endpoint_id, Wanted())


@pytest.fixture
def desk(store: Any, noon: datetime) -> Desk:
    return Desk(store, Post(), Clock(noon))


def failing() -> Attempted:
    return Attempted(Failure.STATUS, 500)


def test_a_round_delivers_everything_that_is_due_and_the_next_one_nothing(
    desk: Desk, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    put(desk.store, make_endpoint("a"), make_endpoint("b"), *(make_event() for _ in range(25)))

    assert (desk.rounds(), desk.rounds()) == (50, 0)
    assert len(set(desk.post.sent)) == len(desk.post.sent) == 50
    assert Counter(desk.counted) == {Result.DELIVERED: 50}


def test_a_failed_delivery_is_tried_again_when_its_pause_is_over(
    desk: Desk, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    put(desk.store, make_endpoint(), make_event())
    desk.post.answers["we-1"] = failing
    desk.rounds()
    desk.clock.at = noon + timedelta(seconds=4)
    desk.rounds()
    assert len(desk.post.sent) == 1

    desk.post.answers.clear()
    desk.clock.at = noon + timedelta(seconds=5)

    assert desk.rounds() == 1
    [delivery] = desk.deliveries()
    assert (delivery.state, delivery.attempts, delivery.status) == (DeliveryState.DELIVERED, 2, 204)
    assert delivery.failure is None


def test_after_three_days_a_delivery_is_dead_and_no_longer_tried(
    desk: Desk, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    put(desk.store, make_endpoint(), make_event())
    desk.post.answers["we-1"] = failing
    for hour in range(80):
        desk.clock.at = noon + timedelta(hours=hour)
        desk.rounds()

    [delivery] = desk.deliveries()
    assert (delivery.state, delivery.finished_at) == (DeliveryState.DEAD, noon + timedelta(days=3))
    assert desk.counted == [Result.FAILED] * (delivery.attempts - 1) + [Result.DEAD]
    assert len(desk.post.sent) == delivery.attempts


def test_a_receiver_that_is_gone_is_paused_and_the_audit_record_says_so(
    desk: Desk, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    put(desk.store, make_endpoint(), make_event())
    desk.post.answers["we-1"] = lambda: Attempted(Failure.GONE, 410)
    desk.rounds()
    put(desk.store, make_event())
    desk.rounds()

    waiting, dead = desk.deliveries()
    assert (waiting.state, waiting.attempts, dead.state) == (DeliveryState.PENDING, 0, DeliveryState.DEAD)
    with desk.store.begin() as work:
        assert work.endpoints.get("acme", "we-1").active is False
        assert [entry.action for entry in work.audit.entries()] == ["webhook.paused"]


def test_an_endpoint_that_was_changed_since_is_not_paused(
    desk: Desk, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    endpoint = make_endpoint()
    put(desk.store, endpoint, make_event())

    def gone() -> Attempted:
        with desk.store.begin() as work:
            work.endpoints.change(replace(endpoint, url="https://elsewhere.example"))
            work.commit()
        return Attempted(Failure.GONE, 410)

    desk.post.answers["we-1"] = gone
    desk.rounds()

    with desk.store.begin() as work:
        assert work.endpoints.get("acme", "we-1").active is True


def test_a_slow_receiver_keeps_no_other_waiting(
    desk: Desk, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    put(desk.store, make_endpoint("slow"), make_endpoint("quick"), *(make_event() for _ in range(SIDE_BY_SIDE * 2)))
    everything_else_arrived = threading.Event()

    def slow() -> Attempted:
        assert everything_else_arrived.wait(60)
        return Attempted(status=204)

    def quick() -> Attempted:
        if sum(endpoint == "quick" for endpoint, _ in desk.post.sent) == SIDE_BY_SIDE * 2:
            everything_else_arrived.set()
        return Attempted(status=204)

    desk.post.answers |= {"slow": slow, "quick": quick}
    desk.rounds()

    assert everything_else_arrived.is_set()
    assert desk.post.most["slow"] <= OF_ONE_ENDPOINT


def test_a_receiver_that_failed_is_tried_one_at_a_time_until_it_is_back(
    desk: Desk, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    put(desk.store, make_endpoint(), make_event())
    desk.post.answers["we-1"] = failing
    desk.rounds()
    put(desk.store, *(make_event() for _ in range(8)))
    desk.post.most.clear()
    desk.rounds()

    assert len(desk.post.sent) == 9
    assert desk.post.most["we-1"] == 1


def test_nothing_is_begun_once_the_worker_is_told_to_stop(
    desk: Desk, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event]
) -> None:
    put(desk.store, make_endpoint(), make_event())
    desk.rounds.stopping = lambda: True

    assert desk.rounds() == 0
    assert desk.post.sent == []


def test_what_was_sent_and_could_not_be_recorded_is_sent_again_and_not_lost(
    desk: Desk, put: Put, make_endpoint: Callable[..., Endpoint], make_event: Callable[..., Event], noon: datetime
) -> None:
    put(desk.store, make_endpoint(), make_event())

    def away() -> Any:
        raise UnavailableError("away")

    whole = desk.rounds.deliver
    desk.rounds.deliver = replace(whole, begin=away)
    with pytest.raises(UnavailableError):
        desk.rounds()
    desk.rounds.deliver = whole
    assert desk.rounds() == 0
    desk.clock.at = noon + LEASE

    assert desk.rounds() == 1
    assert desk.post.sent == [("we-1", "ev-1")] * 2


def test_of_several_workers_on_postgresql_each_delivers_what_no_other_does(
    postgresql_url: str,
    open_store: Callable[..., Any],
    put: Put,
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
) -> None:
    events = [make_event() for _ in range(60)]
    post, clock = Post(), Clock(events[0].due_at)
    desks = [Desk(open_store(postgresql_url), post, clock) for _ in range(3)]
    put(desks[0].store, make_endpoint("a"), make_endpoint("b"), *events)

    start = threading.Barrier(3)
    workers = [threading.Thread(target=lambda each=each: (start.wait(), each.rounds())) for each in desks]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(post.sent) == len(set(post.sent)) == 120
