"""Idempotency-Keys in memory."""

from __future__ import annotations

from datetime import datetime

from service.domain.errors import StillRunningError
from service.storage.claims import CLAIM_LEASE
from service.storage.instants import instant_of
from service.storage.memory.shelves import Claimed, Shelves, Undo, Write
from service.usecases.ports_idempotency import IdempotencyClaim, StoredAnswer

_LONG_AGO = instant_of(0)


class MemoryIdempotencyKeys:
    """See ``service.usecases.ports_idempotency.IdempotencyKeys``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged
        self._tokens: dict[IdempotencyClaim, object] = {}

    def claim(self, claim: IdempotencyClaim, *, now: datetime) -> StoredAnswer | None:
        """See the port."""
        with self._shelves.lock:
            claimed = self._shelves.claims.get((claim.owner, claim.key))
            if claimed is not None and claimed.answer is not None:
                return claimed.answer
            if claimed is not None and claimed.claimed_at >= now - CLAIM_LEASE:
                raise StillRunningError("The first request with this Idempotency-Key has not finished.")
            self._tokens[claim] = token = object()
            self._shelves.claims[claim.owner, claim.key] = Claimed(claim.fingerprint, now, token)
            return None

    def answer(self, claim: IdempotencyClaim, *, status: int, body: bytes) -> None:
        """See the port."""
        self._staged.append(lambda: self.write_answer(claim, status=status, body=body, at=_LONG_AGO))

    def release(self, claim: IdempotencyClaim) -> None:
        """See the port."""
        with self._shelves.lock:
            claimed = self._shelves.claims.get((claim.owner, claim.key))
            if claimed is not None and claimed.answer is None and self._holds(claim, claimed):
                del self._shelves.claims[claim.owner, claim.key]
            self._tokens.pop(claim, None)

    def purge(self, *, before: datetime) -> int:
        """See the port."""
        with self._shelves.lock:
            old = [place for place, claimed in self._shelves.claims.items() if claimed.claimed_at < before]
            for place in old:
                del self._shelves.claims[place]
            return len(old)

    def write_answer(self, claim: IdempotencyClaim, *, status: int, body: bytes, at: datetime) -> Undo:
        """Answer at once; ``at`` stands in for the instant of a claim that was never made."""
        claims, place = self._shelves.claims, (claim.owner, claim.key)
        before = claims.get(place)
        if before is not None and (before.answer is not None or not self._holds(claim, before)):
            raise StillRunningError("Another request holds this Idempotency-Key by now.")
        answer = StoredAnswer(status=status, body=body, fingerprint=claim.fingerprint)
        claimed_at, token = (at, object()) if before is None else (before.claimed_at, before.token)
        claims[place] = Claimed(claim.fingerprint, claimed_at, token, answer)

        def undo() -> None:
            if before is None:
                del claims[place]
            else:
                claims[place] = before

        return undo

    def _holds(self, claim: IdempotencyClaim, claimed: Claimed) -> bool:
        return claimed.fingerprint == claim.fingerprint and self._tokens.get(claim, claimed.token) is claimed.token
