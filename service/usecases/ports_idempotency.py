"""What giving a repeated request the same answer needs from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The keyed digest of what was sent: under the newest key, and under the older ones that are still configured."""

    newest: bytes
    older: tuple[bytes, ...] = ()

    def matches(self, stored: bytes) -> bool:
        """Whether a stored digest, possibly made before the keys rotated, is of the same request."""
        return stored == self.newest or stored in self.older


@dataclass(frozen=True, slots=True)
class IdempotencyClaim:
    """A caller's Idempotency-Key and the keyed digest of the method, route and body it was sent with."""

    owner: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer a request got: the same bytes are given to everyone who asks it again."""

    status: int
    body: bytes
    fingerprint: bytes


class IdempotencyKeys(Protocol):
    """Idempotency-Keys of requests: claimed before the work, answered in its transaction, kept at least 7 days."""

    def claim(self, claim: IdempotencyClaim, *, now: datetime) -> StoredAnswer | None:
        """Claim the key in a transaction of its own, at once.

        Returns ``None`` when the caller now holds it, or the stored answer of the finished first request
        (whose fingerprint the use case compares).

        Raises:
            StillRunningError: the first request holds it and has not finished.
        """
        ...

    def answer(self, claim: IdempotencyClaim, *, status: int, body: bytes) -> None:
        """Stage the final answer."""
        ...

    def release(self, claim: IdempotencyClaim) -> None:
        """Give the key back, at once: the request failed and may be tried again."""
        ...

    def purge(self, *, before: datetime) -> int:
        """Forget keys claimed before an instant, and claims abandoned by a killed worker."""
        ...
