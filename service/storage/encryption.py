"""Encryption of personal data at rest: AES-256-GCM under versioned keys that rotate.

The stored form is ``version (2 bytes, big-endian) || nonce (12 bytes) || ciphertext || tag (16 bytes)``. The
record's id is authenticated with it, so a ciphertext moved to another record does not open. The nonce is
random: NIST SP 800-38D allows 2**32 encryptions under one key that way; rotate long before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_VERSION_BYTES = 2
_NONCE_BYTES = 12
_TAG_BYTES = 16


class EncryptionError(Exception):
    """Something stored cannot be opened: the key is not configured, or the bytes were altered."""


class Encryption:
    """Encrypts under the highest version of the given keys, opens what any of them encrypted."""

    def __init__(self, keys: Iterable[tuple[int, bytes]], *, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        given = list(keys)
        if not given:
            raise ValueError("at least one encryption key is needed")
        if len({version for version, _ in given}) != len(given):
            raise ValueError("a version of an encryption key is given twice")
        if any(len(key) != _KEY_BYTES for _, key in given):
            raise ValueError(f"an encryption key has {_KEY_BYTES} bytes")
        self._ciphers = {version: AESGCM(key) for version, key in given}
        self._newest = max(self._ciphers)
        self._random_bytes = random_bytes

    @property
    def version(self) -> int:
        """The version that new records are encrypted with."""
        return self._newest

    def encrypt(self, plain: bytes, *, record_id: str) -> bytes:
        """The stored form of ``plain``, bound to the record's id."""
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, plain, record_id.encode())
        return self._newest.to_bytes(_VERSION_BYTES, "big") + nonce + sealed

    def decrypt(self, stored: bytes, *, record_id: str) -> bytes:
        """The plain bytes.

        Raises:
            EncryptionError: the key's version is not configured, or the bytes are not what was stored under
                this id.
        """
        if len(stored) < _VERSION_BYTES + _NONCE_BYTES + _TAG_BYTES:
            raise EncryptionError(f"the personal data of record {record_id} is cut short")
        version = int.from_bytes(stored[:_VERSION_BYTES], "big")
        cipher = self._ciphers.get(version)
        if cipher is None:
            raise EncryptionError(
                f"record {record_id} is encrypted with key version {version}, which is not configured"
            )
        nonce = stored[_VERSION_BYTES : _VERSION_BYTES + _NONCE_BYTES]
        try:
            return cipher.decrypt(nonce, stored[_VERSION_BYTES + _NONCE_BYTES :], record_id.encode())
        except InvalidTag:
            raise EncryptionError(
                f"the personal data of record {record_id} does not open: it was altered, or key version {version} is "
                "not the key it was encrypted with"
            ) from None
