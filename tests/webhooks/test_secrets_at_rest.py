"""URLs and secrets of endpoints: not on the disk, not in a representation that may reach a log."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.domain.webhook import Endpoint, Secret
from service.storage.encryption import EncryptionError
from service.storage.sql.store import SqlStore

SECRET = b"canary secret " * 2


@pytest.fixture
def endpoint(make_endpoint: Callable[..., Endpoint]) -> Endpoint:
    return make_endpoint(url="https://hooks.example/canarytoken", secrets=(Secret(SECRET),), description="plain words")


def test_the_disk_holds_neither_url_nor_secret(
    sqlite_url: str, open_store: Callable[..., SqlStore], put: Callable[..., None], endpoint: Endpoint
) -> None:
    store = open_store(sqlite_url)
    put(store, endpoint)
    store.checkpoint()

    raw = b"".join(file.read_bytes() for file in Path(sqlite_url.removeprefix("sqlite:///")).parent.iterdir())
    assert b"plain words" in raw
    assert [each for each in (b"canary", base64.b64encode(SECRET), SECRET.hex().encode()) if each in raw] == []


def test_a_sealed_endpoint_does_not_open_as_another_one(
    sqlite_url: str, open_store: Callable[..., SqlStore], put: Callable[..., None], endpoint: Endpoint, raw: Any
) -> None:
    store = open_store(sqlite_url)
    put(store, endpoint)
    with raw(sqlite_url) as connection:
        connection.exec_driver_sql("UPDATE webhook_endpoints SET id = 'we-2', owner = 'stranger'")

    with store.begin() as work, pytest.raises(EncryptionError):
        work.endpoints.get("stranger", "we-2")


def test_what_is_printed_by_mistake_says_nothing(endpoint: Endpoint) -> None:
    assert "canary" not in repr(endpoint)
