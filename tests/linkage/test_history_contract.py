"""What a history promises of links, held against the one in memory and those in SQL: number for number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import SATURATION, WINDOW_NAMES, Window
from models.signup import AccountType
from tests.linkage.histories import DEVICE, NOW, AnyHistory

MICROSECOND = timedelta(microseconds=1)


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
