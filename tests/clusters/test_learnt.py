"""Identifiers learnt later: they link, carry what is known, and may move a cluster over the line."""

from __future__ import annotations

from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.linkage.joining import DEGREE_CAP
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


PROFILE = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36"


def test_a_learnt_address_ties_whoever_has_the_same_browser(gate: Any) -> None:
    one = gate.came(agent=PROFILE, ip="86.5.6.7")
    gate.later(seconds=15)
    other = gate.came(agent=PROFILE, ip="90.5.6.8")

    tied = learn(gate, other, ip="86.5.6.7")

    assert tied.size == 2
    assert gate.cluster(one) == gate.cluster(other)


def test_an_address_ties_whoever_learnt_it_too(gate: Any) -> None:
    one, other = gate.came(agent=PROFILE, ip="86.5.6.7"), gate.came(agent=PROFILE, ip="90.5.6.8")
    learn(gate, one, ip="91.5.6.9")

    assert learn(gate, other, ip="91.5.6.9").size == 2


@pytest.mark.parametrize("days", [8, 31])
def test_a_learnt_address_ties_nobody_from_before_its_week(gate: Any, days: int) -> None:
    gate.came(agent=PROFILE, ip="86.5.6.7")
    gate.later(days=days)
    other = gate.came(agent=PROFILE, ip="90.5.6.8")

    assert learn(gate, other, ip="86.5.6.7").size == 1


def test_an_address_of_a_crowd_ties_nobody_when_it_is_learnt(memory_gate: Any) -> None:
    for _ in range(DEGREE_CAP[IdentifierKind.IP]):
        memory_gate.came(ip="86.5.6.7")
    memory_gate.came(agent=PROFILE, ip="86.5.6.7")
    other = memory_gate.came(agent=PROFILE, ip="90.5.6.8")

    assert learn(memory_gate, other, ip="86.5.6.7").size == 1


def test_a_learnt_address_alone_ties_nobody(gate: Any) -> None:
    gate.came(agent=PROFILE, ip="86.5.6.7")

    assert learn(gate, gate.came(ip="90.5.6.8"), ip="86.5.6.7").size == 1


def contained_ring(gate: Any) -> list[Any]:
    """Six accounts, of which one is known as fraud, contained by a person."""
    ring: list[Any] = gate.ring(6, frauds=1)
    gate.clusters.contain.contain(gate.cluster(ring[0]), owner="campus", by="key:k1", reason="ring", now=gate.now)
    gate.work()
    assert gate.decisions(ring[:5]) == ["deny"] * 5
    return ring


def released(gate: Any, view: Any) -> None:
    gate.clusters.contain.release(gate.cluster(view), owner="campus", by="key:k1", reason="mistaken", now=gate.now)
    gate.work()


def test_whoever_learns_two_identifiers_of_what_is_contained_is_held_until_it_is_released(gate: Any) -> None:
    contained_ring(gate)
    let_in = gate.came()
    assert gate.latest(let_in) is Decision.ALLOW

    learn(gate, let_in, device_id="r-d0", payment_fingerprint="r-c0")
    gate.work()
    held = gate.latest(let_in)
    containment = gate.read(lambda work: work.containments.of_cluster(work.clusters.cluster_of(gate.number(let_in))))[0]
    released(gate, let_in)

    assert held is Decision.DENY
    assert (containment.core, containment.leaves) == (7, 0)
    assert gate.latest(let_in) is Decision.ALLOW


def test_whoever_learns_one_is_asked_and_with_a_second_one_held(gate: Any) -> None:
    contained_ring(gate)
    let_in = gate.came()

    learn(gate, let_in, device_id="r-d0")
    gate.work()
    asked = gate.latest(let_in)
    learn(gate, let_in, payment_fingerprint="r-c0")
    gate.work()
    held = gate.latest(let_in)
    released(gate, let_in)

    assert (asked, held, gate.latest(let_in)) == (Decision.STEP_UP, Decision.DENY, Decision.ALLOW)


def test_a_good_account_is_left_alone_whatever_it_learns(gate: Any) -> None:
    contained_ring(gate)
    good = gate.came()
    gate.said(good, label="legitimate")

    learn(gate, good, device_id="r-d0", payment_fingerprint="r-c0")
    gate.work()

    assert gate.latest(good) is Decision.ALLOW


def test_what_is_no_longer_contained_holds_nobody_who_learns_it(gate: Any) -> None:
    ring = contained_ring(gate)
    released(gate, ring[0])
    let_in = gate.came()

    learn(gate, let_in, device_id="r-d0", payment_fingerprint="r-c0")
    gate.work()

    assert gate.latest(let_in) is Decision.ALLOW


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


EMPTY = {"blank": " ", "tab": "\t\t", "zero-width": "\u200b\u200d", "filler": "\u3164", "punctuation": "-._"} | {
    "null": "null",
    "undefined": "[Undefined]",
    "object": "[object Object]",
    "not available": "N/A",
    "nought": "0",
    "nil uuid": "00000000-0000-0000-0000-000000000000",
    "full uuid": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "minus one": " -1",
    "digest of nothing": "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
}


@pytest.mark.parametrize("value", EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize("kind", ["behaviour_fingerprint", "device_id", "payment_fingerprint", "phone"])
def test_a_blank_or_a_placeholder_is_no_identifier(memory_gate: Any, kind: str, value: str) -> None:
    view = memory_gate.came()
    with pytest.raises(InvalidError) as refused:
        learn(memory_gate, view, **{kind: value})
    assert [each.pointer for each in refused.value.errors] == ["/identifiers/0/value"]


@pytest.mark.parametrize("value", EMPTY.values(), ids=EMPTY)
def test_what_says_nothing_ties_nobody_where_it_came_in_all_the_same(memory_gate: Any, value: str) -> None:
    memory_gate.came(device=value, card=value)

    assert memory_gate.came(device=value, card=value).cluster is None


def test_over_http_blank_values_are_named_and_tie_nobody(http: Any) -> None:
    one, other = http.sign_up(2_003), http.sign_up(2_004)
    document = {"identifiers": [{"kind": "behaviour_fingerprint", "value": " "}, {"kind": "device_id", "value": "\t"}]}

    refused = [http.call("POST", f"/v1/signups/{each['id']}/identifiers", json=document) for each in (one, other)]

    assert [each.status_code for each in refused] == [422, 422]
    assert refused[0].get_json()["errors"][0]["pointer"] == "/identifiers/0/value"
    assert http.call("GET", f"/v1/signups/{other['id']}").get_json()["cluster"] is None


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
