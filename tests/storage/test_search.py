"""What every store promises of a search among recorded sign-ups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.signup import AccountType
from service.domain.decision import Assessment, Decision
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from service.usecases.ports_search import SearchQuery

Store = MemoryStore | SqlStore
Make = Callable[..., NewRecord]
RecordAll = Callable[..., None]
DEVICE = Identifier(IdentifierKind.DEVICE, "device-1", counted="oriane@college.example")


@pytest.fixture
def searched(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> Store:
    """Five sign-ups an hour apart: su_0 … su_4; the odd ones are on ``DEVICE`` and denied, su_0 is record-only."""
    for number in range(5):
        record_all(
            store,
            make_record(
                f"su_{number}",
                at=noon + timedelta(hours=number),
                identifiers=(DEVICE,) if number % 2 else (Identifier(IdentifierKind.IP, "192.0.2.7"),),
                account_type=AccountType.RESEARCH if number == 4 else AccountType.EDUCATIONAL,
                assessment=make_assessment(decision=Decision.DENY if number % 2 else Decision.ALLOW)
                if number
                else None,
            ),
        )
    return store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (SearchQuery(), ["su_4", "su_3", "su_2", "su_1", "su_0"]),
        (SearchQuery(identifiers=((DEVICE.kind, DEVICE.value),)), ["su_3", "su_1"]),
        (SearchQuery(identifiers=((DEVICE.kind, DEVICE.value), (IdentifierKind.IP, "192.0.2.7"))), []),
        (SearchQuery(identifiers=((IdentifierKind.PHONE, DEVICE.value),)), []),
        (SearchQuery(signup_id="su_2"), ["su_2"]),
        (SearchQuery(account_type=AccountType.RESEARCH), ["su_4"]),
        (SearchQuery(decision=Decision.ALLOW), ["su_4", "su_2"]),
        (SearchQuery(limit=2), ["su_4", "su_3"]),
    ],
)
def test_a_search_finds_what_holds_newest_first(searched: Store, query: SearchQuery, expected: list[str]) -> None:
    with searched.begin() as work:
        assert [found.signup_id for found in work.ledger.search("acme", query)] == expected


def test_a_search_finds_by_what_an_id_ends_in(searched: Store) -> None:
    with searched.begin() as work:
        wanted = work.ledger.search("acme", SearchQuery(signup_id="su_2"))[0]
        found = work.ledger.search("acme", SearchQuery(id_ends_in=wanted.id[-12:]))
        assert work.ledger.search("other", SearchQuery(id_ends_in=wanted.id[-12:])) == ()
        assert work.ledger.search("acme", SearchQuery(id_ends_in="%")) == ()

    assert [each.signup_id for each in found] == ["su_2"]


def test_a_search_in_time_includes_its_start_and_not_its_end(searched: Store, noon: datetime) -> None:
    query = SearchQuery(recorded_from=noon + timedelta(hours=1), recorded_before=noon + timedelta(hours=3))
    with searched.begin() as work:
        assert [found.signup_id for found in work.ledger.search("acme", query)] == ["su_2", "su_1"]


def test_pages_of_a_search_meet_without_gap_or_overlap(searched: Store) -> None:
    seen: list[str] = []
    before: int | None = None
    with searched.begin() as work:
        while page := work.ledger.search("acme", SearchQuery(limit=2, before_no=before)):
            seen += [found.signup_id for found in page]
            before = page[-1].signup_no

    assert seen == ["su_4", "su_3", "su_2", "su_1", "su_0"]


def test_a_found_line_tells_the_decision_and_a_record_only_one_has_none(searched: Store, noon: datetime) -> None:
    with searched.begin() as work:
        found = work.ledger.search("acme", SearchQuery())

    assert (found[0].decision, found[0].score) == (Decision.ALLOW, 0.412)
    assert (found[-1].decision, found[-1].score, found[-1].recorded_at) == (None, None, noon)
