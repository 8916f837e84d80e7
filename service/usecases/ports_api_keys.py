"""What knowing the callers needs from outside: their API keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as it is stored: the digest of its secret, never the secret."""

    id: str
    name: str
    owner: str
    scopes: frozenset[str]
    secret_digest: bytes
    created_at: datetime
    revoked_at: datetime | None = None


class ApiKeys(Protocol):
    """The callers' keys."""

    def add(self, key: ApiKey) -> None:
        """Stage a new key."""
        ...

    def get(self, key_id: str) -> ApiKey | None:
        """A key by its public id."""
        ...

    def revoke(self, key_id: str, *, at: datetime) -> bool:
        """Stage the end of a key; false when there is none."""
        ...

    def all(self) -> Sequence[ApiKey]:
        """Every key, oldest first."""
        ...
