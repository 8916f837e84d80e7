"""ORCID iDs: their canonical form and check digit."""

from __future__ import annotations

import re

_ORCID = re.compile(r"^\d{15}[\dX]$")
_EXAMPLE = "0000000218250097"
"""An invented person's, which ORCID's documentation and this service's own show: whoever copies it is another."""


def canonical_orcid(orcid: str) -> str | None:
    """The sixteen characters without hyphens or link; ``None`` when they are nobody's ORCID iD (ISO 7064 MOD 11-2)."""
    bare = orcid.strip().rstrip("/").rpartition("/")[2].replace("-", "").replace(" ", "").upper()
    if not bare.isascii() or not _ORCID.match(bare) or bare == _EXAMPLE:
        return None
    total = 0
    for digit in bare[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return bare if bare[-1] == ("X" if check == 10 else str(check)) else None
