"""What became of an attempt, in every store: kept once created, and readable by nobody who reads the disk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from service.domain.account import Account, AccountStatus
from service.domain.caller import Caller
from service.domain.errors import ConflictError, NotFoundError
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from service.usecases.report_account import ReportAccount

Store = MemoryStore | SqlStore
CALLER = Caller("acme", "k1", frozenset())


def created(account_id: str, at: datetime) -> Account:
    return Account(AccountStatus.CREATED, account_id, at, at)


def not_created(at: datetime) -> Account:
    return Account(AccountStatus.NOT_CREATED, None, at, at)


@pytest.fixture
def record(store: Store, make_record: Callable[..., NewRecord], record_all: Callable[..., None]) -> NewRecord:
    made = make_record()
    record_all(store, make_record(), made)
    return made


def reported(store: Store, record: NewRecord) -> Account | None:
    with store.begin() as work:
        found = work.ledger.get("acme", record.id)
        assert found is not None
        return work.accounts.of(found.signup_no)


def test_a_report_is_read_back_and_of_no_other_sign_up(store: Store, record: NewRecord, noon: datetime) -> None:
    assert reported(store, record) is None
    ReportAccount(store.begin)(record.id, created("acct_77", noon), caller=CALLER, now=noon)

    assert reported(store, record) == created("acct_77", noon)
    with store.begin() as work:
        others = [each for each in work.ledger.stream() if each.id != record.id]
        assert [work.accounts.of(each.signup_no) for each in others] == [None]


def test_an_account_may_be_created_after_all(store: Store, record: NewRecord, noon: datetime) -> None:
    report = ReportAccount(store.begin)
    report(record.id, not_created(noon), caller=CALLER, now=noon)
    report(record.id, created("acct_77", noon), caller=CALLER, now=noon)

    assert reported(store, record) == created("acct_77", noon)


@pytest.mark.parametrize("status", ["another account", "none"])
def test_what_contradicts_a_created_account_is_refused(
    store: Store, record: NewRecord, noon: datetime, status: str
) -> None:
    report = ReportAccount(store.begin)
    report(record.id, created("acct_77", noon), caller=CALLER, now=noon)

    other = not_created(noon) if status == "none" else created("acct_78", noon)
    with pytest.raises(ConflictError):
        report(record.id, other, caller=CALLER, now=noon)
    assert reported(store, record) == created("acct_77", noon)


def test_the_same_report_again_changes_and_audits_nothing(store: Store, record: NewRecord, noon: datetime) -> None:
    report = ReportAccount(store.begin)
    report(record.id, created("acct_77", noon), caller=CALLER, now=noon)
    later = noon.replace(hour=13)
    report(record.id, created("acct_77", later), caller=CALLER, now=later)

    assert reported(store, record) == created("acct_77", noon)
    with store.begin() as work:
        entries = [entry.action for entry in work.audit.entries(subject=record.id)]
    assert entries.count("signup.account_reported") == 1


def test_a_sign_up_of_another_owner_is_unknown(store: Store, record: NewRecord, noon: datetime) -> None:
    stranger = Caller("stranger", "k2", frozenset())

    with pytest.raises(NotFoundError):
        ReportAccount(store.begin)(record.id, not_created(noon), caller=stranger, now=noon)


def test_the_disk_and_the_audit_record_hold_no_account_id(
    sqlite_url: str,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    record_all: Callable[..., None],
    noon: datetime,
) -> None:
    store, made = open_store(sqlite_url), make_record("su_plain")
    record_all(store, made)
    ReportAccount(store.begin)(made.id, created("canary@college.example", noon), caller=CALLER, now=noon)
    store.checkpoint()

    raw = b"".join(file.read_bytes() for file in Path(sqlite_url.removeprefix("sqlite:///")).parent.iterdir())
    assert b"su_plain" in raw
    assert b"canary" not in raw
    account: Any = reported(store, made)
    assert "canary" not in repr(account)
