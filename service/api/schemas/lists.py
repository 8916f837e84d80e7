"""What the operations about lists take and answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from service.api.schemas.decision import Answered
from service.api.schemas.fields import Day, Strict, text
from service.domain.standing import ListName
from service.usecases.keep_lists import TEXT_LIMIT
from service.usecases.listed_values import LISTED_KINDS, VALUE_LIMIT

MOST_A_PAGE = 500
A_PAGE = 100

ListedKind = StrEnum("ListedKind", [(kind.name, kind.value) for kind in LISTED_KINDS])  # type: ignore[misc]  # from data


class ListEntryRequest(Strict):
    """One value for a list."""

    kind: Annotated[ListedKind, Field(description="The kind of identifier.")]
    value: Annotated[str, text(VALUE_LIMIT, "The value as people write it.", example="campus.example")]
    reason: Annotated[str, text(TEXT_LIMIT, "Why it is listed; no personal data.", example="partner programme 2027")]
    owner: Annotated[str, text(TEXT_LIMIT, "Who answers for the entry.", example="trust team")]
    expires: Annotated[Day | None, Field(description="The last day on which it holds.")] = None


class ListPageRequest(Strict):
    """Which page of a list."""

    before: Annotated[str | None, text(64, "'next' of the page before.", pattern=r"^[A-Za-z0-9_-]+$")] = None
    limit: Annotated[int | None, Field(ge=1, le=MOST_A_PAGE, description="Entries a page; 100 if missing.")] = None


class ListEntryAnswer(Answered):
    """One entry, its value in clear."""

    id: str
    list: ListName
    kind: str
    value: Annotated[str, Field(description="The canonical form, as sign-ups are compared with it.")]
    reason: str
    owner: str
    created_at: datetime
    created_by: str
    expires_at: Annotated[datetime | None, Field(description="From then on it no longer holds.")]


class ListPageAnswer(Answered):
    """One page of a list, newest first."""

    items: tuple[ListEntryAnswer, ...]
    next: Annotated[str | None, Field(description="Ask again with it as 'before'; null at the end.")]


class BadLineAnswer(Answered):
    """A line that was left out."""

    line: int
    problem: Annotated[str, Field(description="What would be right; the value is not repeated.")]


class ImportAnswer(Answered):
    """What became of an import."""

    added: int
    bad_lines: Annotated[int, Field(description="How many lines were left out.")]
    bad: Annotated[tuple[BadLineAnswer, ...], Field(description="The first of them.")]


class RemovedAnswer(Answered):
    """The entry that is on the list no longer."""

    id: str
