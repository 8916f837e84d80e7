"""The endpoint that is told what became of an attempt."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from service.api.answers import render_signup
from service.api.dependencies import ApiDependencies
from service.api.json_body import BODY_LIMIT, decode, read_body
from service.api.paths import JSON, checked_id
from service.api.schemas.account import AccountRequest
from service.api.validation import validate
from service.domain.caller import Caller


@dataclass(frozen=True, slots=True)
class AccountEndpoint:
    """The handler; it takes the caller, already authenticated and allowed in."""

    deps: ApiDependencies

    def report(self, caller: Caller, record_id: str) -> Response:
        """Record the report, and answer with the sign-up as it stands."""
        checked = checked_id(record_id, "sign-up")
        now = self.deps.clock()
        decoded = decode(read_body(request, limit=BODY_LIMIT, media_types=(JSON,)))
        account = validate(AccountRequest, decoded, now=now).to_account(now)
        self.deps.report_account(checked, account, caller=caller, now=now)
        body = self.deps.open_links(render_signup(self.deps.read(checked, caller=caller)))
        return Response(body, content_type=JSON)
