"""Every history and every store in turn, with a way to record in each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.linkage.history import Link
from models.linkage.identifier import Identifier
from models.linkage.memory import MemoryHistory
from models.signup import AccountType
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from tests.linkage.histories import DEVICE, NOW, AnyHistory, SqlHistory
from tests.linkage.recording import Service, Store


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


@pytest.fixture
def service(store: Store, make_record: Callable[..., NewRecord]) -> Service:
    return Service(store, make_record)
