"""What a history promises of a key's past, held against the one in memory and those in SQL: day for day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from models.linkage.identifier import Identifier
from models.linkage.velocity import DAY_US, SATURATION
from tests.linkage.histories import DEVICE, DOMAIN, NOW, TODAY, AnyHistory, on_day, past


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
