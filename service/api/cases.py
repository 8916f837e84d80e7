"""The endpoints about cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import Response, request
from pydantic import BaseModel

from service.api.case_answers import render_case, render_claim, render_detail, render_given, render_note, render_page
from service.api.json_body import BODY_LIMIT, decode, read_body
from service.api.paths import JSON, checked_id
from service.api.schemas.case import (
    AppealRequest,
    AssignRequest,
    CaseListRequest,
    ClaimRequest,
    EscalateRequest,
    NoteRequest,
    OpenCaseRequest,
    SnoozeRequest,
    VerdictRequest,
    place_of,
)
from service.api.validation import validate, validate_query
from service.domain.caller import Caller, Scope
from service.domain.case import Case, CaseState
from service.domain.reviewer import Acting, Role
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.ports_cases import CaseOrder, CaseQuery

_M = TypeVar("_M", bound=BaseModel)

PAGE = 50
_STATES = {
    "unresolved": (CaseState.OPEN, CaseState.CLAIMED),
    "snoozed": (CaseState.OPEN,),
    "open": (CaseState.OPEN,),
    "claimed": (CaseState.CLAIMED,),
    "resolved": (CaseState.RESOLVED,),
}


@dataclass(frozen=True, slots=True)
class CaseEndpoints:
    """The handlers; each takes the caller, already authenticated and allowed in."""

    cases: CaseUseCases
    clock: Callable[[], datetime]

    def list(self, caller: Caller) -> Response:
        """One page of cases."""
        asked, now = validate_query(CaseListRequest, request.args), self.clock()
        state = asked.state or "unresolved"
        query = CaseQuery(
            now=now,
            queues=() if asked.queue is None else (asked.queue,),
            states=_STATES[state],
            kind=asked.kind,
            account_type=asked.account_type,
            reason_code=asked.reason_code,
            risk_from=asked.risk_from,
            risk_below=asked.risk_below,
            size_from=asked.size_from,
            holder=asked.holder,
            unclaimed=bool(asked.unclaimed),
            overdue=bool(asked.overdue),
            snoozed=state == "snoozed",
            behind=asked.behind,
            order=asked.order or CaseOrder.PRIORITY,
            after=None if asked.cursor is None else place_of(asked.cursor),
            limit=asked.limit or PAGE,
        )
        page = self.cases.read.find(query, acting=acting_of(caller))
        return Response(render_page(page, now), content_type=JSON)

    def open(self, caller: Caller) -> Response:
        """A case by hand."""
        asked, now = self._body(OpenCaseRequest), self.clock()
        return self._case(self.cases.open(asked.signup, acting=acting_of(caller), now=now, note=asked.note), now, 201)

    def claim_next(self, caller: Caller) -> Response:
        """The next due case."""
        asked, now = self._body(ClaimRequest), self.clock()
        case = self.cases.handle.claim_next(acting=acting_of(caller), now=now, queue=asked.queue)
        return Response(render_claim(case, now), content_type=JSON)

    def read(self, caller: Caller, record_id: str) -> Response:
        """One case with everything on it."""
        view = self.cases.read.read(checked_id(record_id, "case"), acting=acting_of(caller))
        return Response(render_detail(view, self.clock()), content_type=JSON)

    def claim(self, caller: Caller, record_id: str) -> Response:
        """One case, taken."""
        now = self.clock()
        return self._case(
            self.cases.handle.claim(checked_id(record_id, "case"), acting=acting_of(caller), now=now), now
        )

    def extend(self, caller: Caller, record_id: str) -> Response:
        """A lease, renewed."""
        now = self.clock()
        return self._case(
            self.cases.handle.extend(checked_id(record_id, "case"), acting=acting_of(caller), now=now), now
        )

    def release(self, caller: Caller, record_id: str) -> Response:
        """A case, given back."""
        now = self.clock()
        return self._case(
            self.cases.handle.release(checked_id(record_id, "case"), acting=acting_of(caller), now=now), now
        )

    def assign(self, caller: Caller, record_id: str) -> Response:
        """A case, kept for somebody."""
        asked, now = self._body(AssignRequest), self.clock()
        case = self.cases.handle.assign(checked_id(record_id, "case"), asked.to, acting=acting_of(caller), now=now)
        return self._case(case, now)

    def escalate(self, caller: Caller, record_id: str) -> Response:
        """A case, moved."""
        asked, now = self._body(EscalateRequest), self.clock()
        case = self.cases.handle.escalate(
            checked_id(record_id, "case"), asked.queue, acting=acting_of(caller), now=now, note=asked.note
        )
        return self._case(case, now)

    def snooze(self, caller: Caller, record_id: str) -> Response:
        """A case, put off."""
        asked, now = self._body(SnoozeRequest), self.clock()
        case = self.cases.handle.snooze(checked_id(record_id, "case"), asked.until, acting=acting_of(caller), now=now)
        return self._case(case, now)

    def note(self, caller: Caller, record_id: str) -> Response:
        """A note on a case."""
        asked, now = self._body(NoteRequest), self.clock()
        note = self.cases.handle.note(checked_id(record_id, "case"), asked.note, acting=acting_of(caller), now=now)
        return Response(render_note(note), 201, content_type=JSON)

    def verdict(self, caller: Caller, record_id: str) -> Response:
        """A verdict and what it did."""
        asked, now = self._body(VerdictRequest), self.clock()
        given = self.cases.verdict(
            checked_id(record_id, "case"),
            asked.verdict,
            asked.reason_code,
            acting=acting_of(caller),
            now=now,
            note=asked.note,
        )
        return Response(render_given(given, now), content_type=JSON)

    def undo(self, caller: Caller, record_id: str) -> Response:
        """A verdict, taken back."""
        now = self.clock()
        return self._case(
            self.cases.take_back.undo(checked_id(record_id, "case"), acting=acting_of(caller), now=now), now
        )

    def reopen(self, caller: Caller, record_id: str) -> Response:
        """A case, open again."""
        now = self.clock()
        return self._case(
            self.cases.take_back.reopen(checked_id(record_id, "case"), acting=acting_of(caller), now=now), now
        )

    def appeal(self, caller: Caller, record_id: str) -> Response:
        """The case of an appeal."""
        asked, now = self._body(AppealRequest), self.clock()
        case = self.cases.appeal(
            checked_id(record_id, "case"), asked.statement, owner=caller.owner, by=f"key:{caller.key_id}", now=now
        )
        return self._case(case, now, 201)

    def _body(self, schema: type[_M]) -> _M:
        decoded = decode(read_body(request, limit=BODY_LIMIT, media_types=(JSON,)))
        return validate(schema, decoded, now=self.clock())

    @staticmethod
    def _case(case: Case, now: datetime, status: int = 200) -> Response:
        return Response(render_case(case, now), status, content_type=JSON)


def acting_of(caller: Caller) -> Acting:
    """A key that carries the scope ``review`` acts as a lead over its owner's cases."""
    role = Role.ADMIN if Scope.ADMIN in caller.scopes else Role.LEAD
    return Acting(name=f"key:{caller.key_id}", role=role, owner=caller.owner)
