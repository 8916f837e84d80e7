"""Turn an API key into a caller, without a round trip to the database on the hot path."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from service.domain.caller import Caller, Scope
from service.domain.errors import UnauthenticatedError
from service.usecases.ports import Begin
from service.usecases.ports_api_keys import ApiKey

TOKEN_PATTERN = re.compile(r"gh_([0-9a-f]{12})_([0-9a-f]{64})")
# A revoked key works for at most this long: short enough to stop a leak, long enough that a busy caller costs
# one read every five seconds instead of one a request.
CACHE_TTL_S = 5.0
# Every entry is some 500 bytes; more live keys than this only means more reads.
CACHE_SIZE = 1_024

# The digest that an unknown key is compared with, so that it takes the same path. No secret has it: it is not
# the SHA-256 of anything anybody knows.
_NO_DIGEST = bytes(32)


def digest_of_secret(secret: str) -> bytes:
    """What is stored of a secret. Secrets are 256 random bits, so that a plain SHA-256 cannot be searched."""
    return hashlib.sha256(secret.encode("ascii")).digest()


@dataclass(frozen=True, slots=True)
class _Cached:
    key: ApiKey
    expires_at: float


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Finds the caller behind an API key; ``monotonic`` is a clock in seconds that never goes back."""

    begin: Begin
    monotonic: Callable[[], float]
    ttl_s: float = CACHE_TTL_S
    cache_size: int = CACHE_SIZE
    _cache: dict[str, _Cached] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def __call__(self, token: str) -> Caller:
        """The caller whose key this is.

        Raises:
            UnauthenticatedError: not a key, or none that is known and not revoked; the text does not say which.
            UnavailableError: the database cannot be asked.
        """
        parts = TOKEN_PATTERN.fullmatch(token)
        if parts is None:
            raise UnauthenticatedError("The API key is not valid.")
        key = self._key(parts[1])
        expected = _NO_DIGEST if key is None else key.secret_digest
        matches = hmac.compare_digest(digest_of_secret(parts[2]), expected)
        if key is None or not matches or key.revoked_at is not None:
            raise UnauthenticatedError("The API key is not valid.")
        return Caller(owner=key.owner, key_id=key.id, scopes=frozenset(Scope(scope) for scope in key.scopes))

    def _key(self, key_id: str) -> ApiKey | None:
        """The stored key, at most ``ttl_s`` old. Unknown ids are not kept: they must not push out known ones."""
        now = self.monotonic()
        cached = self._cache.get(key_id)
        if cached is not None and now < cached.expires_at:
            return cached.key
        with self.begin() as work:
            key = work.keys.get(key_id)
        with self._lock:
            self._cache.pop(key_id, None)
            if key is not None:
                if len(self._cache) >= self.cache_size:
                    self._cache.pop(next(iter(self._cache)))
                self._cache[key_id] = _Cached(key, now + self.ttl_s)
        return key
