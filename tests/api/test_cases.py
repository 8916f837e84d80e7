"""Cases over HTTP: who may see them, what every step answers, and how a refusal looks."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from service.domain.decision import Assessment, Decision, Reason
from service.storage.memory import MemoryStore
from service.usecases.gather_cases import GatherCases
from service.usecases.open_case import case_of_decision
from service.usecases.ports import NewRecord

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def api(store: MemoryStore, rebuilt_api: Callable[..., Any]) -> Any:
    return rebuilt_api(cases=store)


@pytest.fixture
def hold(store: MemoryStore, make_record: Callable[..., NewRecord]) -> Callable[..., dict[str, str]]:
    """Records a sign-up held for review; gives the ids of record and case."""
    from service.domain.policy_sections.review import ReviewPolicy

    def held(score: float = 0.8, owner: str = "campus", identifiers: tuple[Identifier, ...] = ()) -> dict[str, str]:
        assessment = Assessment(
            id="0",
            decided_at=NOW,
            decision=Decision.REVIEW,
            score=score,
            reasons=(Reason("DEVICE_SHARED", "linkage", "Shared.", 1.2),),
            rules=(),
            vector=None,
            signals={},
            linkage={},
            model=None,
            policy_version=3,
        )
        record = make_record(at=NOW, owner=owner, assessment=assessment, identifiers=identifiers)
        case = case_of_decision(
            assessment,
            owner=owner,
            record_id=record.id,
            account_type=record.signup.account_type,
            review=ReviewPolicy(blind_sample=0.0),
            now=NOW,
            new_id=lambda _: str(uuid.uuid4()),
        )
        assert case is not None
        with store.begin() as work:
            work.ledger.append(NewRecord(**{name: getattr(record, name) for name in record.__slots__} | {"case": case}))
            work.commit()
        return {"case": case.id, "record": record.id}

    return held


def test_the_scope_review_is_asked_for(api: Any, hold: Any) -> None:
    ids = hold()
    token = api.key("signups", "outcomes", "admin")

    assert api.get("/v1/cases", token=token).status_code == 403
    assert api.post("/v1/cases/claim", json={}, token=token).status_code == 403
    assert api.get(f"/v1/cases/{ids['case']}", token=token).status_code == 403


def test_a_case_is_claimed_judged_and_shown_with_its_history(api: Any, hold: Any) -> None:
    ids = hold()

    claimed = api.post("/v1/cases/claim", json={}).get_json()["case"]
    noted = api.post(f"/v1/cases/{ids['case']}/notes", json={"note": "Rang the registrar"})
    given = api.post(
        f"/v1/cases/{ids['case']}/verdict",
        json={"verdict": "reject", "reason_code": "LINKED_TO_FRAUD", "note": "Sure"},
    )
    shown = api.get(f"/v1/cases/{ids['case']}").get_json()

    assert (claimed["id"], claimed["state"], claimed["signup"]) == (ids["case"], "claimed", ids["record"])
    assert claimed["lease_until"] == "2026-11-23T10:30:00Z"
    assert (noted.status_code, noted.get_json()["text"]) == (201, "Rang the registrar")
    assert (given.status_code, given.get_json()["effect"]) == (200, "applied")
    assert (shown["state"], shown["verdict"], shown["reasons"]) == ("resolved", "reject", ["DEVICE_SHARED"])
    assert [note["text"] for note in shown["notes"]] == ["Rang the registrar", "Sure"]
    assert [step["action"] for step in shown["history"]] == ["case.claimed", "case.noted", "case.resolved"]
    assert [(each["before"], each["after"]) for each in shown["opinions"]] == [("review", "deny")]
    assert "registrar" not in str(shown["history"])


def test_two_keys_race_for_one_case_and_the_loser_is_told(api: Any, hold: Any) -> None:
    ids = hold()
    other = api.key("review")
    api.post("/v1/cases/claim", json={})

    assert api.post("/v1/cases/claim", json={}, token=other).get_json() == {"case": None}
    refused = api.post(f"/v1/cases/{ids['case']}/claim", token=other)
    verdict = api.post(
        f"/v1/cases/{ids['case']}/verdict", json={"verdict": "approve", "reason_code": "FALSE_ALARM"}, token=other
    )

    assert (refused.status_code, refused.get_json()["type"]) == (409, "urn:gatehouse:problem:conflict")
    assert "holds this case for another" in refused.get_json()["detail"]
    assert (verdict.status_code, "Your lease was lost" in verdict.get_json()["detail"]) == (409, True)


def test_those_behind_a_case_are_listed_by_it_and_not_in_the_queue(api: Any, hold: Any, store: MemoryStore) -> None:
    shared = (Identifier(IdentifierKind.DEVICE, "d"),)
    one, two, front = (hold(score=score, identifiers=shared)["case"] for score in (0.7, 0.8, 0.9))
    alone = hold(score=0.3)["case"]
    GatherCases(store.begin)(NOW)

    queue = api.get("/v1/cases").get_json()["items"]
    behind = api.get(f"/v1/cases?behind={front}").get_json()["items"]
    follower = api.get(f"/v1/cases/{one}").get_json()

    assert [(each["id"], each["size"], each["behind"]) for each in queue] == [(front, 3, None), (alone, 1, None)]
    assert [(each["id"], each["behind"]) for each in behind] == [(two, front), (one, front)]
    assert (follower["behind"], follower["state"], follower["size"]) == (front, "open", 1)
    assert api.get(f"/v1/cases?behind={alone}").get_json()["items"] == []
    assert api.get("/v1/cases?behind=%00").status_code == 422


def test_other_owners_cases_are_unknown(api: Any, hold: Any) -> None:
    foreign = hold(owner="another")

    assert api.get("/v1/cases").get_json()["items"] == []
    assert api.get(f"/v1/cases/{foreign['case']}").status_code == 404
    assert api.post("/v1/cases", json={"signup": foreign["record"]}).status_code == 404
    assert api.post(f"/v1/signups/{foreign['record']}/appeal", json={"statement": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"verdict": "approve"}, "/reason_code"),
        ({"verdict": "approve", "reason_code": "AUTOMATED"}, "/reason_code"),
        ({"verdict": "maybe", "reason_code": "AUTOMATED"}, "/verdict"),
        ({"verdict": "approve", "reason_code": "FALSE_ALARM", "note": "x" * 4_001}, "/note"),
        ({"verdict": "approve", "reason_code": "FALSE_ALARM", "why": "x"}, "/why"),
    ],
)
def test_a_wrong_verdict_names_the_field(api: Any, hold: Any, body: dict[str, str], pointer: str) -> None:
    ids = hold()
    api.post("/v1/cases/claim", json={})

    refused = api.post(f"/v1/cases/{ids['case']}/verdict", json=body)

    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.get_json()["errors"]] == [pointer]


def test_pages_are_continued_by_their_cursor(api: Any, hold: Any) -> None:
    wanted = [hold(score=0.9 - number / 10)["case"] for number in range(5)]

    first = api.get("/v1/cases?limit=3").get_json()
    second = api.get(f"/v1/cases?limit=3&cursor={first['next_cursor']}").get_json()

    assert [each["id"] for each in (*first["items"], *second["items"])] == wanted
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    "query",
    [
        "state=odd",
        "limit=0",
        "limit=many",
        "cursor=x",
        "cursor=W10",
        "risk_from=2",
        "nonsense=1",
        "queue=A",
        "limit=1&limit=2",
    ],
)
def test_a_wrong_filter_is_refused(api: Any, query: str) -> None:
    refused = api.get(f"/v1/cases?{query}")

    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["pointer"].startswith("/" + query.split("=", maxsplit=1)[0])


def test_filters_and_states_reach_the_queue(api: Any, hold: Any) -> None:
    first, second = hold(score=0.9), hold(score=0.3)
    api.post(f"/v1/cases/{first['case']}/claim")
    api.post(f"/v1/cases/{second['case']}/snooze", json={"until": "2026-11-24T10:00:00Z"})

    def ids(query: str) -> list[str]:
        return [each["id"] for each in api.get(f"/v1/cases?{query}").get_json()["items"]]

    assert ids("") == [first["case"]]
    assert ids("state=snoozed") == [second["case"]]
    assert ids("state=claimed&risk_from=0.5") == [first["case"]]
    assert ids("unclaimed=true") == []
    assert ids("order=age&queue=networks") == [first["case"]]


def test_every_other_step_answers_the_case(api: Any, hold: Any) -> None:
    ids = hold()
    path = f"/v1/cases/{ids['case']}"

    assert api.post(f"{path}/claim").get_json()["state"] == "claimed"
    assert api.post(f"{path}/extend").get_json()["lease_until"] == "2026-11-23T10:30:00Z"
    assert api.post(f"{path}/release").get_json()["state"] == "open"
    assert api.post(f"{path}/assign", json={"to": "reviewer:dana"}).get_json()["reserved_for"] == "reviewer:dana"
    assert api.post(f"{path}/claim").status_code == 409
    assert api.post(f"{path}/assign", json={"to": None}).get_json()["reserved_for"] is None
    assert api.post(f"{path}/escalate", json={"queue": "research"}).get_json()["queue"] == "research"
    assert api.post(f"{path}/escalate", json={"queue": "nowhere"}).status_code == 422
    assert api.post(f"{path}/snooze", json={"until": "2026-11-23T09:00:00Z"}).status_code == 409
    api.post(f"{path}/claim")
    api.post(f"{path}/verdict", json={"verdict": "reject", "reason_code": "AUTOMATED"})
    assert api.post(f"{path}/undo").get_json()["state"] == "claimed"
    api.post(f"{path}/verdict", json={"verdict": "reject", "reason_code": "AUTOMATED"})
    assert api.post(f"{path}/reopen").get_json()["state"] == "open"


def test_a_denied_person_appeals(api: Any, hold: Any) -> None:
    ids = hold()
    api.post("/v1/cases/claim", json={})
    api.post(f"/v1/cases/{ids['case']}/verdict", json={"verdict": "reject", "reason_code": "AUTOMATED"})

    made = api.post(f"/v1/signups/{ids['record']}/appeal", json={"statement": "I study here."})

    assert made.status_code == 201
    appeal = made.get_json()
    assert (appeal["kind"], appeal["queue"], appeal["earlier_hidden"]) == ("appeal", "appeals", True)
    # The key that denied must not judge the appeal.
    assert api.post(f"/v1/cases/{appeal['id']}/claim").status_code == 403
    assert api.post(f"/v1/cases/{appeal['id']}/claim", token=api.key("review")).status_code == 200
