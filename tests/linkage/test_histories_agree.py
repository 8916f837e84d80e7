"""Whatever is recorded and whenever, a history in SQL counts what the one in memory counts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.linkage.history import Link
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.memory import MemoryHistory
from models.linkage.velocity import Window
from models.signup import AccountType
from service.storage.sql.engine import open_engine
from service.storage.sql.store import SqlStore
from tests.linkage.histories import DOMAIN, NOW, TODAY, SqlHistory, on_day, past

_VALUES = st.sampled_from(["a", "b", "c", None])
_OFFSETS_US = st.one_of(
    st.integers(-2_000_000, 2_000_000),
    st.sampled_from([-window.value + step for window in Window for step in (-1, 0, 1)]),
    st.integers(-400 * 86_400_000_000, 60_000_000),
)
_LINKS = st.lists(
    st.tuples(
        _OFFSETS_US,
        st.integers(-3, 3),
        st.sampled_from(list(AccountType)),
        st.sets(st.sampled_from(["x", "y"]), min_size=1),
        _VALUES,
        st.integers(0, 7),
        st.integers(-50, 149),
    ),
    max_size=25,
)
_KINDS = (IdentifierKind.IP_PREFIX, IdentifierKind.EMAIL_DOMAIN, IdentifierKind.EMAIL_SEQUENCE, IdentifierKind.DEVICE)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_any_history_counts_in_sql_as_in_memory(
    request: pytest.FixtureRequest, open_store: Callable[..., SqlStore], database: str
) -> None:
    in_sql = SqlHistory(open_store(request.getfixturevalue(f"{database}_url")))
    numbers, worlds = itertools.count(1), itertools.count(1)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(
        links=_LINKS,
        own=_VALUES,
        excluded=st.integers(0, 24),
        own_anomalies=st.integers(0, 7),
        own_place=st.integers(-50, 149),
    )
    def counts_agree(links: list[Any], own: str | None, excluded: int, own_anomalies: int, own_place: int) -> None:
        # Every example has values of its own, so that one database serves them all.
        world, in_memory = next(worlds), MemoryHistory()
        recorded_numbers = []
        for occurred_us, recorded_s, account_type, values, counted, anomalies, place in links:
            recorded_numbers.append(next(numbers))
            link = Link(
                signup_no=recorded_numbers[-1],
                recorded_at=NOW + timedelta(seconds=recorded_s),
                occurred_at=NOW + timedelta(microseconds=occurred_us),
                account_type=account_type,
                identifiers=[
                    identified(kind, f"{world}/{value}", counted, anomalies, place)
                    for value in sorted(values)
                    for kind in _KINDS
                ],
            )
            in_memory.record(link)
            in_sql.record(link)
        asked = [
            identified(kind, f"{world}/{value}", own, own_anomalies, own_place)
            for value in ("x", "y")
            for kind in _KINDS
        ]
        excluding = recorded_numbers[excluded] if excluded < len(recorded_numbers) else None

        for each in asked:
            expected = in_memory.linkage_of([each], now=NOW, excluding=excluding)
            found = in_sql.linkage_of([each], now=NOW, excluding=excluding)
            assert found.as_document() == expected.as_document()
            assert found.age_us() == expected.age_us()

    counts_agree()


def identified(kind: IdentifierKind, value: str, counted: str | None, anomalies: int, place: int) -> Identifier:
    if kind is IdentifierKind.EMAIL_SEQUENCE:
        return Identifier(kind, value, place=place, anomalies=anomalies)
    return Identifier(kind, value, counted, anomalies=anomalies)


_DAYS = st.lists(
    st.one_of(
        st.tuples(st.just("roll up"), st.integers(-2, 33), st.just(0)),
        st.tuples(st.just("record"), st.integers(-40, 33), st.integers(0, 33)),
    ),
    max_size=20,
)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(steps=_DAYS)
def test_any_roll_ups_give_the_pasts_in_sql_that_they_give_in_memory(
    request: pytest.FixtureRequest, open_store: Callable[..., SqlStore], database: str, steps: list[Any]
) -> None:
    in_sql, in_memory = SqlHistory(open_store(_emptied(request, database))), MemoryHistory()
    for number, (what, day, recorded_day) in enumerate(steps, start=1):
        for each in (in_sql, in_memory):
            if what == "roll up":
                each.roll_up(TODAY - 30 + day)
                continue
            occurred, recorded = on_day(30 - day), on_day(30 - recorded_day, hour=10)
            each.record(Link(number, recorded, occurred, AccountType.RESEARCH, (DOMAIN,)))

    for now in (NOW, NOW + timedelta(days=3)):
        assert past(in_sql, now) == past(in_memory, now)


_TABLES = ("clusters", "members", "anchors", "merges", "pending_joins")


def _emptied(request: pytest.FixtureRequest, database: str) -> str:
    """The database without the rows of the example before."""
    url: str = request.getfixturevalue(f"{database}_url")
    engine = open_engine(url)
    with engine.connect() as connection:
        for table in (*_TABLES, "links", "daily_counts", "roll_ups", "signups", "audit_entries"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    engine.dispose()
    return url
