"""What every store promises of API keys."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports_api_keys import ApiKey

Store = MemoryStore | SqlStore


def api_key(key_id: str, created_at: datetime) -> ApiKey:
    return ApiKey(key_id, f"key {key_id}", "acme", frozenset({"signups", "review"}), b"\x01" * 32, created_at)


def test_api_keys_are_kept_and_listed_oldest_first(store: Store, noon: datetime) -> None:
    newer, older = api_key("k_a", noon), api_key("k_b", noon - timedelta(days=1))
    with store.begin() as work:
        work.keys.add(newer)
        work.keys.add(older)
        work.commit()

    with store.begin() as work:
        assert work.keys.get("k_a") == newer
        assert work.keys.get("k_c") is None
        assert work.keys.all() == (older, newer)


def test_a_revoked_key_stays_revoked_at_its_first_instant(store: Store, noon: datetime) -> None:
    for write in (
        lambda work: work.keys.add(api_key("k_a", noon)),
        lambda work: work.keys.revoke("k_a", at=noon + timedelta(hours=1)),
        lambda work: work.keys.revoke("k_a", at=noon + timedelta(hours=2)),
    ):
        with store.begin() as work:
            write(work)
            work.commit()

    with store.begin() as work:
        found = work.keys.get("k_a")
        assert found is not None
        assert found.revoked_at == noon + timedelta(hours=1)
        assert not work.keys.revoke("k_none", at=noon)
