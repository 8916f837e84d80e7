"""Identifiers learnt later: they link, carry what is known, and may move a cluster over the line."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.caller import Caller, Scope
from service.domain.decision import Decision
from service.domain.errors import InvalidError, NotFoundError
from service.usecases.learn_identifiers import Learnt, LearntKind

CALLER = Caller("campus", "k1", frozenset(Scope))


def learn(gate: Any, view: Any, **values: str) -> Any:
    gate.later(seconds=1)
    learnt = [Learnt(LearntKind(kind), value) for kind, value in values.items()]
    return gate.clusters.learn(view.id, learnt, caller=CALLER, now=gate.now)


@pytest.mark.parametrize(
    ("kind", "value", "carried"),
    [
        ("payment_fingerprint", "fp-1", {"card": "fp-1"}),
        ("device_id", "d-1", {"device": "d-1"}),
        ("phone", "06 12 34 56 78", {"phone": "+33612345678"}),
        ("email", "Oriane.M+tag@gmail.com", {"mail": "orianem@gmail.com"}),
    ],
)
def test_what_is_learnt_links_in_its_canonical_form(gate: Any, kind: str, value: str, carried: dict[str, str]) -> None:
    view = gate.came(country="FR")

    learn(gate, view, **{kind: value})

    assert gate.came(**carried).cluster.size == 2


def test_fingerprints_of_behaviour_make_clusters_one(gate: Any) -> None:
    one, other = gate.came(), gate.came()
    learn(gate, one, behaviour_fingerprint="bot-7")

    tied = learn(gate, other, behaviour_fingerprint="bot-7")

    assert tied.size == 2
    assert gate.cluster(one) == gate.cluster(other)


def test_the_same_again_changes_nothing(gate: Any) -> None:
    view = gate.came()
    learn(gate, view, device_id="d")
    learn(gate, view, device_id="d")

    assert gate.came(device="d").assessment.linkage["device"]["links_24h"] == 1


def test_what_is_known_of_the_account_is_known_of_what_is_learnt(gate: Any) -> None:
    view = gate.came()
    gate.said(view)

    learn(gate, view, payment_fingerprint="new-card")

    assert gate.decision(card="new-card") == (Decision.REVIEW, {"REPLACEMENT_OF_BANNED"})


def test_what_is_learnt_may_move_a_cluster_over_the_line(gate: Any) -> None:
    one, other = gate.ring(6, frauds=2, name="one"), gate.ring(6, frauds=1, name="other")
    gate.work()
    assert "deny" not in gate.decisions([*one[:2], *other[:2]])

    learn(gate, one[0], behaviour_fingerprint="bot-7", device_id="other-d0")
    learn(gate, other[0], behaviour_fingerprint="bot-7")
    gate.work()

    assert gate.decisions([*one[:2], *other[:2]]) == ["deny"] * 4


def test_what_has_no_canonical_form_is_refused_and_others_are_unknown(gate: Any) -> None:
    view = gate.came()
    with pytest.raises(InvalidError) as refused:
        learn(gate, view, device_id="d", phone="12")
    assert [each.pointer for each in refused.value.errors] == ["/identifiers/1/value"]
    assert gate.came(device="d").cluster is None
    with pytest.raises(NotFoundError):
        gate.clusters.learn(
            view.id, [Learnt(LearntKind.IP, "192.0.2.1")], caller=Caller("x", "k", frozenset()), now=gate.now
        )


def test_over_http_unknown_kinds_and_wrong_values_are_named(http: Any) -> None:
    one, other = http.sign_up(2_001), http.sign_up(2_002)
    path = f"/v1/signups/{one['id']}/identifiers"

    document = {"identifiers": [{"kind": "ip", "value": "81.2.69.160"}, {"kind": "device_id", "value": "device-2002"}]}

    good = http.call("POST", path, json=document)
    bad = http.call("POST", path, json={"identifiers": [{"kind": "shoe_size", "value": "44"},
                                                        {"kind": "ip", "value": "nowhere"}]})  # fmt: skip
    card = http.call("POST", path, json={"identifiers": [{"kind": "payment_fingerprint", "value": "4242424242424242"}]})

    assert (good.status_code, good.get_json()["size"], good.get_json()["identifiers"]) == (200, 2, 2)
    assert bad.status_code == card.status_code == 422
    assert [each["pointer"] for each in bad.get_json()["errors"]] == ["/identifiers/0/kind", "/identifiers/1/value"]
    assert "card-number" in card.get_json()["type"]
    assert http.call("POST", "/v1/signups/nobody/identifiers", json=document).status_code == 404
    assert http.call("POST", path, json={"identifiers": []}).status_code == 422
    assert other["cluster"] is None
