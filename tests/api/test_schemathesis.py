"""Generated requests, valid and not, find no answer that the OpenAPI document does not declare."""

from __future__ import annotations

from functools import cache

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models import registry
from service.api.operations import OPERATIONS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPEN = [("GET", "/livez"), ("GET", "/readyz"), ("GET", "/openapi.json"), ("GET", "/metrics")]


@schemathesis.serializer("application/x-ndjson")
def _lines(_context, value):
    """A generated text as it is: nearly always lines that are wrong, answered in place."""
    return str(value).encode()


@pytest.fixture(scope="module", autouse=True)
def _card_read_once():
    """The shipped model's card is read for every answer about models: a fiftieth of a second, a thousand times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "baseline_card", cache(registry.baseline_card))
        yield


@pytest.fixture(scope="module")
def schema(module_api):
    return schemathesis.openapi.from_wsgi("/openapi.json", module_api.app)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
@pytest.mark.parametrize(("method", "path"), [(each.method, each.path) for each in OPERATIONS])
def test_no_answer_is_undeclared(module_api, schema, method, path, mode):
    operation = schema[path][method]

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):  # the header is a caller's own business; a valid key lets the request reach the endpoint
        headers = {"Authorization": f"Bearer {module_api.token}"}
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()


@pytest.mark.parametrize(("method", "path"), OPEN)
def test_no_open_answer_is_undeclared(schema, method, path):
    schema[path][method].Case().call_and_validate(checks=CHECKS)
