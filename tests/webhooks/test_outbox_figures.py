"""The outbox in figures: for Prometheus over all processes, for readiness, and never by asking too often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from service.domain.errors import UnavailableError
from service.domain.event import Event
from service.domain.webhook import Endpoint
from service.outbox import KEPT_S, Outbox


def figures(outbox: Outbox) -> dict[str, float]:
    families = text_string_to_metric_families(outbox.exposition().decode())
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_the_age_is_that_of_the_oldest_event_which_is_due(
    store: Any,
    put: Callable[..., None],
    make_endpoint: Callable[..., Endpoint],
    make_event: Callable[..., Event],
    noon: datetime,
) -> None:
    put(store, make_endpoint(), make_event(), make_event(due_at=noon + timedelta(seconds=30)))
    put(store, make_event(due_at=noon + timedelta(hours=1)))

    assert figures(Outbox(store.begin, lambda: noon + timedelta(seconds=40), lambda: 0.0)) == {
        "gatehouse_outbox_age_seconds": 40,
        "gatehouse_outbox_waiting": 2,
        "gatehouse_webhook_dead_letters": 0,
    }


def test_an_empty_outbox_has_no_age(store: Any, noon: datetime) -> None:
    assert figures(Outbox(store.begin, lambda: noon, lambda: 0.0))["gatehouse_outbox_age_seconds"] == 0


def test_the_database_is_asked_now_and_then_only(store: Any, noon: datetime) -> None:
    seconds = [0.0]
    asked: list[str] = []

    def begin() -> Any:
        asked.append("asked")
        return store.begin()

    outbox = Outbox(begin, lambda: noon, lambda: seconds[0])
    for seconds[0], times in ((0.0, 1), (KEPT_S - 0.1, 1), (KEPT_S, 2), (KEPT_S + 1, 2)):
        outbox()
        assert len(asked) == times


def test_while_the_database_is_away_there_are_no_figures(noon: datetime) -> None:
    def away() -> Any:
        raise UnavailableError("away")

    assert Outbox(away, lambda: noon, lambda: 0.0).exposition() == b""
