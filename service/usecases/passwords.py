"""Passwords: argon2id, at the cost that OWASP asks for at the least."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

LEAST_LENGTH = 12
"""Characters. Longer than people like and shorter than a sentence; nothing else is asked of a password."""

MOST_LENGTH = 200
"""Characters, so that nobody makes the hasher read megabytes."""

# OWASP's Password Storage Cheat Sheet (2025): 19 MiB, two passes, one lane. A sign-in costs some 20 ms.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGF0IGFsbA$jHoP6v9yXgUyjTNnXQ4Qk0kqvcpM4hyIpxJHC5Yp0rY"
"""What an unknown name is checked against, so that it takes as long as a known one."""


def digest_of_password(password: str) -> str:
    """What is stored: algorithm, cost, salt and digest in one text."""
    return _HASHER.hash(password)


def is_password(password: str, digest: str) -> bool:
    """Whether the digest is this password's."""
    try:
        return _HASHER.verify(digest, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
