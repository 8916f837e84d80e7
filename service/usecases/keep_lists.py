"""Keep the block, allow and exempt lists: add, import, remove and read entries, each with who, why and until when."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from models.linkage.identifier import IdentifierKind
from models.reference.reference import Reference
from service.domain.cluster import identifier_of_handle
from service.domain.errors import ConflictError, FieldError, InvalidError, NotFoundError
from service.domain.standing import ListName
from service.usecases.listed_values import LISTED_KINDS, canonical_value
from service.usecases.lists_in_force import MOST_ENTRIES
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_clusters import IdentifierKey
from service.usecases.ports_lists import ListEntry

TEXT_LIMIT = 200
CSV_COLUMNS = ("kind", "value", "reason", "owner", "expires")
_BATCH = 500


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry as somebody asks for it; ``value`` as it is written, ``expires_at`` the instant it stops holding."""

    kind: str
    value: str
    reason: str
    owner: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of an import that was left out, and why; the value is not repeated."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of an import."""

    added: int
    bad: tuple[BadLine, ...]


@dataclass(frozen=True, slots=True)
class KeepLists:
    """The use cases of the three lists."""

    begin: Begin
    reference: Callable[[], Reference]
    new_id: Callable[[datetime], str]

    def add(self, list_name: ListName, new: NewEntry, *, actor: str, now: datetime) -> ListEntry:
        """Put one value on a list.

        Raises:
            InvalidError: a field is wrong; every wrong one is named.
            ConflictError: the value stands on the list already, or the lists are full.
        """
        entry = self._entry(list_name, new, actor, now)
        with self.begin() as work:
            if self._add(work, list_name, [entry], actor, now) == ():
                raise ConflictError("The value is on this list already; remove that entry first.")
            work.commit()
        return entry

    def load(
        self, list_name: ListName, lines: Iterable[str], *, owner: str | None = None, actor: str, now: datetime
    ) -> Imported:
        """Put the values of CSV lines on a list, good lines whatever the bad ones are.

        Args:
            list_name: the list.
            lines: with a header; the columns are ``CSV_COLUMNS``, of which owner and expires may be missing.
            owner: who answers for lines that name nobody.
            actor: who imports.
            now: the instant of the import.

        Raises:
            InvalidError: there is no usable header.
            ConflictError: the lists are full; what came before stays.
        """
        added, bad = 0, []
        rows = _rows(lines)
        while batch := list(islice(rows, _BATCH)):
            entries: dict[tuple[IdentifierKind, str], tuple[int, ListEntry]] = {}
            for number, row in batch:
                try:
                    entry = self._entry(list_name, _new_entry(row, owner), actor, now)
                except InvalidError as error:
                    bad.append(BadLine(number, "; ".join(f"{e.pointer.strip('/')} {e.message}" for e in error.errors)))
                    continue
                if (entry.kind, entry.value) in entries:
                    bad.append(BadLine(number, "stands in this file already"))
                else:
                    entries[entry.kind, entry.value] = (number, entry)
            with self.begin() as work:
                new = self._add(work, list_name, [entry for _, entry in entries.values()], actor, now)
                work.commit()
            taken = {entry.id for entry in new}
            bad += [BadLine(no, "is on the list already") for no, e in entries.values() if e.id not in taken]
            added += len(new)
        return Imported(added, tuple(sorted(bad, key=lambda each: each.line)))

    def remove(self, list_name: ListName, entry_id: str, *, actor: str, now: datetime) -> None:
        """Take an entry off a list.

        Raises:
            NotFoundError: the list has no such entry.
        """
        with self.begin() as work:
            if not work.lists.remove(list_name, entry_id, at=now, by=actor):
                raise NotFoundError("There is no such entry on this list.")
            work.audit.add(AuditEntry(now, actor, "list.removed", entry_id, {"list": list_name.value}))
            work.commit()

    def page(
        self, list_name: ListName, *, before: str | None = None, limit: int = 100, actor: str, now: datetime
    ) -> Sequence[ListEntry]:
        """Entries in clear, newest first; reading them is audited, because they are personal data."""
        with self.begin() as work:
            found = work.lists.page(list_name, before=before, limit=limit)
            work.audit.add(AuditEntry(now, actor, "list.read", list_name.value, {"entries": len(found)}))
            work.commit()
        return found

    def of_identifier(self, list_name: ListName, handle: str, *, actor: str, now: datetime) -> Sequence[ListEntry]:
        """The entry of an identifier as a cluster's page names it; reading it is audited.

        Raises:
            NotFoundError: it is no name of an identifier.
        """
        named = identifier_of_handle(handle)
        if named is None:
            raise NotFoundError("There is no such identifier.")
        with self.begin() as work:
            found = work.lists.of_identifier(list_name, IdentifierKey(*named))
            work.audit.add(AuditEntry(now, actor, "list.read", list_name.value, {"entries": len(found)}))
            work.commit()
        return found

    def find(self, text: str, *, actor: str, now: datetime) -> Sequence[ListEntry]:
        """The entries of every list that hold a value, read as each kind that it may be; the search is audited.

        Raises:
            InvalidError: it can be no value of any kind.
        """
        values = tuple(self._readings(text))
        if not values:
            message = f"must be a value of one of the kinds {', '.join(LISTED_KINDS)}"
            raise InvalidError("Nothing that a list can hold looks like this.", (FieldError("/value", message),))
        with self.begin() as work:
            found = [each for name in ListName for each in work.lists.listed(name, values)]
            work.audit.add(AuditEntry(now, actor, "list.searched", "lists", {"entries": len(found)}))
            work.commit()
        return found

    def every(self, list_name: ListName, *, actor: str, now: datetime) -> Iterator[ListEntry]:
        """The whole list in clear, newest first; that it was taken is one entry of the audit record."""
        with self.begin() as work:
            work.audit.add(AuditEntry(now, actor, "list.exported", list_name.value, {}))
            work.commit()
        before = None
        while True:
            with self.begin() as work:
                page = work.lists.page(list_name, before=before, limit=_BATCH)
            yield from page
            if len(page) < _BATCH:
                return
            before = page[-1].id

    def _readings(self, text: str) -> Iterator[tuple[IdentifierKind, str]]:
        reference = self.reference()
        for kind in LISTED_KINDS:
            with suppress(ValueError):
                yield kind, canonical_value(kind, text, reference)

    def _add(
        self, work: UnitOfWork, list_name: ListName, entries: Sequence[ListEntry], actor: str, now: datetime
    ) -> Sequence[ListEntry]:
        """Stage those that the list does not hold yet; an entry that has expired makes room."""
        standing = {
            (each.kind, each.value): each for each in work.lists.listed(list_name, [(e.kind, e.value) for e in entries])
        }
        new = []
        for entry in entries:
            known = standing.get((entry.kind, entry.value))
            if known is not None and (known.expires_at is None or now < known.expires_at):
                continue
            if known is not None:
                work.lists.remove(list_name, known.id, at=now, by=actor)
            new.append(entry)
        if new and work.lists.count() + len(new) > MOST_ENTRIES:
            raise ConflictError(f"The lists hold {MOST_ENTRIES:,} entries at most; remove some first.")
        work.lists.add(*new)
        for entry in new:
            detail: dict[str, object] = {"list": list_name.value, "kind": entry.kind.value, "owner": entry.owner}
            work.audit.add(AuditEntry(now, actor, "list.added", entry.id, detail))
        return tuple(new)

    def _entry(self, list_name: ListName, new: NewEntry, actor: str, now: datetime) -> ListEntry:
        errors = [
            FieldError(f"/{name}", f"must have 1 to {TEXT_LIMIT} printable characters")
            for name, text in (("reason", new.reason), ("owner", new.owner))
            if not text.strip() or len(text) > TEXT_LIMIT or not text.isprintable()
        ]
        if new.expires_at is not None and new.expires_at <= now:
            errors.append(FieldError("/expires", "must lie in the future"))
        kind, value = None, ""
        if new.kind not in LISTED_KINDS:
            errors.append(FieldError("/kind", f"must be one of {', '.join(LISTED_KINDS)}"))
        else:
            kind = IdentifierKind(new.kind)
            try:
                value = canonical_value(kind, new.value, self.reference())
            except ValueError as error:
                errors.append(FieldError("/value", str(error)))
        if errors or kind is None:
            raise InvalidError("The entry is not valid.", tuple(errors))
        return ListEntry(
            id=self.new_id(now),
            list=list_name,
            kind=kind,
            value=value,
            reason=new.reason.strip(),
            owner=new.owner.strip(),
            created_at=now,
            created_by=actor,
            expires_at=new.expires_at,
        )


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, str | None] | None]]:
    """The rows with their line numbers; ``None`` for one that cannot be read, after which the next line is."""
    reader = csv.DictReader(lines, restkey="", strict=False)
    names: list[str] = []
    with suppress(csv.Error):
        names = [name.strip().lower() for name in reader.fieldnames or ()]
    if not {"kind", "value", "reason"} <= set(names) <= set(CSV_COLUMNS):
        raise InvalidError(
            f"The first line must name the columns: {', '.join(CSV_COLUMNS)}; owner and expires may miss."
        )
    reader.fieldnames = names
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            yield reader.reader.line_num, None
            continue
        if row is None:
            return
        yield reader.line_num, row


def _new_entry(row: Mapping[str, str | None] | None, owner: str | None) -> NewEntry:
    if row is None:
        longest = csv.field_size_limit()
        raise InvalidError("", (FieldError("/line", f"must be CSV with fields of {longest:,} characters at most"),))
    if "" in row or None in row.values():
        raise InvalidError("", (FieldError("/line", "must have as many fields as the first line"),))
    expires = (row.get("expires") or "").strip()
    try:
        expires_at = end_of_day(date.fromisoformat(expires)) if expires else None
    except ValueError:
        raise InvalidError("", (FieldError("/expires", "must be a day, such as 2027-01-31"),)) from None
    return NewEntry(
        kind=(row["kind"] or "").strip(),
        value=_unguarded(row["value"] or ""),
        reason=row["reason"] or "",
        owner=row.get("owner") or owner or "",
        expires_at=expires_at,
    )


def _unguarded(value: str) -> str:
    """Without the apostrophe that an export puts before what a spreadsheet would take for a formula."""
    return value[1:] if value[:1] == "'" and value[1:2] in {"=", "+", "-", "@"} else value


def end_of_day(day: date) -> datetime:
    """The instant at which an entry that is good for a day stops holding.

    Raises:
        InvalidError: the calendar has no day after it.
    """
    if day == date.max:
        message = f"must be a day before {date.max}; without one an entry holds for good"
        raise InvalidError("The entry is not valid.", (FieldError("/expires", message),))
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
