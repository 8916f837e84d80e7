"""Identifiers with check digits: ROR for institutions, ORCID for researchers."""

from __future__ import annotations

import random

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def ror_id(rng: random.Random) -> str:
    """A well-formed ROR identifier: six base-32 characters and an ISO 7064 MOD 97-10 checksum."""
    number = rng.randrange(1, 32**6)
    digits, rest = "", number
    for _ in range(6):
        rest, digit = divmod(rest, 32)
        digits = _CROCKFORD[digit] + digits
    checksum = 98 - (number * 100) % 97
    return f"https://ror.org/0{digits}{checksum:02d}"


def orcid(rng: random.Random, *, valid: bool = True) -> str:
    """An ORCID in the range that ORCID hands out; an invalid one has another check digit."""
    body = f"{rng.randrange(15_000_000, 35_000_000):08d}".rjust(8, "0") + f"{rng.randrange(10**7):07d}"
    body = "0000000" + body[:8]
    total = 0
    for digit in body:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if not valid:
        check = (check + rng.randrange(1, 10)) % 11
    text = body + ("X" if check == 10 else str(check))
    return "-".join(text[start : start + 4] for start in (0, 4, 8, 12))
