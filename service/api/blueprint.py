"""The HTTP API as one Flask blueprint: routes the declared operations to their handlers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from flask import Blueprint, Response, request

from service.api.attacks import AttackEndpoints
from service.api.batch import BatchEndpoint
from service.api.dependencies import ApiDependencies
from service.api.docs import docs_asset, docs_page
from service.api.health import Readiness
from service.api.openapi import openapi_document
from service.api.operations import OPERATIONS, Declared, Operation
from service.api.signups import JSON, SignupEndpoints
from service.domain.caller import Caller
from service.domain.errors import UnauthenticatedError

# The caller comes first; a path's parameters follow by name.
Handler = Callable[..., Response]


def create_api(deps: ApiDependencies) -> Blueprint:
    """The endpoints of DESIGN's version 1 over these use cases; ``service.web.install_web`` answers its errors."""
    api = Blueprint("api", __name__)
    signups = SignupEndpoints(deps)
    handlers: dict[Operation, Handler] = {
        Operation.CREATE_SIGNUP: signups.create,
        Operation.CREATE_SIGNUPS: BatchEndpoint(signups).create,
        Operation.SEARCH_SIGNUPS: signups.search,
        Operation.READ_SIGNUP: signups.read,
        Operation.REASSESS_SIGNUP: signups.reassess,
        Operation.LIST_ATTACKS: AttackEndpoints(deps.attacks).list,
    }
    for declared in OPERATIONS:
        api.add_url_rule(
            declared.path.replace("{id}", "<record_id>"),
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
    document = json.dumps(openapi_document(deps.version)).encode()

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
