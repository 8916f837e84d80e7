"""What a store promises of Idempotency-Keys: one holder, one answer, in the record's own transaction."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from service.domain.errors import StillRunningError
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import AlreadyRecordedError, NewRecord
from service.usecases.ports_idempotency import IdempotencyClaim, StoredAnswer
from service.usecases.ports_search import SearchQuery

Store = MemoryStore | SqlStore
CLAIM = IdempotencyClaim(owner="acme", key="idem-1", fingerprint=b"\x01" * 32)


def test_a_key_is_held_by_the_first_to_claim_it(store: Store, noon: datetime) -> None:
    with store.begin() as work:
        assert work.idempotency.claim(CLAIM, now=noon) is None
    with store.begin() as work, pytest.raises(StillRunningError):
        work.idempotency.claim(CLAIM, now=noon)


def test_of_twelve_claiming_at_once_one_holds(store: Store, noon: datetime) -> None:
    def claim(_: int) -> bool:
        with store.begin() as work:
            try:
                return work.idempotency.claim(CLAIM, now=noon) is None
            except StillRunningError:
                return False

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(claim, range(12))) == 1


def test_an_answered_key_gives_its_answer_to_everyone_whatever_they_send(store: Store, noon: datetime) -> None:
    with store.begin() as work:
        work.idempotency.claim(CLAIM, now=noon)
        work.idempotency.answer(CLAIM, status=202, body=b"answer")
        work.commit()

    other = IdempotencyClaim(CLAIM.owner, CLAIM.key, b"\x02" * 32)
    for claim in (CLAIM, other):
        with store.begin() as work:
            answer = work.idempotency.claim(claim, now=noon + timedelta(days=6))
        assert answer == StoredAnswer(status=202, body=b"answer", fingerprint=CLAIM.fingerprint)


def test_an_answer_that_is_not_committed_was_not_given(store: Store, noon: datetime) -> None:
    with store.begin() as work:
        work.idempotency.claim(CLAIM, now=noon)
        work.idempotency.answer(CLAIM, status=202, body=b"answer")

    with store.begin() as work, pytest.raises(StillRunningError):
        work.idempotency.claim(CLAIM, now=noon)


def test_a_released_key_can_be_claimed_again(store: Store, noon: datetime) -> None:
    with store.begin() as work:
        work.idempotency.claim(CLAIM, now=noon)
        work.idempotency.release(CLAIM)
    with store.begin() as work:
        assert work.idempotency.claim(CLAIM, now=noon) is None


def test_release_never_takes_an_answer_away(store: Store, noon: datetime) -> None:
    with store.begin() as work:
        work.idempotency.claim(CLAIM, now=noon)
        work.idempotency.answer(CLAIM, status=202, body=b"answer")
        work.commit()
        work.idempotency.release(CLAIM)

    with store.begin() as work:
        assert work.idempotency.claim(CLAIM, now=noon) is not None


def test_owners_have_keys_of_their_own(store: Store, noon: datetime) -> None:
    with store.begin() as work:
        work.idempotency.claim(CLAIM, now=noon)
        assert work.idempotency.claim(IdempotencyClaim("another", CLAIM.key, CLAIM.fingerprint), now=noon) is None


def test_a_record_answers_the_key_it_was_sent_with(
    store: Store, make_record: Callable[..., NewRecord], noon: datetime
) -> None:
    with store.begin() as work:
        work.idempotency.claim(CLAIM, now=noon)
    with store.begin() as work:
        work.ledger.append(make_record("su_1", claim=CLAIM, answer=b"decided"))
        work.commit()

    with store.begin() as work:
        answer = work.idempotency.claim(CLAIM, now=noon)
    assert answer == StoredAnswer(status=201, body=b"decided", fingerprint=CLAIM.fingerprint)


def test_a_record_that_is_refused_leaves_its_key_unanswered(
    store: Store, make_record: Callable[..., NewRecord], record_all: Callable[..., None], noon: datetime
) -> None:
    record_all(store, make_record("su_1"))
    with store.begin() as work:
        work.idempotency.claim(CLAIM, now=noon)
        work.ledger.append(make_record("su_1", claim=CLAIM))
        with pytest.raises(AlreadyRecordedError):
            work.commit()

        work.idempotency.release(CLAIM)
        assert work.idempotency.claim(CLAIM, now=noon) is None


def test_a_claim_abandoned_by_a_killed_worker_is_taken_over_and_its_late_writer_refused(
    store: Store, make_record: Callable[..., NewRecord], noon: datetime
) -> None:
    with store.begin() as late, store.begin() as next_one:
        late.idempotency.claim(CLAIM, now=noon)
        with pytest.raises(StillRunningError):
            next_one.idempotency.claim(CLAIM, now=noon + timedelta(seconds=59))
        assert next_one.idempotency.claim(CLAIM, now=noon + timedelta(seconds=61)) is None

        late.ledger.append(make_record("su_late", claim=CLAIM))
        with pytest.raises(StillRunningError):
            late.commit()
        late.idempotency.release(CLAIM)
        next_one.ledger.append(make_record("su_next", claim=CLAIM))
        next_one.commit()

        found = next_one.ledger.search(None, SearchQuery())
    assert [each.signup_id for each in found] == ["su_next"]


def test_a_key_that_was_answered_meanwhile_lets_no_second_record_in(
    store: Store, make_record: Callable[..., NewRecord], noon: datetime
) -> None:
    with store.begin() as work:
        work.ledger.append(make_record("su_1", claim=CLAIM))
        work.commit()
        work.ledger.append(make_record("su_2", claim=CLAIM))
        with pytest.raises(StillRunningError):
            work.commit()

        assert [each.signup_id for each in work.ledger.search(None, SearchQuery())] == ["su_1"]


def test_purging_forgets_what_was_claimed_before(store: Store, noon: datetime) -> None:
    new = IdempotencyClaim("acme", "idem-2", b"\x02" * 32)
    with store.begin() as work:
        work.idempotency.claim(CLAIM, now=noon - timedelta(days=8))
        work.idempotency.claim(new, now=noon - timedelta(days=6))

        assert work.idempotency.purge(before=noon - timedelta(days=7)) == 1
        assert work.idempotency.claim(CLAIM, now=noon) is None


def test_an_answer_to_a_key_without_a_claim_is_kept_from_the_instant_of_its_record(
    store: Store, make_record: Callable[..., NewRecord], noon: datetime
) -> None:
    with store.begin() as work:
        work.ledger.append(make_record("su_1", claim=CLAIM))
        work.commit()

        assert work.idempotency.purge(before=noon) == 0
