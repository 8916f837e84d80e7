"""The HTTP API as one Flask blueprint: routes the declared operations to their handlers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from enum import StrEnum

from flask import Blueprint, Response, request

from service.api.accounts import AccountEndpoint
from service.api.attacks import AttackEndpoints
from service.api.batch import BatchEndpoint
from service.api.case_operations import CaseOperation
from service.api.cases import CaseEndpoints
from service.api.challenges import ChallengeEndpoints
from service.api.cluster_operations import ClusterOperation
from service.api.clusters import ClusterEndpoints
from service.api.declared import Declared, Operation
from service.api.dependencies import ApiDependencies
from service.api.docs import docs_asset, docs_page
from service.api.health import Readiness
from service.api.list_operations import ListOperation
from service.api.lists import ListEndpoints
from service.api.model_operations import ModelOperation
from service.api.model_registry import ModelEndpoints
from service.api.openapi import openapi_json
from service.api.operations import OPERATIONS
from service.api.outcome_operations import OutcomeOperation
from service.api.outcomes import OutcomeEndpoints
from service.api.paths import JSON
from service.api.policies import PolicyEndpoints
from service.api.policy_operations import PolicyOperation
from service.api.signups import SignupEndpoints
from service.api.webhooks import WebhookHandlers
from service.domain.caller import Caller
from service.domain.errors import UnauthenticatedError

# The caller comes first; a path's parameters follow by name.
Handler = Callable[..., Response]

_PARAMETER = re.compile(r"\{([a-z_]+)\}")
_RENAMED = {"id": "record_id", "list": "list_name"}


def create_api(deps: ApiDependencies) -> Blueprint:
    """The endpoints of DESIGN's version 1 over these use cases; ``service.web.install_web`` answers its errors."""
    api = Blueprint("api", __name__)
    signups, webhooks = SignupEndpoints(deps), WebhookHandlers(deps)
    policies = PolicyEndpoints(deps.policies, deps.clock)
    models = ModelEndpoints(deps.models, deps.clock)
    lists = ListEndpoints(deps.lists, deps.clock)
    challenges = ChallengeEndpoints(deps)
    cases = CaseEndpoints(deps.cases, deps.clock)
    clusters = ClusterEndpoints(deps.clusters, deps.clock)
    outcomes = OutcomeEndpoints(deps.outcomes, deps.clock)
    handlers: dict[StrEnum, Handler] = {
        Operation.CREATE_SIGNUP: signups.create,
        Operation.CREATE_SIGNUPS: BatchEndpoint(signups).create,
        Operation.SEARCH_SIGNUPS: signups.search,
        Operation.READ_SIGNUP: signups.read,
        Operation.REASSESS_SIGNUP: signups.reassess,
        Operation.REPORT_ACCOUNT: AccountEndpoint(deps).report,
        Operation.CREATE_WEBHOOK: webhooks.create,
        Operation.LIST_WEBHOOKS: webhooks.all,
        Operation.READ_WEBHOOK: webhooks.read,
        Operation.CHANGE_WEBHOOK: webhooks.change,
        Operation.REMOVE_WEBHOOK: webhooks.remove,
        Operation.ROTATE_WEBHOOK: webhooks.rotate,
        Operation.TEST_WEBHOOK: webhooks.test,
        Operation.LIST_DELIVERIES: webhooks.deliveries,
        Operation.REPLAY_DELIVERIES: webhooks.replay,
        PolicyOperation.LIST: policies.list,
        PolicyOperation.ADD: policies.add,
        PolicyOperation.READ: policies.read,
        PolicyOperation.BACKTEST: policies.backtest,
        PolicyOperation.ACTIVATE: policies.activate,
        PolicyOperation.ROLL_BACK: policies.roll_back,
        ModelOperation.LIST: models.list,
        ModelOperation.READ: models.read,
        ModelOperation.START_SHADOW: models.start_shadow,
        ModelOperation.STOP_SHADOW: models.stop_shadow,
        ModelOperation.PROMOTE: models.promote,
        ModelOperation.ROLL_BACK: models.roll_back,
        ListOperation.LIST: lists.list,
        ListOperation.ADD: lists.add,
        ListOperation.IMPORT: lists.load,
        ListOperation.REMOVE: lists.remove,
        Operation.REPORT_CHALLENGE: challenges.result,
        Operation.ENTER_CODE: challenges.code,
        Operation.RESEND_CODE: challenges.resend,
        CaseOperation.LIST: cases.list,
        CaseOperation.OPEN: cases.open,
        CaseOperation.CLAIM_NEXT: cases.claim_next,
        CaseOperation.READ: cases.read,
        CaseOperation.CLAIM: cases.claim,
        CaseOperation.EXTEND: cases.extend,
        CaseOperation.RELEASE: cases.release,
        CaseOperation.ASSIGN: cases.assign,
        CaseOperation.ESCALATE: cases.escalate,
        CaseOperation.SNOOZE: cases.snooze,
        CaseOperation.NOTE: cases.note,
        CaseOperation.VERDICT: cases.verdict,
        CaseOperation.UNDO: cases.undo,
        CaseOperation.REOPEN: cases.reopen,
        CaseOperation.APPEAL: cases.appeal,
        OutcomeOperation.RECORD: outcomes.record,
        ClusterOperation.READ: clusters.read,
        ClusterOperation.PREVIEW: clusters.preview,
        ClusterOperation.CONTAIN: clusters.contain,
        ClusterOperation.RELEASE: clusters.release,
        ClusterOperation.CUT: clusters.cut,
        ClusterOperation.LEARN: clusters.learn,
        Operation.LIST_ATTACKS: AttackEndpoints(deps.attacks).list,
    }
    for declared in OPERATIONS:
        api.add_url_rule(
            _PARAMETER.sub(lambda found: f"<{_RENAMED.get(found[1], found[1])}>", declared.path),
            endpoint=declared.operation.value,
            view_func=_guarded(declared, handlers[declared.operation], deps.authenticate),
            methods=[declared.method],
        )
    _add_open_routes(api, deps)
    return api


def _guarded(declared: Declared, handler: Handler, authenticate: Callable[[str], Caller]) -> Callable[..., Response]:
    """The handler behind the door: an API key first, then its scope, before a byte of the body is read."""

    def view(**parameters: str) -> Response:
        caller = authenticate(_bearer_token())
        caller.require(declared.scope)
        return handler(caller, **parameters)

    return view


def _bearer_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError("Send an API key as 'Authorization: Bearer gh_<id>_<secret>'.")
    return token.strip()


def _add_open_routes(api: Blueprint, deps: ApiDependencies) -> None:
    """What anybody may ask: health, figures, documentation."""
    readiness = Readiness(deps.readiness, time.monotonic)
    document = openapi_json(deps.version)

    def livez() -> Response:
        return Response(b'{"status":"live"}', content_type=JSON)

    def readyz() -> Response:
        status, body = readiness()
        return Response(body, status, content_type=JSON)

    def metrics() -> Response:
        body, content_type = deps.metrics()
        return Response(body, content_type=content_type)

    def openapi() -> Response:
        return Response(document, content_type=JSON)

    for path, view in (("/livez", livez), ("/readyz", readyz), ("/metrics", metrics), ("/openapi.json", openapi)):
        api.add_url_rule(path, endpoint=view.__name__, view_func=view, methods=["GET"])
    api.add_url_rule("/docs", endpoint="docs", view_func=docs_page, methods=["GET"])
    api.add_url_rule("/docs/<name>", endpoint="docs_asset", view_func=docs_asset, methods=["GET"])
