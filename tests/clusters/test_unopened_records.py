"""A record whose key was taken away stops no job: it is passed over, told of once, and counted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from service.connections import CasesOfWorker
from service.domain.decision import Decision
from service.storage.encryption import EncryptionError
from service.storage.sql.store import SqlStore
from service.usecases.second_look import SecondLook
from service.usecases.workers_cases import WorkersCase

LOST, KEPT = (1, b"\x01" * 32), (2, b"\x02" * 32)


def asks_nobody(work: Any, person: Any, assessment: Any, recorded: Any, **_: Any) -> tuple[Any, None]:
    return assessment, None


@pytest.fixture
def gates(sql_gate: Any, database_url: str, open_store: Callable[..., SqlStore], reference: Any) -> tuple[Any, Any]:
    """The service while both keys are configured, the older one writing; and after that one was taken away."""
    before = type(sql_gate)(open_store(database_url, encryption=(LOST,)), reference)
    return before, type(sql_gate)(open_store(database_url, encryption=(KEPT,)), reference)


def test_a_second_look_passes_over_what_does_not_open_and_judges_the_rest(
    gates: tuple[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    before, after = gates
    lost = before.came(device="shared")
    after.now, after._bits, after._numbers = before.now, before._bits, before._numbers
    kept = after.came(device="shared")
    after.said(after.came(device="shared"))
    after.later(hours=2)

    with caplog.at_level(logging.WARNING):
        changed = SecondLook(after.store.begin, after.judge, asks_nobody)(after.now)  # type: ignore[arg-type]
        SecondLook(after.store.begin, after.judge, asks_nobody).on_demand(  # type: ignore[arg-type]
            since=before.now.replace(hour=0), now=after.now
        )

    assert changed == 1
    assert after.latest(kept) is Decision.REVIEW
    told = [each.__dict__["id"] for each in caplog.records if "does not open" in each.message]
    assert told == [lost.id]
    assert (after.store.newly_unopened(), after.store.newly_unopened()) == (1, 0)


def test_a_case_about_a_cluster_is_left_out_when_what_it_shows_does_not_open(gates: tuple[Any, Any]) -> None:
    before, after = gates
    lost = before.came()
    cases = CasesOfWorker(lambda: after.policy, after.new_id, lambda: after.now)

    with after.store.begin() as work:
        cases.open(work, WorkersCase("piece:1", "campus", "PIECE_WITH_FRAUD", lost.id, 3, {}))
        work.commit()

    assert after.read(lambda work: work.cases.of_record(lost.id)) == ()


def test_whoever_asks_for_the_record_itself_is_told(gates: tuple[Any, Any]) -> None:
    before, after = gates
    lost = before.came()

    with after.store.begin() as work, pytest.raises(EncryptionError, match="version 1"):
        work.ledger.get("campus", lost.id)
