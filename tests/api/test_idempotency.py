"""The same key and body give the same bytes; nothing is decided twice, and nothing that failed is kept."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.domain.errors import UnavailableError
from service.usecases.answer_once import AnswerOnce

KEY = {"Idempotency-Key": "3f8a-first"}


def test_the_same_key_and_body_give_the_same_bytes(api, signup_document):
    first = api.post(json=signup_document(), headers=KEY)
    second = api.post(json=signup_document(), headers=KEY)

    assert (first.status_code, "Idempotent-Replayed" in first.headers) == (201, False)
    assert (second.status_code, second.headers["Idempotent-Replayed"]) == (200, "true")
    assert second.data == first.data
    assert api.recorder.calls == 1


def test_the_same_signup_id_and_body_give_the_same_bytes_without_a_key(api, signup_document):
    first = api.post(json=signup_document())
    second = api.post(json=signup_document())

    assert (second.status_code, second.headers["Idempotent-Replayed"]) == (200, "true")
    assert second.data == first.data


def test_white_space_and_the_order_of_fields_do_not_make_another_body(api, signup_document):
    document = signup_document()
    reordered = dict(reversed(document.items()))

    api.post(json=document, headers=KEY)

    assert api.post(json=reordered, headers=KEY).status_code == 200


def test_the_same_key_with_another_body_is_refused(api, signup_document):
    api.post(json=signup_document(), headers=KEY)

    response = api.post(json=signup_document({"/signup_id": "another"}), headers=KEY)

    assert response.status_code == 422
    assert response.get_json()["type"] == "urn:gatehouse:problem:idempotency-key-reused"
    assert api.recorder.calls == 1


def test_the_same_signup_id_with_another_body_is_a_conflict_and_gives_the_key_back(api, signup_document):
    api.post(json=signup_document())
    changed = signup_document({"/email": "other@university.example"})

    assert api.post(json=changed, headers=KEY).status_code == 409
    assert api.work.idempotency.rows == {}
    assert api.post(json={**changed, "signup_id": "another"}, headers=KEY).status_code == 201


def test_a_key_belongs_to_its_owner(api, signup_document):
    api.post(json=signup_document(), headers=KEY)

    response = api.post(json=signup_document(), headers=KEY, token=api.key("signups", owner="another school"))

    assert response.status_code == 201


def test_a_key_of_the_same_owner_gets_the_same_answer(api, signup_document):
    first = api.post(json=signup_document(), headers=KEY)

    assert api.post(json=signup_document(), headers=KEY, token=api.key("signups")).data == first.data


def test_a_replay_by_signup_id_answers_the_key_too(api, signup_document):
    first = api.post(json=signup_document())

    api.post(json=signup_document(), headers=KEY)

    assert api.work.idempotency.rows["campus", KEY["Idempotency-Key"]].body == first.data
    assert api.post(json=signup_document(), headers=KEY).data == first.data


@pytest.mark.parametrize("error", [UnavailableError("away"), RuntimeError("a mistake"), KeyError("a mistake")])
def test_a_failure_is_not_kept(api, signup_document, error):
    def fail() -> None:
        raise error

    api.recorder.before = fail
    assert api.post(json=signup_document(), headers=KEY).status_code in {500, 503}
    assert api.work.idempotency.rows == {}
    api.recorder.before = lambda: None

    assert api.post(json=signup_document(), headers=KEY).status_code == 201


def test_bad_input_is_not_kept(api, signup_document):
    assert api.post(json=signup_document({"/email": "x"}), headers=KEY).status_code == 422

    assert api.post(json=signup_document(), headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "née"])
def test_a_key_that_is_no_key_is_refused(api, signup_document, key):
    response = api.post(json=signup_document(), headers={"Idempotency-Key": key})

    assert response.status_code == 400
    assert api.nothing_recorded


def test_the_longest_key_is_taken(api, signup_document):
    assert api.post(json=signup_document(), headers={"Idempotency-Key": '"' + "x" * 253 + '"'}).status_code == 201


def test_two_identical_requests_at_once_are_one_decision(api, signup_document):
    api.recorder.before = lambda: time.sleep(0.1)
    start = threading.Barrier(8)

    def send(_: int) -> tuple[int, bytes]:
        start.wait()
        headers = {"Authorization": f"Bearer {api.token}", **KEY}
        response = api.app.test_client().post("/v1/signups", json=signup_document(), headers=headers)
        return response.status_code, response.data

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert len({body for _, body in answers}) == 1
    assert api.recorder.calls == 1


def test_who_waits_too_long_is_told_to_come_back(rebuilt_api, signup_document):
    running, finish = threading.Event(), threading.Event()
    api = rebuilt_api()
    impatient = rebuilt_api(answer_once=AnswerOnce(lambda: api.work, time.monotonic, time.sleep, wait_s=0.1))

    def hold() -> None:
        running.set()
        finish.wait(10)

    api.recorder.before = hold
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(api.post, json=signup_document(), headers=KEY)
        running.wait(10)
        second = impatient.post(json=signup_document(), headers=KEY)
        finish.set()

        assert first.result().status_code == 201
    assert second.status_code == 409
    assert second.get_json()["type"] == "urn:gatehouse:problem:still-running"
    assert int(second.headers["Retry-After"]) > 0


def test_nobody_waits_longer_than_two_seconds():
    assert AnswerOnce(lambda: None, time.monotonic, time.sleep).wait_s == 2.0
