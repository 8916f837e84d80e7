"""The endpoints about policies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import Response, request
from pydantic import BaseModel

from service.api.json_body import BODY_LIMIT, decode, read_body
from service.api.policy_answers import render_backtest, render_policies, render_policy
from service.api.schemas.policy import BackTestRequest, PolicyRequest, ReasonRequest
from service.api.validation import validate
from service.domain.caller import Caller
from service.domain.errors import NotFoundError
from service.usecases.policy_use_cases import PolicyUseCases
from service.usecases.ports_decisions import Period

_JSON = "application/json"
_HIGHEST = 2**31 - 1
_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class PolicyEndpoints:
    """The handlers; each takes the caller, already authenticated and allowed in."""

    policies: PolicyUseCases
    clock: Callable[[], datetime]

    def list(self, caller: Caller) -> Response:
        """Every version."""
        del caller
        versions = self.policies.versions
        return Response(render_policies(versions.all(), versions.history()), content_type=_JSON)

    def add(self, caller: Caller) -> Response:
        """Record a draft."""
        asked = self._asked(PolicyRequest)
        view = self.policies.versions.add(
            asked.document, reason=asked.reason, actor=f"key:{caller.key_id}", now=self.clock()
        )
        return Response(render_policy(view), 201, content_type=_JSON)

    def read(self, caller: Caller, version: str) -> Response:
        """One version."""
        del caller
        return Response(render_policy(self.policies.versions.get(_number(version))), content_type=_JSON)

    def backtest(self, caller: Caller, version: str) -> Response:
        """Replay recorded decisions under it."""
        number, asked = _number(version), self._asked(BackTestRequest)
        period = Period(since=asked.since, before=asked.before, limit=asked.limit)
        record, _ = self.policies.backtest(number, period, actor=f"key:{caller.key_id}", now=self.clock())
        return Response(render_backtest(record), content_type=_JSON)

    def activate(self, caller: Caller, version: str) -> Response:
        """Bring it into force."""
        number, asked = _number(version), self._asked(ReasonRequest)
        view = self.policies.versions.activate(
            number, reason=asked.reason, actor=f"key:{caller.key_id}", now=self.clock()
        )
        return Response(render_policy(view), content_type=_JSON)

    def roll_back(self, caller: Caller, version: str) -> Response:
        """Leave it for the one before."""
        number, asked = _number(version), self._asked(ReasonRequest)
        view = self.policies.versions.roll_back(
            number, reason=asked.reason, actor=f"key:{caller.key_id}", now=self.clock()
        )
        return Response(render_policy(view), content_type=_JSON)

    def _asked(self, schema: type[_M]) -> _M:
        decoded = decode(read_body(request, limit=BODY_LIMIT, media_types=(_JSON,)))
        return validate(schema, decoded, now=self.clock())


def _number(version: str) -> int:
    """A number that cannot be a version is as unknown as any other."""
    if not (version.isascii() and version.isdecimal()) or not 1 <= int(version[:20]) <= _HIGHEST:
        raise NotFoundError("There is no such policy version.")
    return int(version)
