"""What the lists need from a store: entries by keyed digest, and what changed since a revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.linkage.identifier import IdentifierKind
from service.domain.standing import ListName
from service.usecases.ports_clusters import IdentifierKey


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One entry of a list.

    Attributes:
        value: the identifier's canonical form, in clear: personal data, stored encrypted, looked up by digest.
        reason: why it is there.
        owner: who answers for it.
        expires_at: from when on it no longer holds.
    """

    id: str
    list: ListName
    kind: IdentifierKind
    value: str
    reason: str
    owner: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListChange:
    """One entry as look-ups keep it: its digest, and whether it was taken off since."""

    digest: bytes
    list: ListName
    kind: IdentifierKind
    entry_id: str
    expires_at: datetime | None
    removed: bool


class ListEntries(Protocol):
    """The block, allow and exempt lists. A value stands on a list once."""

    def add(self, *entries: ListEntry) -> None:
        """Stage entries; ``commit`` raises ``ConflictError`` when a value is on the list already."""
        ...

    def remove(self, list_name: ListName, entry_id: str, *, at: datetime, by: str) -> bool:
        """Stage the removal of an entry; false when the list has none of that id."""
        ...

    def listed(self, list_name: ListName, values: Sequence[tuple[IdentifierKind, str]]) -> Sequence[ListEntry]:
        """The entries that hold one of the values, expired ones too."""
        ...

    def of_identifier(self, list_name: ListName, key: IdentifierKey) -> Sequence[ListEntry]:
        """The entries that hold an identifier which is known by its digest alone, expired ones too."""
        ...

    def page(self, list_name: ListName, *, before: str | None = None, limit: int = 100) -> Sequence[ListEntry]:
        """Entries newest first, from before an id on; removed ones left out."""
        ...

    def count(self) -> int:
        """How many entries there are on all lists."""
        ...

    def revision(self) -> int:
        """Counts up with every committed change."""
        ...

    def changes(self, *, after: int) -> Sequence[ListChange]:
        """What was added or removed after a revision; from 0 on, every entry that was not removed."""
        ...
