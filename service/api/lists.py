"""The endpoints about the block, allow and exempt lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Response, request

from service.api.json_body import BODY_LIMIT, decode, read_body
from service.api.schemas.lists import (
    A_PAGE,
    BadLineAnswer,
    ImportAnswer,
    ListEntryAnswer,
    ListEntryRequest,
    ListPageAnswer,
    ListPageRequest,
    RemovedAnswer,
)
from service.api.validation import validate, validate_query
from service.domain.caller import Caller
from service.domain.errors import NotFoundError
from service.domain.standing import ListName
from service.usecases.keep_lists import KeepLists, NewEntry, end_of_day
from service.usecases.ports_lists import ListEntry
from service.web import BAD_REQUEST, RefusedError

IMPORT_LIMIT = 2 * 1024 * 1024
"""Some 25,000 lines, which take eight seconds; `gatehouse lists import` has no limit but that of the lists."""

MOST_BAD_LINES = 1_000
_JSON, _CSV = "application/json", "text/csv"


@dataclass(frozen=True, slots=True)
class ListEndpoints:
    """The handlers; each takes the caller, already authenticated and allowed in."""

    lists: KeepLists
    clock: Callable[[], datetime]

    def list(self, caller: Caller, list_name: str) -> Response:
        """One page of a list."""
        name, asked = _name(list_name), validate_query(ListPageRequest, request.args)
        limit = asked.limit or A_PAGE
        found = self.lists.page(
            name, before=asked.before, limit=limit + 1, actor=f"key:{caller.key_id}", now=self.clock()
        )
        items = tuple(map(_answer, found[:limit]))
        page = ListPageAnswer(items=items, next=items[-1].id if len(found) > limit else None)
        return Response(page.model_dump_json(), content_type=_JSON)

    def add(self, caller: Caller, list_name: str) -> Response:
        """Put one value on a list."""
        name, now = _name(list_name), self.clock()
        decoded = decode(read_body(request, limit=BODY_LIMIT, media_types=(_JSON,)))
        asked = validate(ListEntryRequest, decoded, now=now)
        new = NewEntry(
            kind=str(asked.kind.value),
            value=asked.value,
            reason=asked.reason,
            owner=asked.owner,
            expires_at=None if asked.expires is None else end_of_day(asked.expires),
        )
        entry = self.lists.add(name, new, actor=f"key:{caller.key_id}", now=now)
        return Response(_answer(entry).model_dump_json(), 201, content_type=_JSON)

    def load(self, caller: Caller, list_name: str) -> Response:
        """Put many values on a list."""
        name = _name(list_name)
        body = read_body(request, limit=IMPORT_LIMIT, media_types=(_CSV,))
        try:
            lines = body.decode("utf-8-sig").splitlines(keepends=True)
        except UnicodeDecodeError:
            raise RefusedError(BAD_REQUEST, "The body is not text in UTF-8.") from None
        done = self.lists.load(name, lines, actor=f"key:{caller.key_id}", now=self.clock())
        answer = ImportAnswer(
            added=done.added,
            bad_lines=len(done.bad),
            bad=tuple(BadLineAnswer(line=each.line, problem=each.problem) for each in done.bad[:MOST_BAD_LINES]),
        )
        return Response(answer.model_dump_json(), content_type=_JSON)

    def remove(self, caller: Caller, list_name: str, record_id: str) -> Response:
        """Take one value off a list."""
        name = _name(list_name)
        self.lists.remove(name, record_id, actor=f"key:{caller.key_id}", now=self.clock())
        return Response(RemovedAnswer(id=record_id).model_dump_json(), content_type=_JSON)


def _name(text: str) -> ListName:
    if text not in list(ListName):
        raise NotFoundError("There is no such list.")
    return ListName(text)


def _answer(entry: ListEntry) -> ListEntryAnswer:
    return ListEntryAnswer(
        id=entry.id,
        list=entry.list,
        kind=entry.kind.value,
        value=entry.value,
        reason=entry.reason,
        owner=entry.owner,
        created_at=entry.created_at,
        created_by=entry.created_by,
        expires_at=entry.expires_at,
    )
