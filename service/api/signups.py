"""The endpoints about one sign-up, and the search for many."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from flask import Response, request

from service.api.answers import render_page, render_signup
from service.api.card_numbers import holds_card_number
from service.api.dependencies import ApiDependencies
from service.api.json_body import BODY_LIMIT, Decoded, decode, read_body
from service.api.paths import JSON, checked_id
from service.api.schemas.search import SearchRequest, cursor_of
from service.api.schemas.signup import SignupRequest
from service.api.validation import validate
from service.domain.caller import Caller
from service.domain.errors import CardNumberError
from service.usecases.ports_idempotency import IdempotencyClaim
from service.usecases.views import Answer, SignupView
from service.web import BAD_REQUEST, RefusedError

SIGNUPS = "/v1/signups"
REPLAYED_HEADER = "Idempotent-Replayed"
KEY_HEADER = "Idempotency-Key"
# Printable ASCII, as the IETF draft's structured strings are; quotes around them are part of the key.
_KEY = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class SignupEndpoints:
    """The handlers; each takes the caller, already authenticated and allowed in."""

    deps: ApiDependencies

    def create(self, caller: Caller) -> Response:
        """Assess and record a sign-up."""
        key = _idempotency_key()
        decoded = decode(read_body(request, limit=BODY_LIMIT, media_types=(JSON,)))
        answer = self.assess(decoded, caller, self.deps.clock(), key=key)
        response = self._linked(answer.body, answer.status)
        if answer.replayed:
            response.headers[REPLAYED_HEADER] = "true"
        return response

    def assess(self, decoded: Decoded, caller: Caller, now: datetime, *, key: str | None = None) -> Answer:
        """The answer for one decoded sign-up, from a body or a line of a batch."""
        signup = validate(SignupRequest, decoded, now=now).to_signup(now)
        fingerprint = self.deps.fingerprint("POST", SIGNUPS, decoded.canonical())
        if key is None:
            return self.deps.assess(signup, caller=caller, now=now, fingerprint=fingerprint)
        claim = IdempotencyClaim(caller.owner, key, fingerprint.newest)
        return self.deps.answer_once(
            claim,
            lambda: self.deps.assess(signup, caller=caller, now=now, fingerprint=fingerprint, claim=claim),
            fingerprint=fingerprint,
            now=now,
        )

    def read(self, caller: Caller, record_id: str) -> Response:
        """The decision as it stands, and its history."""
        return self._signup_response(self.deps.read(checked_id(record_id, "sign-up"), caller=caller))

    def reassess(self, caller: Caller, record_id: str) -> Response:
        """Score again with today's history, model and policy."""
        view = self.deps.reassess(checked_id(record_id, "sign-up"), caller=caller, now=self.deps.clock())
        return self._signup_response(view)

    def search(self, caller: Caller) -> Response:
        """One page of the caller's sign-ups."""
        decoded = decode(read_body(request, limit=BODY_LIMIT, media_types=(JSON,)))
        now = self.deps.clock()
        criteria = validate(SearchRequest, decoded, now=now).to_criteria()
        page = self.deps.search(criteria, caller=caller, now=now)
        next_cursor = None if page.next_no is None else cursor_of(page.next_no)
        return Response(render_page(page, next_cursor), content_type=JSON)

    def _signup_response(self, view: SignupView) -> Response:
        return self._linked(render_signup(view))

    def _linked(self, rendered: bytes, status: int = 200) -> Response:
        """The answer with its links opened, and the person's page in a header whatever was decided but ``allow``."""
        body = self.deps.open_links(rendered)
        response = Response(body, status, content_type=JSON)
        page = self.deps.help_link(body)
        if page is not None:
            response.headers["Link"] = f'<{page}>; rel="help"'
        return response


def _idempotency_key() -> str | None:
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return None
    if _KEY.fullmatch(key) is None:
        raise RefusedError(BAD_REQUEST, f"{KEY_HEADER} must be 1 to 255 printable ASCII characters.")
    if holds_card_number(key):
        raise CardNumberError(f"A card number was sent as {KEY_HEADER}. It was neither stored nor logged.")
    return key
