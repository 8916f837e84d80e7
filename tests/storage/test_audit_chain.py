"""The audit chain: sealed in batches, and no change of a row goes unnoticed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import AuditEntry, AuditHead

Store = MemoryStore | SqlStore


def add_entries(store: Store, count: int, at: datetime) -> None:
    with store.begin() as work:
        for number in range(count):
            work.audit.add(AuditEntry(at + timedelta(seconds=number), "key:k1", "signup.assessed", f"id-{number}", {}))
        work.commit()


def seal(store: Store, at: datetime, limit: int = 1_000) -> int:
    with store.begin() as work:
        return work.audit.seal(at=at, limit=limit)


def head_of(store: Store) -> AuditHead:
    with store.begin() as work:
        head = work.audit.verify().head
    assert head is not None
    return head


@pytest.fixture
def sealed(sql_store: SqlStore, noon: datetime) -> SqlStore:
    """Seven entries under three seals (3, 3 and 1) and two without."""
    add_entries(sql_store, 7, noon)
    assert [seal(sql_store, noon, 3) for _ in range(4)] == [3, 3, 1, 0]
    add_entries(sql_store, 2, noon)
    return sql_store


def test_entries_are_sealed_once_in_batches_and_the_chain_holds(store: Store, noon: datetime) -> None:
    add_entries(store, 7, noon)

    assert [seal(store, noon, 3) for _ in range(4)] == [3, 3, 1, 0]
    add_entries(store, 2, noon)
    with store.begin() as work:
        verdict = work.audit.verify()

    assert (verdict.entries, verdict.seals, verdict.unsealed, verdict.problem) == (9, 3, 2, None)
    assert verdict.head is not None
    assert (verdict.head.seal_no, verdict.head.entries) == (3, 1)


def test_an_empty_chain_holds(store: Store, noon: datetime) -> None:
    assert seal(store, noon) == 0
    with store.begin() as work:
        verdict = work.audit.verify()

    assert (verdict.entries, verdict.seals, verdict.head, verdict.problem) == (0, 0, None, None)


def test_every_store_seals_the_same_entries_to_the_same_digest(store: Store, noon: datetime) -> None:
    add_entries(store, 2, noon)
    seal(store, noon)

    # Stored chains outlive releases: whoever changes how entries are hashed breaks them, and this.
    assert head_of(store).digest.hex() == "0cace3c69b725e5b103fcd0b78e072ccebf5efb5dfde9e3c5f70ae9594e49338"


def test_an_anchor_of_this_chain_holds_also_when_the_chain_has_grown(store: Store, noon: datetime) -> None:
    add_entries(store, 2, noon)
    seal(store, noon)
    anchor = head_of(store)
    add_entries(store, 2, noon)
    seal(store, noon)

    with store.begin() as work:
        assert work.audit.verify(anchor=anchor).problem is None


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_entries SET actor = 'key:k2' WHERE id = 4",
        "UPDATE audit_entries SET action = 'signup.read' WHERE id = 4",
        "UPDATE audit_entries SET subject = 'id-9' WHERE id = 4",
        'UPDATE audit_entries SET detail = \'{"decision":"allow"}\' WHERE id = 4',
        "UPDATE audit_entries SET at_us = at_us + 1 WHERE id = 4",
        "UPDATE audit_entries SET seal_no = 1 WHERE id = 4",
        "UPDATE audit_entries SET seal_no = NULL WHERE id = 4",
        "UPDATE audit_entries SET seal_no = 9 WHERE id = 9",
        "UPDATE audit_entries SET seal_no = 2 WHERE id = 9",
        "UPDATE audit_entries SET id = 104 WHERE id = 4",
        "DELETE FROM audit_entries WHERE id = 4",
        "DELETE FROM audit_entries WHERE id = 7",
        "DELETE FROM audit_entries WHERE seal_no = 1",
        "INSERT INTO audit_entries VALUES (55, 1, '', '', '', '', 0, 2)",
        "DELETE FROM audit_seals WHERE seal_no = 1",
        "DELETE FROM audit_seals WHERE seal_no = 2",
        "DELETE FROM audit_seals WHERE seal_no = 3",
        "UPDATE audit_seals SET entries = 2 WHERE seal_no = 2",
        "UPDATE audit_seals SET sealed_us = sealed_us - 1 WHERE seal_no = 2",
        "UPDATE audit_seals SET previous = digest WHERE seal_no = 2",
        "UPDATE audit_seals SET digest = previous WHERE seal_no = 2",
        "UPDATE audit_seals SET first_id = 1 WHERE seal_no = 2",
    ],
)
def test_any_change_of_a_row_is_noticed(
    sealed: SqlStore, database_url: str, raw: Callable[[str], Any], tampering: str
) -> None:
    with raw(database_url) as connection:
        assert connection.execute(text(tampering)).rowcount >= 1

    with sealed.begin() as work:
        assert work.audit.verify().problem is not None


def test_swapped_entries_are_noticed(sealed: SqlStore, database_url: str, raw: Callable[[str], Any]) -> None:
    with raw(database_url) as connection:
        for change in ("id = 904 WHERE id = 4", "id = 4 WHERE id = 5", "id = 5 WHERE id = 904"):
            connection.execute(text(f"UPDATE audit_entries SET {change}"))

    with sealed.begin() as work:
        assert work.audit.verify().problem is not None


def test_a_clean_truncation_shows_only_to_an_anchor_kept_elsewhere(
    sealed: SqlStore, database_url: str, raw: Callable[[str], Any]
) -> None:
    anchor = head_of(sealed)
    with raw(database_url) as connection:
        connection.execute(text("DELETE FROM audit_seals WHERE seal_no = 3"))
        connection.execute(text("DELETE FROM audit_entries WHERE seal_no = 3"))

    with sealed.begin() as work:
        assert work.audit.verify().problem is None
        assert "cut off" in str(work.audit.verify(anchor=anchor).problem)


def test_a_chain_that_was_rewritten_does_not_hold_against_its_anchor(
    sealed: SqlStore, database_url: str, raw: Callable[[str], Any], noon: datetime
) -> None:
    anchor = head_of(sealed)
    with raw(database_url) as connection:
        connection.execute(text("DELETE FROM audit_seals"))
        connection.execute(text("UPDATE audit_entries SET seal_no = NULL, actor = 'key:k2'"))
    for limit in (3, 3, 1):
        seal(sealed, noon, limit)

    with sealed.begin() as work:
        assert work.audit.verify().problem is None
        assert "rewritten" in str(work.audit.verify(anchor=anchor).problem)


def test_an_entry_of_a_transaction_still_running_is_sealed_later_and_never_lost(
    postgresql_url: str, open_store: Callable[..., SqlStore], raw: Callable[[str], Any], noon: datetime
) -> None:
    store = open_store(postgresql_url)
    insert = text(
        "INSERT INTO audit_entries (at_us, actor, action, subject, detail) VALUES (1, 'slow', 'a', 's', '{}')"
    )
    with raw(postgresql_url) as connection:
        connection.exec_driver_sql("BEGIN")
        connection.execute(insert)
        add_entries(store, 3, noon)

        # The slow one has the smallest id; the others committed after it began, so nothing is final yet.
        assert seal(store, noon) == 0
        connection.exec_driver_sql("COMMIT")

    assert seal(store, noon) == 4
    with store.begin() as work:
        assert work.audit.verify().problem is None


def test_entries_of_a_restored_dump_are_sealed_whatever_their_old_server_counted(
    postgresql_url: str, open_store: Callable[..., SqlStore], raw: Callable[[str], Any], noon: datetime
) -> None:
    store = open_store(postgresql_url)
    add_entries(store, 2, noon)
    with raw(postgresql_url) as connection:
        connection.execute(text("UPDATE audit_entries SET transaction_id = 9000000000000"))

    assert seal(store, noon) == 2


def test_sealers_at_once_make_one_chain(sql_store: SqlStore, noon: datetime) -> None:
    add_entries(sql_store, 40, noon)

    with ThreadPoolExecutor(4) as threads:
        sealed = sum(threads.map(lambda _: seal(sql_store, noon, 5), range(8)))

    assert sealed == 40
    with sql_store.begin() as work:
        verdict = work.audit.verify()
    assert (verdict.seals, verdict.unsealed, verdict.problem) == (8, 0, None)
