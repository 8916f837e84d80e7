"""The OpenAPI document is valid, complete and shows what the service really does."""

from __future__ import annotations

import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from service.api.operations import OPERATIONS
from service.api.schemas.examples import DECISION_EXAMPLE, PROBLEM_EXAMPLE, SIGNUP_EXAMPLE

RENAMED = {"record_id": "id", "list_name": "list"}


@pytest.fixture
def document(api) -> dict:
    return api.client.get("/openapi.json").get_json()


def _validator(document: dict, name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


def test_the_document_is_valid_openapi_3_1(document):
    validate(document)

    assert document["openapi"].startswith("3.1")


def test_every_route_is_documented_and_every_documented_one_exists(api, document):
    routed = {
        (method, re.sub("<([a-z_]+)>", lambda found: f"{{{RENAMED.get(found[1], found[1])}}}", rule.rule))
        for rule in api.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith("/docs")
    }

    assert routed == {(method.upper(), path) for path, item in document["paths"].items() for method in item}


def test_every_guarded_operation_declares_its_problems(document):
    for declared in OPERATIONS:
        responses = document["paths"][declared.path][declared.method.lower()]["responses"]
        for status in ("401", "403", "500", "503"):
            assert "application/problem+json" in responses[status]["content"]


def test_a_key_is_asked_for_everywhere_but_where_anybody_may_ask(document):
    assert document["security"] == [{"apiKey": []}]
    open_paths = {
        path for path, item in document["paths"].items() for each in item.values() if each.get("security") == []
    }
    assert open_paths == {"/livez", "/readyz", "/metrics", "/openapi.json"}


@pytest.mark.parametrize(
    ("name", "example"),
    [("SignupRequest", SIGNUP_EXAMPLE), ("DecisionAnswer", DECISION_EXAMPLE), ("ProblemAnswer", PROBLEM_EXAMPLE)],
)
def test_the_examples_are_what_the_schemas_describe(document, name, example):
    assert list(_validator(document, name).iter_errors(example)) == []


def test_the_example_of_a_sign_up_is_accepted(api):
    assert api.post(json=SIGNUP_EXAMPLE).status_code == 201


def test_answers_are_what_the_schemas_describe(api, document):
    created = api.post(json=SIGNUP_EXAMPLE).get_json()
    refused = api.post(json={}).get_json()

    assert list(_validator(document, "DecisionAnswer").iter_errors(created)) == []
    assert (
        list(_validator(document, "SignupAnswer").iter_errors(api.get(f"/v1/signups/{created['id']}").get_json())) == []
    )
    assert list(_validator(document, "ProblemAnswer").iter_errors(refused)) == []


def test_every_field_of_a_sign_up_has_a_limit(document):
    unbounded = [
        f"{name}.{field}"
        for name in (
            "SignupRequest",
            "Identity",
            "Institution",
            "Sponsor",
            "Payment",
            "Device",
            "Behaviour",
            "NetworkReport",
        )
        for field, schema in document["components"]["schemas"][name]["properties"].items()
        for each in schema.get("anyOf", [schema])
        if each.get("type") == "string" and not {"maxLength", "pattern", "format", "enum"} & set(each)
    ]

    assert unbounded == []
