"""``/v1/webhooks``: what an administrator does with the endpoints of an owner, and what nobody else may."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from service.domain.event import Event, EventType
from service.domain.webhook import Attempted, Failure

URL = "https://hooks.campus.example/gatehouse?token=canary"


@pytest.fixture
def created(api):
    return api.post("/v1/webhooks", json={"url": URL, "description": "flow"}).get_json()


@pytest.fixture
def delivered(api, created):
    """Queues events for the endpoint and ends their deliveries: dead, delivered, waiting."""
    clock = api.clock()
    begin = api.webhooks.begin
    with begin() as work:
        for number in range(3):
            work.events.add(
                Event(f"ev-{number}", EventType.SIGNUP_DECIDED, "campus", "r1", clock, clock, {"number": number})
            )
        work.commit()
    with begin() as work:
        work.deliveries.fan_out(now=clock, limit=10)
        dead, arrived, _ = work.deliveries.claim(
            now=clock, lease=timedelta(seconds=15), limit=10, room={}, room_each=10
        )
        work.deliveries.finish(dead, Attempted(Failure.STATUS, 500), now=clock, next_try_at=None)
        work.deliveries.finish(arrived, Attempted(status=204), now=clock, next_try_at=None)
        work.commit()
    return created["id"]


def test_a_new_endpoint_shows_its_secret_this_once(api, created):
    prefix, _, encoded = created["secret"].partition("_")
    read = api.get(f"/v1/webhooks/{created['id']}").get_json()
    listed = api.get("/v1/webhooks").get_json()["items"]

    assert (prefix, len(base64.b64decode(encoded))) == ("whsec", 32)
    assert read == {key: value for key, value in created.items() if key != "secret"}
    assert listed == [read]
    assert (read["url"], read["events"], read["active"]) == (URL, None, True)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"url": "http://hooks.campus.example"}, "/url"),
        ({"url": "https://127.0.0.1/x"}, "/url"),
        ({"url": "https://169.254.169.254/latest"}, "/url"),
        ({"url": "x"}, "/url"),
        ({}, "/url"),
        ({"url": URL, "events": []}, "/events"),
        ({"url": URL, "events": ["webhook.test"]}, "/events"),
        ({"url": URL, "events": ["nonsense"]}, "/events/0"),
        ({"url": URL, "description": "a\nb"}, "/description"),
        ({"url": URL, "secret": "mine"}, "/secret"),
    ],
)
def test_a_wrong_endpoint_is_refused_by_its_pointer(api, body, pointer):
    response = api.post("/v1/webhooks", json=body)

    assert response.status_code == 422
    assert response.get_json()["errors"][0]["pointer"] == pointer
    assert api.get("/v1/webhooks").get_json()["items"] == []


def test_what_is_left_out_of_a_change_stays(api, created):
    path = f"/v1/webhooks/{created['id']}"
    narrowed = api.patch(path, json={"events": ["case.resolved", "appeal.resolved"]}).get_json()
    paused = api.patch(path, json={"active": False}).get_json()
    moved = api.patch(path, json={"url": "https://other.example/", "events": None}).get_json()

    assert narrowed["events"] == ["appeal.resolved", "case.resolved"]
    assert (paused["active"], paused["events"], paused["url"]) == (False, narrowed["events"], URL)
    assert (moved["url"], moved["events"], moved["active"]) == ("https://other.example/", None, False)
    assert api.get(path).get_json() == moved
    assert api.patch(path, json={"url": "ftp://x"}).status_code == 422


def test_a_removed_endpoint_is_unknown(api, created):
    path = f"/v1/webhooks/{created['id']}"

    assert api.delete(path).get_json()["id"] == created["id"]
    assert [api.get(path).status_code, api.delete(path).status_code] == [404, 404]


def test_a_rotated_secret_is_new_and_those_before_it_end_with_the_overlap(api, created):
    path = f"/v1/webhooks/{created['id']}/rotate"
    rotated = api.post(path, json={"overlap_s": 3600}).get_json()
    [new, old] = api.endpoint(created["id"]).secrets

    assert rotated["secret"] != created["secret"]
    assert (new.ends_at, old.ends_at) == (None, api.clock() + timedelta(hours=1))
    at_once = api.post(path, json={"overlap_s": 0}).get_json()
    assert at_once["secret"] not in {rotated["secret"], created["secret"]}
    assert len(api.endpoint(created["id"]).secrets) == 1


def test_a_rotation_never_prolongs_a_secret(api, created):
    path = f"/v1/webhooks/{created['id']}/rotate"
    api.post(path, json={"overlap_s": 60})
    api.post(path, json={})

    ends = [each.ends_at for each in api.endpoint(created["id"]).secrets]
    assert ends == [None, api.clock() + timedelta(days=1), api.clock() + timedelta(minutes=1)]


def test_there_is_an_end_to_secrets_and_to_endpoints(api, created):
    path = f"/v1/webhooks/{created['id']}/rotate"
    rotations = [api.post(path, json={}).status_code for _ in range(3)]
    additions = [api.post("/v1/webhooks", json={"url": URL}).status_code for _ in range(20)]

    assert rotations == [200, 200, 409]
    assert additions == [201] * 19 + [409]


def test_a_test_is_queued_for_this_endpoint_alone(api, created):
    api.patch(f"/v1/webhooks/{created['id']}", json={"events": ["case.resolved"]})
    other = api.post("/v1/webhooks", json={"url": URL}).get_json()

    response = api.post(f"/v1/webhooks/{created['id']}/test")

    assert response.status_code == 202
    [delivery] = api.get(f"/v1/webhooks/{created['id']}/deliveries").get_json()["items"]
    assert (delivery["event_id"], delivery["type"]) == (response.get_json()["event_id"], "webhook.test")
    assert (delivery["state"], delivery["attempts"]) == ("pending", 0)
    assert api.get(f"/v1/webhooks/{other['id']}/deliveries").get_json()["items"] == []


def test_a_paused_endpoint_is_not_tested(api, created):
    api.patch(f"/v1/webhooks/{created['id']}", json={"active": False})

    assert api.post(f"/v1/webhooks/{created['id']}/test").status_code == 409


def test_deliveries_are_listed_by_state_and_page(api, delivered):
    path = f"/v1/webhooks/{delivered}/deliveries"
    [dead] = api.get(f"{path}?state=dead").get_json()["items"]
    first = api.get(f"{path}?limit=2").get_json()
    second = api.get(f"{path}?limit=2&cursor={first['next_cursor']}").get_json()

    assert (dead["event_id"], dead["status"], dead["failure"]) == ("ev-0", 500, "status")
    assert dead["next_try_at"] is None
    assert [item["event_id"] for page in (first, second) for item in page["items"]] == ["ev-2", "ev-1", "ev-0"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("state=lost", "/state"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=1.5", "/limit"),
        ("limit=", "/limit"),
        ("cursor=!", "/cursor"),
        ("since=now", "/since"),
        ("state=dead&state=pending", "/state"),
    ],
)
def test_a_wrong_query_is_refused_by_its_parameter(api, created, query, pointer):
    response = api.get(f"/v1/webhooks/{created['id']}/deliveries?{query}")

    assert response.status_code == 422
    assert [error["pointer"] for error in response.get_json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("body", "replayed"),
    [
        ({}, ["ev-0"]),
        ({"state": "delivered"}, ["ev-1"]),
        ({"event_ids": ["ev-0", "ev-1", "ev-2"]}, ["ev-1", "ev-0"]),
        ({"queued_from": "2026-11-23T10:00:01Z"}, []),
        ({"queued_before": "2026-11-23T10:00:01Z"}, ["ev-0"]),
    ],
)
def test_what_finished_is_sent_again_as_asked(api, delivered, body, replayed):
    answered = api.post(f"/v1/webhooks/{delivered}/replay", json=body)
    waiting = api.get(f"/v1/webhooks/{delivered}/deliveries?state=pending").get_json()["items"]

    assert (answered.status_code, answered.get_json()) == (202, {"replayed": len(replayed)})
    assert [item["event_id"] for item in waiting if item["attempts"] == 0] == replayed


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"active": False}),
        ("DELETE", "", None),
        ("POST", "/rotate", {}),
        ("POST", "/test", None),
        ("GET", "/deliveries", None),
        ("POST", "/replay", {}),
    ],
)
def test_an_endpoint_of_another_owner_does_not_exist(api, created, method, path, body):
    stranger = {"Authorization": f"Bearer {api.key('admin', owner='stranger')}"}
    parts = {} if body is None else {"json": body}

    theirs = api.client.open(f"/v1/webhooks/{created['id']}{path}", method=method, headers=stranger, **parts)
    nobodys = api.client.open(f"/v1/webhooks/a.b{path}", method=method, headers=stranger, **parts)

    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert api.client.get("/v1/webhooks", headers=stranger).get_json() == {"items": []}
    assert api.endpoint(created["id"]).version == 1


def test_webhooks_are_an_administrators(api, created):
    flow = {"Authorization": f"Bearer {api.key('signups', 'outcomes', 'review', 'indicators')}"}

    assert api.client.get("/v1/webhooks", headers=flow).status_code == 403


def test_every_change_is_audited_without_url_or_secret(api, delivered):
    path = f"/v1/webhooks/{delivered}"
    api.patch(path, json={"url": URL + "2"})
    api.post(f"{path}/rotate", json={})
    api.post(f"{path}/test")
    api.post(f"{path}/replay", json={})
    api.delete(path)

    with api.webhooks.begin() as work:
        entries = work.audit.entries(subject=f"webhook:{delivered}")
    assert [entry.action.removeprefix("webhook.") for entry in reversed(entries)] == [
        "added",
        "changed",
        "rotated",
        "tested",
        "replayed",
        "removed",
    ]
    assert all(entry.actor.startswith("key:") for entry in entries)
    assert "canary" not in repr(entries)
    assert "whsec" not in repr(entries)
