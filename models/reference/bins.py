"""Card issuers by the first digits of their cards: which ones hand out virtual and prepaid numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.reference.text_tables import packaged_lines


@dataclass(frozen=True, slots=True)
class Bins:
    """Prefixes of 6 to 8 digits. The shipped ones are a seed; see the table's own heading for its limits."""

    virtual: frozenset[str]

    def is_virtual(self, digits: str) -> bool:
        """Whether the BIN, or a shorter prefix of it, is listed."""
        return any(digits[:length] in self.virtual for length in range(6, min(len(digits), 8) + 1))


def load_bins(*, virtual: Iterable[str] | None = None) -> Bins:
    """The shipped seed, or the operator's list in its place."""
    return Bins(frozenset(packaged_lines("virtual_bins.txt") if virtual is None else virtual))
