"""Keyed digests: how identifiers are looked up without being kept, under versioned keys that rotate.

Each key of 32 bytes is split by HMAC into one subkey a purpose, so that a digest of one purpose never equals
one of another. New rows are written under the newest key; look-ups try every key that is still configured.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from models.linkage.identifier import Identifier, IdentifierKind
from service.usecases.ports_idempotency import Fingerprint

_KEY_BYTES = 32
_DIGEST_BYTES = 16
"""128 bits: among a billion identifiers a collision has a chance of one in 10^21."""

_COUNTED_BYTES = 8
"""64 bits fit a BIGINT; at most 256 values are ever compared with one another."""


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """One identifier under one key: what is stored in its place.

    Attributes:
        digest: 16 bytes in place of kind and value.
        counted: 64 signed bits in place of the counted value; ``None`` when there is none. In place of a place on a
            line it is the place moved by a secret distance, the same for everybody on the line: who lies how far
            from whom stays, where they lie does not.
    """

    digest: bytes
    counted: int | None


@dataclass(frozen=True, slots=True)
class _Subkeys:
    version: int
    identifier: bytes
    counted: bytes
    request: bytes
    idempotency: bytes


class Pseudonyms:
    """Digests under the given keys, of which the highest version is the newest.

    During a rotation a counted value seen under both keys counts as two distinct ones, until the older links
    have left the window; everything else is exact.
    """

    def __init__(self, keys: Iterable[tuple[int, bytes]]) -> None:
        ordered = sorted(keys, reverse=True)
        if not ordered:
            raise ValueError("at least one pseudonym key is needed")
        if len({version for version, _ in ordered}) != len(ordered):
            raise ValueError("a version of a pseudonym key is given twice")
        if any(len(key) != _KEY_BYTES for _, key in ordered):
            raise ValueError(f"a pseudonym key has {_KEY_BYTES} bytes")
        self._keys = tuple(_split(version, key) for version, key in ordered)

    @property
    def version(self) -> int:
        """The version that new rows are written with."""
        return self._keys[0].version

    def newest(self, identifier: Identifier) -> Pseudonym:
        """The pseudonym that a new link is written with."""
        return _pseudonym(self._keys[0], identifier)

    def every(self, identifier: Identifier) -> tuple[Pseudonym, ...]:
        """The pseudonyms that earlier links may carry, newest key first."""
        return tuple(_pseudonym(keys, identifier) for keys in self._keys)

    def digests(self, kind: IdentifierKind, value: str) -> tuple[bytes, ...]:
        """The digests of an identifier under every key, newest key first."""
        return tuple(_digest(keys.identifier, f"{kind}\x1f{value}") for keys in self._keys)

    def fingerprint(self, canonical: bytes) -> Fingerprint:
        """32 bytes a key that tell one request from another without keeping it."""
        newest, *older = (hmac.digest(keys.request, canonical, "sha256") for keys in self._keys)
        return Fingerprint(newest, tuple(older))

    def idempotency_keys(self, owner: str, key: str) -> tuple[bytes, ...]:
        """The digests of an owner's Idempotency-Key under every key, newest key first."""
        return tuple(_digest(keys.idempotency, f"{len(owner)}:{owner}{key}") for keys in self._keys)


def _split(version: int, key: bytes) -> _Subkeys:
    def subkey(purpose: bytes) -> bytes:
        return hmac.digest(key, b"gatehouse pseudonym 1: " + purpose, "sha256")

    return _Subkeys(version, subkey(b"identifier"), subkey(b"counted"), subkey(b"request"), subkey(b"idempotency"))


def _pseudonym(keys: _Subkeys, identifier: Identifier) -> Pseudonym:
    kind = identifier.kind.value
    counted = None
    if identifier.counted is not None:
        hashed = hmac.digest(keys.counted, f"{kind}\x1f{identifier.counted}".encode(), "sha256")
        counted = int.from_bytes(hashed[:_COUNTED_BYTES], "big", signed=True)
    elif identifier.place is not None:
        hashed = hmac.digest(keys.counted, f"place\x1f{kind}\x1f{identifier.value}".encode(), "sha256")
        # Of 62 bits, so that nothing near it leaves the range of a BIGINT.
        counted = (int.from_bytes(hashed[:_COUNTED_BYTES], "big") >> 2) + identifier.place
    return Pseudonym(_digest(keys.identifier, f"{kind}\x1f{identifier.value}"), counted)


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")[:_DIGEST_BYTES]
