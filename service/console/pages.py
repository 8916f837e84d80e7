"""How a page is rendered, and how it says that something went wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any  # what a template is told

from flask import Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from service.console.door import current
from service.domain.decision import Decision
from service.domain.errors import GatehouseError, InvalidError
from service.domain.policy import Policy
from service.domain.reviewer import Role
from service.web import PROBLEM_JSON, problem_of, request_id

HTML = "text/html; charset=utf-8"

SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

# Which pages the navigation shows, and from which role on.
NAVIGATION = (
    ("queue", "Queue", Role.REVIEWER),
    ("clusters", "Clusters", Role.REVIEWER),
    ("search", "Search", Role.REVIEWER),
    ("overview", "Overview", Role.REVIEWER),
    ("policy", "Policy", Role.REVIEWER),
    ("models", "Models", Role.REVIEWER),
    ("lists", "Lists", Role.REVIEWER),
    ("audit", "Audit", Role.LEAD),
    ("people", "People and keys", Role.ADMIN),
)


def page(template: str, *, now: datetime, status: int = 200, **told: Any) -> Response:
    """One page of the console."""
    who = current()
    shown = () if who is None else tuple(each for each in NAVIGATION if who.acting.role.covers(each[2]))
    body = render_template(template, now=now, who=who, navigation=shown, request_id=request_id(), **told)
    return Response(body, status, content_type=HTML)


def error_page(error: Exception, now: datetime) -> AnyResponse:
    """What went wrong, in the words of the error, and the id to name when asking for help."""
    problem = problem_of(error)
    if request.accept_mimetypes.best == PROBLEM_JSON:
        return Response(problem.body(), problem.kind.status, content_type=PROBLEM_JSON)
    return page(
        "error.html",
        now=now,
        status=problem.kind.status,
        title=problem.kind.title,
        detail=problem.detail or "",
        fields=problem.errors,
    )


def words_of(error: GatehouseError) -> str:
    """What went wrong in one sentence, every wrong field named."""
    fields = error.errors if isinstance(error, InvalidError) else ()
    named = "; ".join(f"{each.pointer.strip('/')} {each.message}" for each in fields)
    return f"{error} {named}".strip()


def lines_of(policy: Policy, account_type: str) -> tuple[tuple[str, float], ...]:
    """The policy's lines for an account type, mildest first."""
    thresholds = next(each for kind, each in policy.document.thresholds.items() if kind.value == account_type)
    lines = [(Decision.STEP_UP.value, thresholds.step_up), (Decision.REVIEW.value, thresholds.review)]
    if thresholds.deny is not None:
        lines.append((Decision.DENY.value, thresholds.deny))
    return tuple(lines)
