"""The endpoints about one challenge."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from service.api.dependencies import ApiDependencies
from service.api.json_body import BODY_LIMIT, Decoded, decode, read_body
from service.api.page_links import sealed
from service.api.paths import JSON, checked_id
from service.api.schemas.challenge import ChallengeStateAnswer, CodeRequest, ResendRequest, ResultRequest
from service.api.validation import validate
from service.domain.caller import Caller
from service.usecases.answer_challenge import Answer

WHAT = "challenge"


@dataclass(frozen=True, slots=True)
class ChallengeEndpoints:
    """The handlers; each takes the caller, already authenticated and allowed in."""

    deps: ApiDependencies

    def result(self, caller: Caller, record_id: str) -> Response:
        """The result of a method that the caller ran."""
        now = self.deps.clock()
        sent = validate(ResultRequest, _body(), now=now)
        return self._response(
            self.deps.challenges.result(
                checked_id(record_id, WHAT), sent.outcome, sent.values(), caller=caller, now=now
            )
        )

    def code(self, caller: Caller, record_id: str) -> Response:
        """The code that a person typed into a page of the caller's."""
        now = self.deps.clock()
        sent = validate(CodeRequest, _body(), now=now)
        return self._response(self.deps.challenges.code(checked_id(record_id, WHAT), sent.code, caller=caller, now=now))

    def resend(self, caller: Caller, record_id: str) -> Response:
        """Another code."""
        now = self.deps.clock()
        sent = validate(ResendRequest, _body(), now=now)
        return self._response(
            self.deps.challenges.resend(checked_id(record_id, WHAT), sent.email, caller=caller, now=now)
        )

    def _response(self, answer: Answer) -> Response:
        challenge, step_up = answer.challenge, answer.step_up
        body = ChallengeStateAnswer(
            id=challenge.id,
            method=challenge.method,
            status=challenge.status,
            accepted=answer.accepted,
            expires_at=challenge.expires_at,
            tries_left=challenge.tries_left,
            sends_left=challenge.sends_left,
            url=sealed(step_up.page.version, step_up.record_id),
            signup=step_up.record_id,
            pending=len(step_up.pending),
        )
        return Response(self.deps.open_links(body.model_dump_json().encode()), content_type=JSON)


def _body() -> Decoded:
    return decode(read_body(request, limit=BODY_LIMIT, media_types=(JSON,)))
