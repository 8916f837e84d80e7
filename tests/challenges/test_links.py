"""The link to the hosted page: nobody but the sign-up flow is told one that works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.challenges.conftest import one


def test_the_first_answer_comes_again_with_its_link_and_the_database_holds_none_that_works(
    flow: Any, sqlite_url: str, card: dict[str, Any]
) -> None:
    first = flow.client.post("/v1/signups", json=card, headers=flow.headers | {"Idempotency-Key": "k"})
    again = flow.client.post("/v1/signups", json=card, headers=flow.headers | {"Idempotency-Key": "k"})
    batch = flow.client.post(
        "/v1/signups/batch", data=json.dumps(card), content_type="application/x-ndjson", headers=flow.headers
    )

    answer = first.get_json()
    token = one(answer)["url"].rpartition("/")[2]
    assert first.data == again.data == batch.data.rstrip(b"\n")
    assert one(flow.read(answer["id"]))["url"] == one(answer)["url"]
    assert token.encode() not in b"".join(each.read_bytes() for each in Path(sqlite_url[10:]).parent.iterdir())
    with flow.parts.store.begin() as work:
        look = work.ledger.look("acme", "su_1", (), now=flow.clock.now)
    assert b"gatehouse:page:1." in look.answer.body
    assert token.encode() not in look.answer.body


def test_nobody_has_a_link_opened_by_sending_its_seal(flow: Any, card: dict[str, Any]) -> None:
    victim = flow.sign_up(card)
    seal = f'x","url":"gatehouse:page:1.{victim["id"]}'

    status, answer = flow.post("/v1/signups", {**card, "signup_id": seal[:64]})

    token = one(victim)["url"].rpartition("/")[2]
    assert status == 201
    assert token not in str(answer)
