"""What every store promises of a case: one of a subject, read as it was written, with its opinions and notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.case import Case
from service.domain.errors import ConflictError
from service.domain.verdict import Opinion, Verdict
from service.usecases.ports import AuditEntry
from service.usecases.ports_cases import Note
from tests.cases.conftest import LEASE

Hold = Callable[..., Case]


def test_a_case_is_written_with_its_sign_up_and_read_as_it_was(store: Any, hold: Hold) -> None:
    case = hold(store)

    with store.begin() as work:
        assert work.cases.get("acme", case.id) == case
        assert work.cases.get(None, case.id) == case
        assert work.cases.get("other", case.id) is None
        assert work.cases.of_record(case.record_id) == (case,)
        assert work.cases.of_subject("acme", case.subject) == case


def test_a_subject_has_one_unresolved_case_and_a_new_one_when_that_is_resolved(
    store: Any, hold: Hold, noon: datetime
) -> None:
    first = hold(store, subject="cluster:c1")
    second = hold(store, subject="cluster:c1")
    elsewhere = hold(store, subject="cluster:c1", owner="other")
    with store.begin() as work:
        assert work.cases.get(None, second.id) is None
        assert work.cases.get(None, elsewhere.id) == elsewhere
        work.cases.update(first.resolved(Verdict.REJECT, "AUTOMATED", by="reviewer:dana", now=noon))
        work.commit()

    third = hold(store, subject="cluster:c1")

    with store.begin() as work:
        assert work.cases.of_subject("acme", "cluster:c1") == third


def test_a_case_that_is_not_added_leaves_no_audit_entry(store: Any, hold: Hold, noon: datetime) -> None:
    first = hold(store, subject="cluster:c1")

    for case_id, subject in (("second", first.subject), ("other", "cluster:c2")):
        with store.begin() as work:
            case = replace(first, id=case_id, subject=subject)
            work.cases.add(case, AuditEntry(noon, "worker", "case.opened", case_id, {}))
            work.commit()

    with store.begin() as work:
        assert [each.subject for each in work.audit.entries(action="case.opened", limit=9)] == ["other"]
        assert work.cases.get(None, "second") is None


def test_a_change_based_on_an_older_version_is_refused(store: Any, hold: Hold, noon: datetime) -> None:
    case = hold(store)
    with store.begin() as work:
        work.cases.update(case.claimed("reviewer:dana", now=noon, lease=LEASE))
        work.commit()

    with store.begin() as work:
        work.cases.update(case.claimed("reviewer:eli", now=noon, lease=LEASE))
        with pytest.raises(ConflictError, match="at the same moment"):
            work.commit()
    with store.begin() as work:
        assert work.cases.get(None, case.id).holder == "reviewer:dana"


def test_opinions_are_kept_with_what_was_taken_back(store: Any, hold: Hold, noon: datetime) -> None:
    case = hold(store)
    first = Opinion(1, Verdict.APPROVE, "FALSE_ALARM", "reviewer:dana", noon, final=False, before=None, after=None)
    second = replace(first, version=2, by="reviewer:eli", verdict=Verdict.REJECT, reason_code="AUTOMATED")
    with store.begin() as work:
        work.cases.add_opinion(case.id, first)
        work.cases.add_opinion(case.id, second)
        work.commit()
    with store.begin() as work:
        work.cases.undo_opinion(case.id, 2, at=noon + LEASE)
        work.commit()

    with store.begin() as work:
        assert work.cases.opinions(case.id) == (first, replace(second, undone=noon + LEASE))
        assert work.cases.pairs(since=noon) == ((Verdict.APPROVE, Verdict.REJECT),)
        assert work.cases.pairs(since=noon + LEASE) == ()
        work.cases.add_opinion(case.id, second)
        with pytest.raises(ConflictError):
            work.commit()


def test_how_long_cases_waited_is_known_by_queue(store: Any, hold: Hold, noon: datetime) -> None:
    case = hold(store, at=noon - timedelta(hours=2))
    hold(store)
    with store.begin() as work:
        work.cases.update(case.resolved(Verdict.APPROVE, "FALSE_ALARM", by="reviewer:dana", now=noon))
        work.commit()

    with store.begin() as work:
        assert work.cases.waited(since=noon - timedelta(hours=1)) == {"networks": [7_200.0]}
        assert work.cases.waited(since=noon + timedelta(hours=1)) == {}


def test_notes_are_read_as_written_and_stored_encrypted(
    sql_store: Any, hold: Hold, noon: datetime, database_url: str
) -> None:
    from service.storage.sql.engine import open_engine

    case = hold(sql_store)
    with sql_store.begin() as work:
        work.cases.add_note(case.id, Note(noon, "reviewer:dana", "Wilhelmina rang back"))
        work.commit()

    with sql_store.begin() as work:
        assert work.cases.notes(case.id) == (Note(noon, "reviewer:dana", "Wilhelmina rang back"),)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT personal FROM case_notes").scalar_one()
    engine.dispose()
    assert b"Wilhelmina" not in bytes(stored)
