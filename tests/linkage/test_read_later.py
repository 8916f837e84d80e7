"""A linkage says what was so when it was asked for, whenever its counts are looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models.linkage.history import Link
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.memory import MemoryHistory
from models.linkage.velocity import SATURATION
from models.signup import AccountType

START = datetime(2026, 11, 2, tzinfo=UTC)


def carried(number: int) -> tuple[Identifier, ...]:
    return (
        Identifier(IdentifierKind.IP_PREFIX, "192.0.2.0/24", counted=str(number % 5), anomalies=number % 4),
        Identifier(IdentifierKind.EMAIL_SEQUENCE, "s#@a.test|1", place=number % 90),
        Identifier(IdentifierKind.EMAIL_SEQUENCE, "s#@a.test|2", place=number % 80),
    )


def record(history: MemoryHistory, number: int, recorded_at: datetime, occurred_at: datetime) -> None:
    account_type = AccountType.RESEARCH if number % 3 else AccountType.EDUCATIONAL
    history.record(Link(number, recorded_at, occurred_at, account_type, carried(number)))


@pytest.mark.parametrize("before", [1, 2, 40, SATURATION, 2 * SATURATION, 3 * SATURATION])
@pytest.mark.parametrize("out_of_order", [False, True])
def test_what_is_recorded_in_between_changes_nothing(before: int, *, out_of_order: bool) -> None:
    history, now = MemoryHistory(), START + timedelta(minutes=before)
    for number in range(before):
        at = START + timedelta(minutes=number)
        record(history, number, at, at - timedelta(minutes=3) if out_of_order and number == before // 2 else at)
    at_once = history.linkage_of(carried(3), now=now).as_document()

    later = history.linkage_of(carried(3), now=now)
    for number in range(before, before + 3 * SATURATION):
        record(history, number, now + timedelta(seconds=number), now - timedelta(seconds=number))
    # Recorded before all others: it takes its place among them.
    record(history, 10_000, START - timedelta(days=1), START - timedelta(days=1))

    assert later.as_document() == at_once
