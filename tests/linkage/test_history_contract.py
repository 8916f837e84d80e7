"""What a history promises, held against the history in memory and the stores in SQL: number for number.

Long, because it is one contract: what every history must answer, side by side.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.linkage.history import Link
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.memory import MemoryHistory
from models.linkage.velocity import DAY_US, SATURATION, WINDOW_NAMES, Linkage, Window, day_of
from models.signup import AccountType, Device, Identity, Signup
from service.storage.sql.engine import open_engine
from service.storage.sql.store import SqlStore
from service.usecases.ports import AuditEntry, NewRecord, Recorded

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DEVICE = Identifier(IdentifierKind.DEVICE, "device-1", counted="own@college.example")


class AnyHistory(Protocol):
    def linkage_of(
        self, identifiers: Sequence[Identifier], *, now: datetime, excluding: int | None = None
    ) -> Linkage: ...

    def record(self, link: Link) -> None: ...

    def roll_up(self, before_day: int) -> None: ...


class SqlHistory:
    """The ledger of a store as a history; sign-ups are numbered from 1 in the order they are recorded."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._waiting: list[NewRecord] = []

    def record(self, link: Link) -> None:
        signup = _signup(f"su_{link.signup_no}", link.account_type, link.occurred_at)
        entry = AuditEntry(at=link.recorded_at, actor="t", action="t", subject="t", detail={})
        self._waiting.append(
            NewRecord(
                id=f"id-{link.signup_no}",
                owner="acme",
                signup=signup,
                fingerprint=bytes(32),
                recorded_at=link.recorded_at,
                identifiers=link.identifiers,
                assessment=None,
                answer=b"{}",
                audit=entry,
            )
        )

    def linkage_of(self, identifiers: Sequence[Identifier], *, now: datetime, excluding: int | None = None) -> Linkage:
        self._write()
        with self._store.begin() as work:
            if excluding is None:
                return work.ledger.look("acme", "new", identifiers, now=now).linkage
            signup = _signup(f"su_{excluding}", AccountType.EDUCATIONAL, now)
            own = Recorded(f"id-{excluding}", excluding, "acme", now, signup, ())
            return work.ledger.linkage_again(own, identifiers, now=now)

    def roll_up(self, before_day: int) -> None:
        self._write()
        with self._store.begin() as work:
            while work.roll_ups.roll_up(before=instant_of_day(before_day)):
                pass

    def _write(self) -> None:
        for record in self._waiting:
            with self._store.begin() as work:
                signup = record.signup
                look = work.ledger.look("acme", signup.signup_id, record.identifiers, now=signup.occurred_at)
                work.ledger.append(replace(record, clusters=look.linkage.company.clusters))
                work.commit()
        self._waiting.clear()


def instant_of_day(day: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)


def _signup(signup_id: str, account_type: AccountType, occurred_at: datetime) -> Signup:
    return Signup(
        signup_id=signup_id,
        account_type=account_type,
        occurred_at=occurred_at,
        identity=Identity(full_name="Oriane Maupertuis"),
        email="oriane@college.example",
        device=Device(ip="192.0.2.7"),
    )


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def history(request: pytest.FixtureRequest, open_store: Callable[..., SqlStore]) -> AnyHistory:
    if request.param == "memory":
        return MemoryHistory()
    return SqlHistory(open_store(request.getfixturevalue(f"{request.param}_url")))


@pytest.fixture
def record(history: AnyHistory) -> Callable[..., int]:
    """Records a sign-up on ``DEVICE`` and gives its number."""
    numbers = itertools.count(1)

    def recording(
        occurred: datetime = NOW - timedelta(minutes=5),
        *,
        recorded: datetime | None = None,
        identifiers: Sequence[Identifier] = (DEVICE,),
        account_type: AccountType = AccountType.EDUCATIONAL,
        counted: Any = ...,
    ) -> int:
        number = next(numbers)
        if counted is not ...:
            identifiers = (Identifier(DEVICE.kind, DEVICE.value, counted),)
        history.record(Link(number, recorded or occurred, occurred, account_type, identifiers))
        return number

    return recording


def counts(history: AnyHistory, identifier: Identifier = DEVICE, **arguments: Any) -> dict[str, int]:
    linkage = history.linkage_of((identifier,), now=NOW, **arguments)
    return linkage.as_document()[identifier.kind.value]


def test_an_identifier_never_seen_counts_zero_everywhere(history: AnyHistory) -> None:
    assert set(counts(history).values()) == {0}


def test_a_kind_that_the_sign_up_does_not_carry_is_unknown(history: AnyHistory) -> None:
    linkage = history.linkage_of((DEVICE,), now=NOW)

    assert linkage.links(IdentifierKind.PHONE, Window.DAY) is None


def test_the_same_instant_is_not_before(history: AnyHistory, record: Callable[..., int]) -> None:
    record(NOW)

    assert counts(history)["links_365d"] == 0


def test_a_microsecond_before_is_before(history: AnyHistory, record: Callable[..., int]) -> None:
    record(NOW - MICROSECOND)

    assert counts(history)["links_1h"] == 1


@pytest.mark.parametrize("window", list(Window))
def test_the_edge_of_a_window_belongs_to_it(history: AnyHistory, record: Callable[..., int], window: Window) -> None:
    length = timedelta(microseconds=window.value)
    record(NOW - length)
    record(NOW - length - MICROSECOND)

    assert counts(history)[f"links_{WINDOW_NAMES[window]}"] == 1


def test_the_sign_up_itself_is_excluded(history: AnyHistory, record: Callable[..., int]) -> None:
    record()
    own = record()

    assert counts(history)["links_1h"] == 2
    assert counts(history, excluding=own)["links_1h"] == 1


def test_a_late_arrival_counts_where_it_occurred(history: AnyHistory, record: Callable[..., int]) -> None:
    record(NOW - timedelta(days=3), recorded=NOW + timedelta(hours=1))

    assert (counts(history)["links_24h"], counts(history)["links_7d"]) == (0, 1)


def test_what_occurs_later_is_not_counted_however_early_it_was_recorded(
    history: AnyHistory, record: Callable[..., int]
) -> None:
    record(NOW + timedelta(minutes=1), recorded=NOW - timedelta(hours=1))

    assert counts(history)["links_365d"] == 0


def test_counts_saturate_at_the_newest_links(history: AnyHistory, record: Callable[..., int]) -> None:
    for minute in range(SATURATION + 40):
        record(NOW - timedelta(minutes=minute + 1), recorded=NOW - timedelta(minutes=minute + 1))

    assert counts(history)["links_24h"] == SATURATION
    # The newest 60 by recording are those of the last hour.
    assert counts(history)["links_1h"] == 60


def test_saturation_leaves_room_for_the_excluded_own_link(history: AnyHistory, record: Callable[..., int]) -> None:
    numbers = [record(NOW - timedelta(seconds=SATURATION + 1 - at)) for at in range(SATURATION + 1)]

    assert counts(history, excluding=numbers[-1])["links_24h"] == SATURATION


def test_newest_means_recorded_last_even_when_the_clock_of_recording_went_backwards(
    history: AnyHistory, record: Callable[..., int]
) -> None:
    for _ in range(SATURATION):
        record(NOW - timedelta(hours=2), recorded=NOW)
    record(NOW - timedelta(minutes=1), recorded=NOW - timedelta(hours=5))

    assert counts(history)["links_1h"] == 0
    assert counts(history)["links_24h"] == SATURATION


def test_of_one_instant_of_recording_the_higher_number_is_newer(
    history: AnyHistory, record: Callable[..., int]
) -> None:
    record(NOW - timedelta(minutes=1), recorded=NOW)
    for _ in range(SATURATION):
        record(NOW - timedelta(hours=2), recorded=NOW)

    assert counts(history)["links_1h"] == 0


def test_distinct_counted_values_are_counted_once_and_unknown_ones_not_at_all(
    history: AnyHistory, record: Callable[..., int]
) -> None:
    for counted in ("a@x.example", "a@x.example", "b@x.example", None, None):
        record(counted=counted)
    record(NOW - timedelta(days=20), counted="c@x.example")
    record(NOW - timedelta(days=200), counted="d@x.example")

    found = counts(history)

    assert [found[f"distinct_{window}"] for window in ("24h", "30d", "365d")] == [2, 3, 4]


@pytest.mark.parametrize(
    ("own", "others"),
    [("own@college.example", 3), ("a@x.example", 3), ("never@x.example", 4), (None, 3)],
)
def test_others_are_links_of_a_month_with_another_counted_value(
    history: AnyHistory, record: Callable[..., int], own: str | None, others: int
) -> None:
    for counted in ("own@college.example", "a@x.example", "b@x.example", None):
        record(NOW - timedelta(days=2), counted=counted)
    record(NOW - timedelta(days=40), counted="z@x.example")

    assert counts(history, Identifier(DEVICE.kind, DEVICE.value, own))["others_30d"] == others


def test_account_types_are_counted_over_the_longest_window(history: AnyHistory, record: Callable[..., int]) -> None:
    record(NOW - timedelta(days=300), account_type=AccountType.RESEARCH)
    record(NOW - timedelta(days=400), account_type=AccountType.EDUCATIONAL)
    before = counts(history)["account_types"]

    record(account_type=AccountType.EDUCATIONAL)

    assert (before, counts(history)["account_types"]) == (1, 2)


def test_a_kind_with_several_identifiers_answers_with_the_largest_count(
    history: AnyHistory, record: Callable[..., int]
) -> None:
    first, second = (Identifier(IdentifierKind.TEXT_BAND, value) for value in ("band-1", "band-2"))
    record(identifiers=(first,))
    record(identifiers=(second,))
    record(identifiers=(first, second))
    record(identifiers=(first,))

    linkage = history.linkage_of((first, second), now=NOW)

    assert linkage.links(IdentifierKind.TEXT_BAND, Window.HOUR) == 3


def test_one_value_of_two_kinds_is_two_identifiers(history: AnyHistory, record: Callable[..., int]) -> None:
    record(identifiers=(Identifier(IdentifierKind.PHONE, DEVICE.value),))

    assert counts(history)["links_1h"] == 0


DOMAIN = Identifier(IdentifierKind.EMAIL_DOMAIN, "college.example", counted="w.w")
TODAY = day_of(NOW)


def on_day(day: int, hour: int = 9) -> datetime:
    """An instant that many days before today."""
    return NOW.replace(hour=hour) - timedelta(days=day)


def past(history: AnyHistory, now: datetime = NOW) -> tuple[int | None, int]:
    linkage = history.linkage_of((DOMAIN,), now=now)
    return linkage.past(DOMAIN.kind), linkage.observed_days


def test_without_a_roll_up_there_is_no_past(history: AnyHistory, record: Callable[..., int]) -> None:
    record(on_day(3), identifiers=(DOMAIN,))

    assert past(history) == (0, 0)


def test_a_past_is_four_weeks_of_whole_days_before_today(history: AnyHistory, record: Callable[..., int]) -> None:
    for day, times in ((0, 5), (1, 1), (7, 2), (28, 3), (29, 4)):
        for _ in range(times):
            record(on_day(day), identifiers=(DOMAIN,))
    history.roll_up(TODAY)

    assert past(history) == (1 + 2 + 3, 28)


def test_today_is_in_no_past_even_when_it_is_rolled_up(history: AnyHistory, record: Callable[..., int]) -> None:
    for day in (3, 0):
        record(on_day(day), identifiers=(DOMAIN,))
    history.roll_up(TODAY + 1)

    assert past(history) == (1, 3)


def test_a_past_is_as_of_the_last_roll_up(history: AnyHistory, record: Callable[..., int]) -> None:
    for day in (9, 8, 2, 1):
        record(on_day(day), identifiers=(DOMAIN,))
    history.roll_up(TODAY - 2)

    assert past(history) == (2, 7)


def test_days_without_sign_ups_are_observed_too(history: AnyHistory, record: Callable[..., int]) -> None:
    record(on_day(10), identifiers=(DEVICE,))
    history.roll_up(TODAY)

    assert past(history) == (0, 10)


def test_a_roll_up_counts_nothing_twice(history: AnyHistory, record: Callable[..., int]) -> None:
    record(on_day(4), identifiers=(DOMAIN,))
    for before in (TODAY - 3, TODAY - 3, TODAY - 5, TODAY, TODAY):
        history.roll_up(before)

    assert past(history) == (1, 4)


def test_a_late_arrival_joins_the_past_of_its_day_with_the_next_roll_up(
    history: AnyHistory, record: Callable[..., int]
) -> None:
    record(on_day(5), identifiers=(DOMAIN,))
    history.roll_up(TODAY - 4)
    record(on_day(5), recorded=on_day(2), identifiers=(DOMAIN,))
    before = past(history)
    history.roll_up(TODAY)

    assert (before, past(history)) == ((1, 1), (2, 5))


def test_what_claims_to_have_been_recorded_before_a_roll_up_is_in_no_past(
    history: AnyHistory, record: Callable[..., int]
) -> None:
    record(on_day(5), identifiers=(DOMAIN,))
    history.roll_up(TODAY - 1)
    record(on_day(3), recorded=on_day(3), identifiers=(DOMAIN,))
    history.roll_up(TODAY)

    assert past(history) == (1, 5)


def test_a_past_is_not_washed_out_by_a_busy_day(history: AnyHistory, record: Callable[..., int]) -> None:
    for _ in range(SATURATION + 44):
        record(on_day(3), identifiers=(DOMAIN,))
    for _ in range(SATURATION + 1):
        record(NOW - timedelta(minutes=1), identifiers=(DOMAIN,))
    history.roll_up(TODAY)

    assert past(history) == (SATURATION + 44, 3)


def test_the_age_is_told_by_the_first_link(history: AnyHistory, record: Callable[..., int]) -> None:
    own = record(on_day(40, hour=12), identifiers=(DOMAIN,))
    for _ in range(SATURATION + 40):
        record(on_day(30, hour=12), identifiers=(DOMAIN,))
    # Recorded later, so not the first, though it claims to be older.
    record(on_day(90, hour=12), recorded=on_day(1), identifiers=(DOMAIN,))

    assert history.linkage_of((DOMAIN,), now=NOW).age_us() == 40 * DAY_US
    assert history.linkage_of((DOMAIN,), now=NOW, excluding=own).age_us() == 30 * DAY_US


def test_a_domain_never_seen_has_no_age(history: AnyHistory, record: Callable[..., int]) -> None:
    record(NOW + timedelta(hours=1), identifiers=(DOMAIN,))

    assert history.linkage_of((DOMAIN,), now=NOW).age_us() == 0
    assert history.linkage_of((Identifier(DOMAIN.kind, "new.example"),), now=NOW).age_us() == 0
    assert history.linkage_of((DEVICE,), now=NOW).age_us() is None


@pytest.mark.parametrize(("own", "expected"), [(0b001, 2), (0b010, 1), (0b101, 2), (0b1000, 0), (0, 0)])
def test_those_who_share_an_anomaly_within_a_day_are_counted(
    history: AnyHistory, record: Callable[..., int], own: int, expected: int
) -> None:
    def odd(anomalies: int) -> Identifier:
        return Identifier(IdentifierKind.IP_PREFIX, "192.0.2.0/24", anomalies=anomalies)

    for anomalies in (0b001, 0b011, 0):
        record(identifiers=(odd(anomalies),))
    record(NOW - timedelta(hours=25), identifiers=(odd(0b1111),))

    assert history.linkage_of((odd(own),), now=NOW).anomalous(IdentifierKind.IP_PREFIX) == expected


def test_anomalies_of_other_kinds_are_not_counted(history: AnyHistory, record: Callable[..., int]) -> None:
    odd = Identifier(IdentifierKind.IP, "192.0.2.7", anomalies=1)
    record(identifiers=(odd,))

    assert history.linkage_of((odd,), now=NOW).anomalous(IdentifierKind.IP) == 0


@pytest.mark.parametrize(("own", "expected"), [(7, 2), (56, 3), (57, 2), (58, 1), (108, 1), (-44, 1), (500, 0)])
def test_neighbours_on_a_line_are_counted_within_reach_and_a_week(
    history: AnyHistory, record: Callable[..., int], own: int, expected: int
) -> None:
    def numbered(place: int) -> Identifier:
        return Identifier(IdentifierKind.EMAIL_SEQUENCE, "s#@college.example|41", place=place)

    for place in (6, 7, 58):
        record(identifiers=(numbered(place),))
    record(NOW - timedelta(days=8), identifiers=(numbered(own),))

    assert history.linkage_of((numbered(own),), now=NOW).near() == expected


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
