"""What holds after bans, while the database is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from service.domain.errors import UnavailableError
from service.domain.watch import Watch
from service.storage.memory import MemoryStore
from service.usecases.after_bans_in_force import FRESH_FOR_S, AfterBansInForce

NOW = datetime(2026, 5, 4, tzinfo=UTC)
HABITS = [
    Identifier(IdentifierKind.EMAIL_PATTERN, "llldd@example.org"),
    Identifier(IdentifierKind.BIN, "400000"),
]


class Database:
    """A store that can be away, and counts who asks for it."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.away = False
        self.asked = 0

    def begin(self) -> Any:
        self.asked += 1
        if self.away:
            raise UnavailableError("The database is away.")
        return self.store.begin()


def watched(in_force: AfterBansInForce, database: Database) -> bool:
    with database.store.begin() as work:
        return bool(in_force.look_out_for(work, HABITS, now=NOW)(0.01, {}))


def test_what_was_known_holds_while_the_database_is_away_and_it_is_asked_once_in_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    database, clock = Database(), [0.0]
    with database.store.begin() as work:
        keys = frozenset(
            (key.kind, key.digest) for key in work.clusters.keys_of([(each.kind, each.value) for each in HABITS])
        )
        work.after_bans.open_watch(Watch(1, "w1", 1, keys, 0.001, NOW, NOW + timedelta(hours=72)))
        work.commit()
    in_force = AfterBansInForce(database.begin, lambda: clock[0])
    assert watched(in_force, database)

    database.away = True
    clock[0] += FRESH_FOR_S
    assert all(watched(in_force, database) for _ in range(3))
    assert database.asked == 2
    assert "what holds after bans cannot be read" in caplog.text

    clock[0] += FRESH_FOR_S
    assert watched(in_force, database)
    assert database.asked == 3
