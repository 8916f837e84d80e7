"""What every store promises of policies."""

from __future__ import annotations

from datetime import datetime

import pytest

from service.domain.errors import ConflictError
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore

Store = MemoryStore | SqlStore


def test_the_highest_activated_policy_is_in_force(store: Store, noon: datetime) -> None:
    with store.begin() as work:
        for document, activate in (("one", True), ("two", True), ("three", False)):
            work.policies.add(document, at=noon, by="ops", reason="better", activate=activate)
        work.commit()

    with store.begin() as work:
        active = work.policies.active()
        assert active is not None
        assert (active.version, active.document, active.activated_at) == (2, "two", noon)
        assert [policy.version for policy in work.policies.all()] == [1, 2, 3]


def test_of_two_policies_added_at_once_the_second_is_refused(store: Store, noon: datetime) -> None:
    with store.begin() as first, store.begin() as second:
        first.policies.add("one", at=noon, by="a", reason="r", activate=True)
        second.policies.add("two", at=noon, by="b", reason="r", activate=True)
        first.commit()

        with pytest.raises(ConflictError):
            second.commit()
