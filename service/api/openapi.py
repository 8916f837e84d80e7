"""The OpenAPI 3.1 document, generated from the operations and the types that validate."""

from __future__ import annotations

import json
from functools import cache
from typing import Any  # an OpenAPI document is JSON

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.api.declared import Declared
from service.api.operations import OPERATIONS
from service.api.schemas.decision import DecisionAnswer
from service.api.schemas.examples import DECISION_EXAMPLE, PROBLEM_EXAMPLE, SIGNUP_EXAMPLE
from service.api.schemas.problem import ProblemAnswer
from service.api.schemas.signup import SignupRequest
from service.domain.caller import Scope
from service.domain.standing import ListName
from service.usecases.keep_lists import CSV_COLUMNS

Document = dict[str, Any]

_TAGS = tuple(dict.fromkeys(declared.tag for declared in OPERATIONS))
_REFERENCE = "#/components/schemas/{model}"
_PROBLEM_MEDIA = "application/problem+json"
_COMMON_PROBLEMS = (401, 403, 500, 503)
_PROBLEM_MEANINGS = {
    400: "Not JSON, or a header that cannot be understood.",
    401: "No API key, or none that is valid.",
    403: "The API key lacks the scope.",
    404: "There is no such thing, or not for this caller.",
    409: "It contradicts what is recorded, or the first request is still running.",
    413: "Too large.",
    415: "Another media type than the one asked for.",
    422: "Wrong fields, each named in `errors`.",
    429: "Asked too often, or too soon. Try again after `Retry-After` seconds.",
    500: "A mistake of ours; nothing was decided.",
    503: "The database cannot be used; nothing was decided. Try again after `Retry-After` seconds.",
}
_EXAMPLES: dict[type, Document] = {SignupRequest: SIGNUP_EXAMPLE, DecisionAnswer: DECISION_EXAMPLE}
_LINK = (
    '`<…>; rel="help"`: a page for the person, unless they were allowed: what is asked of them, or in safe words why '
    "they were held or declined, and how to reach a human. Send them there."
)
_REQUEST_ID = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    "description": "An id for logs; one is made if it is missing or not of this form.",
    "schema": {"type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body get the same bytes, for at least 7 days; another body gets 422.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The id, as an answer carried it.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9_-]+$"},
}
_PATH_PARAMETERS: dict[str, Document] = {
    "id": _ID,
    "version": {
        "name": "version",
        "in": "path",
        "required": True,
        "description": "The number of the policy version.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 2147483647},
    },
    "list": {
        "name": "list",
        "in": "path",
        "required": True,
        "description": "Which list.",
        "schema": {"type": "string", "enum": [name.value for name in ListName]},
    },
}
_DESCRIPTION = (
    "Gatehouse decides how far to trust a new educational or research account, and remembers why. Errors are "
    "`application/problem+json` (RFC 9457). A field the schema does not know is refused."
)


@cache
def openapi_json(version: str) -> bytes:
    """The whole document as it is sent: to build it takes a third of a second, which a process spends once."""
    return json.dumps(openapi_document(version)).encode()


def openapi_document(version: str) -> Document:
    """The whole document, as JSON."""
    paths: Document = {}
    for declared in OPERATIONS:
        paths.setdefault(declared.path, {})[declared.method.lower()] = _operation(declared)
    paths.update(_open_paths())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gatehouse",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"apiKey": []}],
        "tags": [{"name": tag} for tag in (*dict.fromkeys(each.tag for each in OPERATIONS), "operation")],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "gh_<id>_<secret>",
                    "description": "An API key. Scopes: " + ", ".join(Scope) + ".",
                }
            },
        },
    }


def _schemas() -> Document:
    wanted: set[type] = {ProblemAnswer}
    for declared in OPERATIONS:
        wanted.update(schema for _, schema in declared.answers.values())
        wanted.update(each for each in (declared.request, declared.query) if each is not None)
    models = [(model, "validation") for model in sorted(wanted, key=lambda each: each.__name__)]
    _, definitions = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]  # mode is a literal
    schemas: Document = definitions["$defs"]
    for schema, example in _EXAMPLES.items():
        schemas[schema.__name__]["examples"] = [example]
    return schemas


def _reference(schema: type) -> Document:
    return {"$ref": _REFERENCE.format(model=schema.__name__)}


def _operation(declared: Declared) -> Document:
    parameters = [_REQUEST_ID]
    parameters.extend(each for name, each in _PATH_PARAMETERS.items() if f"{{{name}}}" in declared.path)
    if declared.takes_key:
        parameters.append(_IDEMPOTENCY_KEY)
    if declared.query is not None:
        parameters.extend(_query_parameters(declared.query))
    operation: Document = {
        "operationId": declared.operation.value,
        "tags": [declared.tag],
        "summary": declared.summary,
        "description": f"{declared.description}\n\nScope: `{declared.scope}`.",
        "parameters": parameters,
        "responses": _responses(declared),
    }
    if declared.takes_csv:
        described = {"type": "string", "description": f"CSV with the columns {', '.join(CSV_COLUMNS)}"}
        operation["requestBody"] = {"required": True, "content": {"text/csv": {"schema": described}}}
    if declared.request is not None:
        operation["requestBody"] = {"required": True, "content": _content(declared, declared.request)}
    return operation


def _query_parameters(schema: type[BaseModel]) -> list[Document]:
    """Every field of the schema as a parameter of its own; each is optional and bounded."""
    described = schema.model_json_schema(ref_template=_REFERENCE)
    definitions = described.get("$defs", {})
    parameters = []
    for name, field in described["properties"].items():
        plain = {key: value for key, value in field.items() if key not in {"title", "default", "anyOf"}}
        kinds = [each for each in field.get("anyOf", []) if each.get("type") != "null"]
        wanted = {**plain, **(kinds[0] if kinds else {})}
        reference = wanted.pop("$ref", None)
        if reference is not None:
            wanted = {**definitions[reference.rsplit("/", 1)[-1]], **wanted}
        description = wanted.pop("description", "")
        parameters.append(
            {"name": name, "in": "query", "required": False, "description": description, "schema": wanted}
        )
    return parameters


def _content(declared: Declared, schema: type) -> Document:
    if declared.lines:
        # OpenAPI 3.1 cannot describe lines; the text names the schema of each.
        text = f"JSON lines, each a `{schema.__name__}`"
        return {"application/x-ndjson": {"schema": {"type": "string", "description": text}}}
    return {"application/json": {"schema": _reference(schema)}}


def _responses(declared: Declared) -> Document:
    responses: Document = {}
    for status, (meaning, schema) in declared.answers.items():
        responses[str(status)] = {
            "description": meaning,
            "headers": {"X-Request-Id": {"schema": {"type": "string"}}},
            "content": _content(declared, schema),
        }
        if declared.links:
            responses[str(status)]["headers"]["Link"] = {"description": _LINK, "schema": {"type": "string"}}
        if declared.takes_key and status == 200:
            responses["200"]["headers"]["Idempotent-Replayed"] = {"schema": {"const": "true"}}
    for status in sorted({*declared.problems, *_COMMON_PROBLEMS}):
        responses[str(status)] = _problem(status)
    return responses


def _problem(status: int) -> Document:
    problem: Document = {
        "description": _PROBLEM_MEANINGS[status],
        "headers": {"X-Request-Id": {"schema": {"type": "string"}}},
        "content": {_PROBLEM_MEDIA: {"schema": _reference(ProblemAnswer)}},
    }
    if status == 401:
        problem["headers"]["WWW-Authenticate"] = {"schema": {"type": "string"}}
    if status in {429, 503}:
        problem["headers"]["Retry-After"] = {"schema": {"type": "integer"}}
    if status == 422:
        problem["content"][_PROBLEM_MEDIA]["example"] = PROBLEM_EXAMPLE
    return problem


def _open_paths() -> Document:
    """What anybody may ask."""
    return {
        "/livez": {"get": _open("live", "Is the process up?", {"200": "It is."}, "application/json")},
        "/readyz": {
            "get": _open(
                "ready",
                "Can it decide and record?",
                {"200": "It can, perhaps degraded; `status` says so.", "503": "It cannot."},
                "application/json",
            )
        },
        "/metrics": {"get": _open("metrics", "Figures for Prometheus", {"200": "The exposition."}, "text/plain")},
        "/openapi.json": {"get": _open("openapi", "This document", {"200": "OpenAPI 3.1."}, "application/json")},
    }


def _open(name: str, summary: str, answers: dict[str, str], media_type: str) -> Document:
    schema = {"type": "object"} if media_type == "application/json" else {"type": "string"}
    return {
        "operationId": name,
        "tags": ["operation"],
        "summary": summary,
        "security": [],
        "responses": {
            status: {"description": meaning, "content": {media_type: {"schema": schema}}}
            for status, meaning in answers.items()
        },
    }
