"""Rotating keys: what was written under the old ones is still found, opened and counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import SATURATION, Window
from service.domain.errors import StillRunningError
from service.storage.encryption import EncryptionError
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from service.usecases.ports_idempotency import IdempotencyClaim
from service.usecases.ports_search import SearchQuery

OLD, NEW = (1, b"\x01" * 32), (2, b"\x02" * 32)
DEVICE = Identifier(IdentifierKind.DEVICE, "device-1", counted="own")
OTHER = Identifier(IdentifierKind.IP, "192.0.2.9", counted="own")
Open = Callable[..., SqlStore]
Make = Callable[..., NewRecord]


def record(store: SqlStore, *records: NewRecord) -> None:
    with store.begin() as work:
        for each in records:
            work.ledger.append(each)
        work.commit()


def test_links_of_both_keys_count_together(
    database_url: str, open_store: Open, make_record: Make, noon: datetime
) -> None:
    before, after = open_store(database_url, pseudonyms=(OLD,)), open_store(database_url, pseudonyms=(OLD, NEW))
    record(before, *(make_record(identifiers=(DEVICE,)) for _ in range(3)))
    record(after, *(make_record(identifiers=(DEVICE, OTHER)) for _ in range(2)))

    with after.begin() as work:
        asked = (OTHER, DEVICE, Identifier(DEVICE.kind, DEVICE.value, "another"))
        look = work.ledger.look("acme", "new", asked[:2], now=noon + timedelta(hours=1))
        stranger = work.ledger.look("acme", "new", asked[2:], now=noon + timedelta(hours=1))
        found = work.ledger.search("acme", SearchQuery(identifiers=((DEVICE.kind, DEVICE.value),)))

    assert look.linkage.links(DEVICE.kind, Window.HOUR) == 5
    assert look.linkage.links(OTHER.kind, Window.HOUR) == 2
    assert (look.linkage.others(DEVICE.kind), stranger.linkage.others(DEVICE.kind)) == (0, 5)
    assert len(found) == 5


def test_the_newest_links_are_the_newest_of_both_keys_together(
    database_url: str, open_store: Open, make_record: Make, noon: datetime
) -> None:
    before, after = open_store(database_url, pseudonyms=(OLD,)), open_store(database_url, pseudonyms=(OLD, NEW))
    hours_ago = [make_record(identifiers=(DEVICE,), at=noon - timedelta(hours=3)) for _ in range(SATURATION)]
    record(before, *hours_ago)
    record(after, *(make_record(identifiers=(DEVICE,), at=noon - timedelta(minutes=1)) for _ in range(10)))

    with after.begin() as work:
        linkage = work.ledger.look("acme", "new", (DEVICE,), now=noon).linkage

    assert linkage.links(DEVICE.kind, Window.HOUR) == 10
    assert linkage.links(DEVICE.kind, Window.DAY) == SATURATION


def test_personal_data_of_both_keys_opens_and_without_its_key_it_does_not(
    database_url: str, open_store: Open, make_record: Make
) -> None:
    old, new = make_record(), make_record()
    record(open_store(database_url, encryption=(OLD,)), old)
    rotated = open_store(database_url, encryption=(OLD, NEW))
    record(rotated, new)

    with rotated.begin() as work:
        assert {each.signup.signup_id for each in work.ledger.stream()} == {
            old.signup.signup_id,
            new.signup.signup_id,
        }
    with open_store(database_url, encryption=(NEW,)).begin() as work:
        assert work.ledger.get("acme", new.id) is not None
        with pytest.raises(EncryptionError, match="version 1"):
            work.ledger.get("acme", old.id)


def test_an_idempotency_key_survives_the_rotation(database_url: str, open_store: Open, noon: datetime) -> None:
    claim = IdempotencyClaim("acme", "idem-1", b"\x01" * 32)
    running = IdempotencyClaim("acme", "idem-2", b"\x01" * 32)
    with open_store(database_url, pseudonyms=(OLD,)).begin() as work:
        work.idempotency.claim(claim, now=noon)
        work.idempotency.answer(claim, status=200, body=b"before")
        work.commit()
        work.idempotency.claim(running, now=noon)

    with open_store(database_url, pseudonyms=(OLD, NEW)).begin() as work:
        answer = work.idempotency.claim(claim, now=noon)
        with pytest.raises(StillRunningError):
            work.idempotency.claim(running, now=noon)

    assert answer is not None
    assert answer.body == b"before"
