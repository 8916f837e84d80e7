"""The block, allow and exempt lists: what stands on them, who put it there and why, until when."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any  # what a template is told

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.linkage.identifier import IdentifierKind
from service.console.dependencies import ConsoleDependencies
from service.console.door import signed_in
from service.console.pages import page, words_of
from service.console.plain_text import cell
from service.domain.errors import ConflictError, FieldError, InvalidError, NotFoundError
from service.domain.reviewer import Role
from service.domain.standing import ListName
from service.usecases.keep_lists import CSV_COLUMNS, TEXT_LIMIT, Imported, NewEntry, end_of_day
from service.usecases.listed_values import LISTED_KINDS
from service.usecases.ports_lists import ListEntry

PAGE = 100
MOST_BAD_LINES = 500
"""Of an import's report; the first mistakes are usually the same as the last."""

KIND_NAMES: Mapping[IdentifierKind, str] = {
    IdentifierKind.MAILBOX: "e-mail address",
    IdentifierKind.EMAIL_DOMAIN: "e-mail domain",
    IdentifierKind.PHONE: "phone",
    IdentifierKind.PAYMENT: "card fingerprint",
    IdentifierKind.BIN: "card BIN",
    IdentifierKind.DEVICE: "device",
    IdentifierKind.IP: "IP address",
    IdentifierKind.IP_PREFIX: "IP range (/24, /48)",
    IdentifierKind.NETWORK: "network (AS number)",
    IdentifierKind.INSTITUTION: "institution",
    IdentifierKind.ORCID: "ORCID iD",
}
MEANINGS = {
    ListName.BLOCK: "Never let in without a person: the policy says what a match on the block list leads to.",
    ListName.ALLOW: "Let in whatever the score says, unless a ban touches them.",
    ListName.EXEMPT: "Shared by honest people: it joins no cluster and counts against nobody. It also lets in whoever "
    "carries it, unless a ban is touched, a containment holds or a rule denies. To stop it from tying people and no "
    "more, cut it out on the page of its cluster.",
}


@dataclass(frozen=True, slots=True)
class ListPages:
    """Everybody reads and searches, which is audited; leads change the lists and take copies."""

    deps: ConsoleDependencies

    def lists(self) -> AnyResponse:
        """One list, newest entries first; or of it the entry of an identifier that a cluster's page names."""
        name, handle = _list_of(request.args.get("list") or ListName.BLOCK.value), request.args.get("identifier")
        if handle is None:
            return self._page(name)
        acting, now = signed_in().acting, self.deps.clock()
        return self._page(name, found=self.deps.lists.of_identifier(name, handle[:200], actor=acting.name, now=now))

    def search(self) -> AnyResponse:
        """Where a value stands; it comes in the body, because a URL ends up in logs."""
        name, text = _list_of(request.form.get("list", "")), request.form.get("value", "").strip()[:255]
        try:
            found = self.deps.lists.find(text, actor=signed_in().acting.name, now=self.deps.clock())
        except InvalidError as error:
            return self._page(name, problem=str(error), sought=text)
        return self._page(name, found=found, sought=text)

    def add(self, name: str) -> AnyResponse:
        """Put one value on a list."""

        def adding() -> None:
            form = request.form
            new = NewEntry(
                kind=form.get("kind", ""),
                value=form.get("value", ""),
                reason=form.get("reason", ""),
                owner=form.get("owner", "").strip() or signed_in().reviewer.name,
                expires_at=_last_day(form.get("expires", "")),
            )
            self.deps.lists.add(_list_of(name), new, actor=signed_in().acting.name, now=self.deps.clock())

        return self._tried(name, adding)

    def end(self, name: str, entry_id: str) -> AnyResponse:
        """Take one value off a list before its time."""
        return self._tried(
            name,
            lambda: self.deps.lists.remove(
                _list_of(name), entry_id, actor=signed_in().acting.name, now=self.deps.clock()
            ),
        )

    def load(self, name: str) -> AnyResponse:
        """Put the values of a CSV file on a list; every line that was left out is told."""
        which, file = _list_of(name), request.files.get("file")
        if file is None or not file.filename:
            return self._page(which, problem="Choose a CSV file.")
        try:
            lines = file.stream.read().decode("utf-8-sig").splitlines(keepends=True)
            done = self.deps.lists.load(
                which,
                lines,
                owner=request.form.get("owner", "").strip() or signed_in().reviewer.name,
                actor=signed_in().acting.name,
                now=self.deps.clock(),
            )
        except UnicodeDecodeError:
            return self._page(which, problem="The file is not text in UTF-8.")
        except (InvalidError, ConflictError) as error:
            return self._page(which, problem=str(error))
        return self._page(which, imported=done)

    def export(self, name: str) -> AnyResponse:
        """The whole list as CSV that an import takes back, line by line."""
        which = _list_of(name)
        entries = self.deps.lists.every(which, actor=signed_in().acting.name, now=self.deps.clock())
        headers = {"Content-Disposition": f'attachment; filename="{which.value}.csv"'}
        return Response(_csv_lines(entries), content_type="text/csv; charset=utf-8", headers=headers)

    def _tried(self, name: str, do: Callable[[], None]) -> AnyResponse:
        try:
            do()
        except (InvalidError, ConflictError, NotFoundError) as error:
            return self._page(_list_of(name), problem=words_of(error), filled=request.form)
        return redirect(url_for("console.lists", list=name), 303)

    def _page(
        self,
        name: ListName,
        *,
        problem: str | None = None,
        found: Sequence[ListEntry] | None = None,
        sought: str = "",
        imported: Imported | None = None,
        filled: Mapping[str, Any] | None = None,
    ) -> AnyResponse:
        now, who = self.deps.clock(), signed_in().acting
        before = request.args.get("before", "")[:64] or None
        listed: Sequence[ListEntry] = ()
        if found is None:
            listed = self.deps.lists.page(name, before=before, limit=PAGE + 1, actor=who.name, now=now)
        with self.deps.begin() as work:
            total = work.lists.count()
        return page(
            "lists.html",
            now=now,
            status=200 if problem is None else 422,
            name=name,
            names=list(ListName),
            meaning=MEANINGS[name],
            entries=listed[:PAGE] if found is None else found,
            more=listed[PAGE - 1].id if len(listed) > PAGE else None,
            total=total,
            kinds=[(each, KIND_NAMES[each]) for each in sorted(LISTED_KINDS, key=KIND_NAMES.__getitem__)],
            kind_names=KIND_NAMES,
            columns=", ".join(CSV_COLUMNS),
            text_limit=TEXT_LIMIT,
            searched=found is not None,
            sought=sought,
            imported=imported,
            bad=() if imported is None else imported.bad[:MOST_BAD_LINES],
            filled=filled or {},
            problem=problem,
            is_lead=who.role.covers(Role.LEAD),
        )


def _csv_lines(entries: Iterator[ListEntry]) -> Iterator[str]:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(CSV_COLUMNS)
    for each in entries:
        # An import names the last day; the entry knows the instant after it.
        last = "" if each.expires_at is None else (each.expires_at - date.resolution).date().isoformat()
        rows.writerow([cell(value) for value in (each.kind.value, each.value, each.reason, each.owner, last)])
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _list_of(name: str) -> ListName:
    found = next((each for each in ListName if each.value == name), None)
    if found is None:
        raise NotFoundError("There is no such list.")
    return found


def _last_day(text: str) -> datetime | None:
    """The instant at which an entry ends; ``None`` when it holds for good."""
    if not text:
        return None
    try:
        return end_of_day(date.fromisoformat(text))
    except ValueError:
        raise InvalidError("The entry is not valid.", (FieldError("/expires", "must be a day"),)) from None
