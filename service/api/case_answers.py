"""Render cases as the bytes that are sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any  # the parts of an answer, before its schema has checked them

from service.api.schemas.case import (
    CaseAnswer,
    CaseDetailAnswer,
    CasePageAnswer,
    ClaimAnswer,
    NoteAnswer,
    OpinionAnswer,
    StepAnswer,
    VerdictAnswer,
    cursor_of,
)
from service.domain.case import Case
from service.domain.case_rank import priority_of
from service.usecases.give_verdict import Given
from service.usecases.ports_cases import Note
from service.usecases.read_cases import CasePage, CaseView

_DIGITS = 6


def render_case(case: Case, now: datetime) -> bytes:
    """One case."""
    return _answer(case, now).model_dump_json().encode()


def render_page(page: CasePage, now: datetime) -> bytes:
    """One page of cases."""
    items = tuple(_answer(each.case, now) for each in page.items)
    following = None if page.after is None else cursor_of(page.after)
    return CasePageAnswer(items=items, next_cursor=following).model_dump_json().encode()


def render_claim(case: Case | None, now: datetime) -> bytes:
    """What a claim gave."""
    return ClaimAnswer(case=None if case is None else _answer(case, now)).model_dump_json().encode()


def render_given(given: Given, now: datetime) -> bytes:
    """A verdict and what it did."""
    return VerdictAnswer(effect=given.effect, case=_answer(given.case, now)).model_dump_json().encode()


def render_note(note: Note) -> bytes:
    """A note."""
    return _note(note).model_dump_json().encode()


def render_detail(view: CaseView, now: datetime) -> bytes:
    """A case with everything on it."""
    opinions = tuple(
        OpinionAnswer(
            version=each.version,
            verdict=each.verdict,
            reason_code=each.reason_code,
            by=each.by,
            at=each.at,
            final=each.final,
            before=each.before,
            after=each.after,
            undone_at=each.undone,
        )
        for each in view.opinions
    )
    history = tuple(
        StepAnswer(at=each.at, by=each.actor, action=each.action, detail=_plain(each.detail)) for each in view.history
    )
    notes = tuple(map(_note, view.notes))
    answer = CaseDetailAnswer(**_parts(view.case, now), opinions=opinions, notes=notes, history=history)
    return answer.model_dump_json().encode()


def _note(note: Note) -> NoteAnswer:
    return NoteAnswer(at=note.at, by=note.by, text=note.text)


def _plain(detail: dict[str, object]) -> dict[str, str | int | float | bool | None]:
    return {
        name: value if isinstance(value, str | int | float | None) else str(value) for name, value in detail.items()
    }


def _answer(case: Case, now: datetime) -> CaseAnswer:
    return CaseAnswer(**_parts(case, now))


def _parts(case: Case, now: datetime) -> dict[str, Any]:
    return {
        "id": case.id,
        "kind": case.kind,
        "subject": case.subject,
        "signup": case.record_id,
        "account_type": case.account_type,
        "queue": case.queue,
        "state": case.state,
        "reasons": case.reasons,
        "risk": round(case.risk, _DIGITS),
        "size": case.size,
        "behind": case.behind,
        "priority": round(priority_of(case.rank, now), _DIGITS),
        "opened_at": case.opened_at,
        "due_at": case.due_at,
        "overdue": case.overdue(now),
        "holder": case.holder,
        "lease_until": case.lease_until,
        "reserved_for": case.reserved_for,
        "snoozed_until": case.snoozed_until,
        "opinions_wanted": case.opinions_wanted,
        "opinions_given": case.opinions_given,
        "earlier_hidden": case.hides_earlier,
        "verdict": case.verdict,
        "reason_code": case.reason_code,
        "resolved_at": case.resolved_at,
        "resolved_by": case.resolved_by,
    }
