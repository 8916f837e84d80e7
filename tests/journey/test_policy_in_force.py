"""What the policy and the lists say reaches a decision over HTTP, is recorded, and is told to the sign-up flow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from service.app import new_id
from service.domain.policy import default_policy_text
from service.domain.standing import ListName
from service.usecases.keep_lists import KeepLists, NewEntry

Make = Callable[..., dict[str, Any]]

RULES = """
[[rules]]
id = "quiet"
when = "score >= 0.0"
at_least = "deny"
reason = "QUIET"
text = "A sentence."
state = "silent"

[[rules]]
id = "broken"
when = "signup.custom.campaign > 3"
at_least = "deny"
reason = "BROKEN"
text = "A sentence."
"""


@pytest.fixture
def listed(service: Any) -> Callable[..., str]:
    """Puts a value on a list of the service, before its first decision reads them."""

    def add(name: str, kind: str, value: str) -> str:
        keep = KeepLists(service.parts.store.begin, lambda: service.parts.reference, new_id)
        new = NewEntry(kind=kind, value=value, reason="a reason", owner="trust team")
        return keep.add(ListName(name), new, actor="ada", now=datetime.now(UTC)).id

    return add


@pytest.mark.parametrize(
    ("name", "decision", "code"),
    [("block", "deny", "BLOCK_LISTED"), ("allow", "allow", "ALLOW_LISTED"), ("exempt", "allow", "EXEMPT_LISTED")],
)
def test_a_listed_mail_domain_decides_with_a_reason_and_is_recorded(
    *, service: Any, make_document: Make, listed: Callable[..., str], name: str, decision: str, code: str
) -> None:
    entry_id = listed(name, "email_domain", "mailinator.com")

    answer = service.sign_up(make_document()).get_json()

    assert answer["decision"] == decision
    assert code in [reason["code"] for reason in answer["reasons"]]
    read = service.client.get(f"/v1/signups/{answer['id']}", headers=service.headers).get_json()
    assert read["history"][0]["lists"] == [{"list": name, "kind": "email_domain", "entry_id": entry_id}]
    [record] = service.records()
    assert [hit.entry_id for hit in record.assessments[0].hits] == [entry_id]


def test_silent_and_failing_rules_decide_nothing_are_recorded_and_counted(service: Any, make_document: Make) -> None:
    now = datetime.now(UTC)
    with service.parts.store.begin() as work:
        work.policies.add(default_policy_text() + RULES, at=now, by="ada", reason="try", activate=True)
        work.commit()

    answer = service.sign_up(make_document() | {"custom": {"campaign": "spring"}}).get_json()

    assert answer["decision"] in {"step_up", "review"}
    [record] = service.records()
    [assessment] = record.assessments
    assert (assessment.silent_rules, assessment.failed_rules) == (("quiet",), ("broken",))
    assert "quiet" not in answer["rules"]
    assert 'gatehouse_rule_failures_total{rule="broken"} 1.0' in service.parts.metrics.exposition().decode()


def test_the_first_of_a_mail_domain_is_on_probation_and_the_event_says_so(service: Any, make_document: Make) -> None:
    document = make_document()
    document["email"] = "oriane.maupertuis@atelier-maupertuis.example"
    document["behaviour"] = {"form_seconds": 70.0, "keystrokes": 90}
    document["device"] = {"ip": "81.2.69.142", "device_id": "d-1"}

    answer = service.sign_up(document).get_json()

    assert answer["decision"] == "allow", answer
    grant = answer["grant"]
    assert (grant["tier"], grant["quota"]) == ("probation", 0.25)
    assert "MAIL_DOMAIN_FIRST" in [reason["code"] for reason in answer["reasons"]]
    with service.parts.store.begin() as work:
        (event,) = work.events.of_subject(answer["id"])
        (due,) = work.probations.due(datetime.fromisoformat(grant["until"]), limit=10)
    assert event.data["grant"]["tier"] == "probation"
    assert event.data["grant"]["until"] == grant["until"]
    assert due.record_id == answer["id"]
    again = service.client.post(f"/v1/signups/{answer['id']}/reassess", headers=service.headers).get_json()
    assert again["grant"] == grant  # looking again makes no probation longer
