"""The endpoint for what turned out to be true: one outcome, or a list whose entries are answered one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Response, request

from service.api.json_body import Decoded, decode, entries_of, read_body
from service.api.outcome_answers import recorded_answer
from service.api.paths import JSON
from service.api.schemas.outcome import MOST, OutcomeLineAnswer, OutcomeLinesAnswer, OutcomeRequest
from service.api.schemas.problem import ProblemAnswer
from service.api.validation import validate
from service.domain.caller import Caller
from service.domain.errors import FieldError, InvalidError
from service.usecases.record_outcome import RecordOutcome, Spoken
from service.web import problem_of

LIST_LIMIT = 1024 * 1024
"""A thousand outcomes with every field filled are some 400 KB."""
_CREATED, _OK, _MULTI_STATUS = 201, 200, 207


@dataclass(frozen=True, slots=True)
class OutcomeEndpoints:
    """The handler; it takes the caller, already authenticated and allowed in."""

    outcomes: RecordOutcome
    clock: Callable[[], datetime]

    def record(self, caller: Caller) -> Response:
        """Record what is said."""
        decoded = decode(read_body(request, limit=LIST_LIMIT, media_types=(JSON,)))
        if not isinstance(decoded.document, list):
            spoken = self._said(decoded, caller)
            body = recorded_answer(spoken).model_dump_json()
            return Response(body, _CREATED if spoken.new else _OK, content_type=JSON)
        if not 1 <= len(decoded.document) <= MOST:
            raise InvalidError("The list is empty or too long.", (FieldError("", f"must have 1 to {MOST:,} entries"),))
        items = tuple(self._line(entry, caller) for entry in entries_of(decoded))
        return Response(OutcomeLinesAnswer(items=items).model_dump_json(), _MULTI_STATUS, content_type=JSON)

    def _said(self, decoded: Decoded, caller: Caller) -> Spoken:
        now = self.clock()  # of a list each entry has its own: the last is recorded seconds after the first
        asked = validate(OutcomeRequest, decoded, now=now)
        return self.outcomes(asked.signup_id, asked.to_statement(), caller=caller, now=now)

    def _line(self, entry: Decoded, caller: Caller) -> OutcomeLineAnswer:
        try:
            spoken = self._said(entry, caller)
        except Exception as error:
            problem = problem_of(error)
            return OutcomeLineAnswer(
                status=problem.kind.status, outcome=None, problem=ProblemAnswer.model_validate_json(problem.body())
            )
        return OutcomeLineAnswer(status=_CREATED if spoken.new else _OK, outcome=recorded_answer(spoken), problem=None)
