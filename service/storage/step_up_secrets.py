"""Secrets of step-up: tokens of hosted pages, codes, and keyed digests of both and of what was proven.

A page's token is derived from its sign-up and a versioned key, so that it never needs to be stored to be shown again:
the database holds only its digest. The page of a decision that nothing was asked for is in no table: its token carries
the sign-up's id beside the derived secret. Codes are six digits, which a plain digest would not hide: theirs are keyed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from uuid import UUID

from service.domain.step_up import PageSeal

_TOKEN_BYTES = 24
"""192 bits: 32 characters in a link, and beyond guessing."""

_ID_BYTES = 16
_CODE_DIGITS = 6


class StepUpSecrets:
    """See ``service.usecases.ports_step_up.StepUpSecrets``. ``keys`` are the pseudonym keys by version."""

    def __init__(self, keys: Iterable[tuple[int, bytes]]) -> None:
        self._keys = {
            version: hmac.digest(key, b"gatehouse step-up 1", "sha256") for version, key in sorted(keys, reverse=True)
        }
        if not self._keys:
            raise ValueError("at least one key is needed")
        self._newest = max(self._keys)

    def seal(self, record_id: str) -> PageSeal:
        """See the port."""
        token = self.token(record_id, self._newest)
        if token is None:
            raise RuntimeError("bug: the newest key is configured")
        return PageSeal(self._newest, self.token_digest(token))

    def token(self, record_id: str, version: int) -> str | None:
        """See the port."""
        key = self._keys.get(version)
        if key is None:
            return None
        derived = hmac.digest(key, b"page\x1f" + record_id.encode(), "sha256")[:_TOKEN_BYTES]
        return base64.urlsafe_b64encode(derived).decode()

    def decision_token(self, record_id: str) -> str:
        """The token of the page of a decision, of a sign-up that nothing was asked of."""
        return _decision_token(self._keys[self._newest], UUID(record_id))

    def record_of(self, token: str) -> str | None:
        """See the port."""
        try:
            record = UUID(bytes=base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[:_ID_BYTES])
        except ValueError:
            return None
        made = (_decision_token(key, record) for key in self._keys.values())
        return str(record) if any(hmac.compare_digest(each.encode(), token.encode()) for each in made) else None

    def token_digest(self, token: str) -> bytes:
        """See the port. Unkeyed: what is digested has 192 bits that nobody can list."""
        return hashlib.sha256(token.encode()).digest()

    def code(self) -> str:
        """See the port."""
        return f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}d}"

    def digest(self, purpose: str, *parts: str) -> bytes:
        """See the port."""
        return _digest(self._keys[self._newest], purpose, parts)

    def matches(self, digest: bytes, purpose: str, *parts: str) -> bool:
        """See the port."""
        return any(hmac.compare_digest(digest, _digest(key, purpose, parts)) for key in self._keys.values())


def _decision_token(key: bytes, record: UUID) -> str:
    derived = hmac.digest(key, b"decision page\x1f" + record.bytes, "sha256")[:_TOKEN_BYTES]
    return base64.urlsafe_b64encode(record.bytes + derived).decode().rstrip("=")


def _digest(key: bytes, purpose: str, parts: tuple[str, ...]) -> bytes:
    # Lengths before the parts: no two lists of parts read the same.
    text = "\x1f".join([purpose, *(f"{len(part)}:{part}" for part in parts)])
    return hmac.digest(key, text.encode(), "sha256")
