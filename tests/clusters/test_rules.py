"""What touches a ban or a contained network, under the shipped rules alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.linkage.joining import GuardState
from models.linkage.velocity import SATURATION
from service.domain.decision import Decision
from service.usecases.ports_clusters import Guard

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ALLOW, STEP_UP, REVIEW, DENY = Decision


def test_nobody_is_asked_who_touches_nothing(gate: Any) -> None:
    gate.said(gate.came())

    assert gate.decision() == (ALLOW, set())


def test_one_identifier_of_a_banned_account_is_held_for_review(gate: Any) -> None:
    gate.said(gate.came(device="d"))

    assert gate.decision(device="d") == (REVIEW, {"REPLACEMENT_OF_BANNED"})


def test_a_ban_is_forgotten_after_half_a_year(gate: Any) -> None:
    gate.said(gate.came(device="d"))
    gate.now += timedelta(days=181)

    assert gate.decision(device="d") == (ALLOW, set())


def test_what_is_not_certain_bans_nobody(gate: Any) -> None:
    gate.said(gate.came(device="d"), confidence=0.8)

    assert gate.decision(device="d") == (ALLOW, set())


def test_two_kinds_of_banned_identifiers_are_denied(gate: Any) -> None:
    gate.said(gate.came(device="d"))
    gate.said(gate.came(card="c"))

    decision, codes = gate.decision(device="d", card="c")

    assert decision is DENY
    assert "REPLACEMENT_OF_BANNED_CERTAIN" in codes


@pytest.mark.parametrize(("bans", "expected"), [(2, REVIEW), (3, DENY)])
def test_three_banned_accounts_on_one_identifier_are_denied(gate: Any, bans: int, expected: Decision) -> None:
    accounts = [gate.came(device="d") for _ in range(bans)]
    for each in accounts:
        gate.said(each)

    assert gate.decision(device="d")[0] is expected


def test_two_medium_identifiers_of_a_banned_account_ask_for_a_proof(gate: Any) -> None:
    gate.said(gate.came(ip="81.2.69.142", agent=FIREFOX))

    assert gate.decision(ip="81.2.69.142", agent=FIREFOX) == (STEP_UP, {"REPLACEMENT_BY_PAIR"})
    assert gate.decision(ip="81.2.69.142") == (ALLOW, set())


def test_the_habits_of_three_banned_accounts_ask_for_a_proof(gate: Any) -> None:
    def habits(number: int) -> dict[str, str]:
        return {
            "ip": f"81.2.69.{number}",
            "agent": FIREFOX,
            "mail": f"{'abcdefgh'[number]}na.lee@webmail.example",
            "bin": "424242",
            "name": f"Ana {'abcdefgh'[number]}lee",
        }

    for number in range(3):
        assert gate.decision(**habits(number))[0] is ALLOW
    first = [gate.came(**habits(number)) for number in range(3, 6)]
    for each in first[:2]:
        gate.said(each)
    assert gate.decision(**habits(6))[0] is ALLOW
    gate.said(first[2])

    assert gate.decision(**habits(7)) == (STEP_UP, {"REPLACEMENT_BY_HABITS"})


def test_identifiers_of_a_contained_network_deny_by_two_and_ask_by_one(gate: Any) -> None:
    member = gate.read(lambda work: work.clusters.member(gate.number(gate.came(device="d", card="c"))))
    held = [each for each in member.identifiers if each.kind in (IdentifierKind.DEVICE, IdentifierKind.PAYMENT)]
    with gate.store.begin() as work:
        work.clusters.hold(held, 1, at=gate.now)
        work.commit()

    assert gate.decision(device="d", card="c") == (DENY, {"CONTAINED_CLUSTER"})
    assert gate.decision(device="d") == (STEP_UP, {"TIED_TO_CONTAINED"})
    with gate.store.begin() as work:
        work.clusters.let_go(1, at=gate.now)
        work.commit()
    assert gate.decision(device="d", card="c") == (ALLOW, set())


@pytest.mark.parametrize(("frauds", "good", "asked"), [(2, 0, False), (3, 0, True), (3, 13, False)])
def test_whoever_hangs_on_a_cluster_of_known_frauds_is_asked_for_a_proof(
    memory_gate: Any, frauds: int, good: int, asked: bool
) -> None:
    """A star holds together by one card, so that nothing of it is contained; the newcomer touches no ban."""
    gate = memory_gate
    members = [gate.came(card="hub", device=f"spoke-{number}") for number in range(max(4, frauds + good + 1))]
    for number, member in enumerate(members[: frauds + good]):
        gate.said(member, "fraud" if number < frauds else "legitimate")

    codes = gate.decision(device=f"spoke-{len(members) - 1}")[1]

    assert ("TIED_TO_FRAUDS" in codes) is asked


def test_what_is_shared_by_honest_people_touches_nothing(gate: Any) -> None:
    banned = gate.came(card="c")
    gate.said(banned)
    member = gate.read(lambda work: work.clusters.member(gate.number(banned)))
    card = next(each for each in member.identifiers if each.kind is IdentifierKind.PAYMENT)
    with gate.store.begin() as work:
        work.clusters.set_guard(Guard(card, GuardState.EXEMPT, gate.now, "t", "a laboratory's card"))
        work.commit()

    assert gate.decision(card="c") == (ALLOW, set())


def test_bans_are_told_over_http_with_their_reason(http: Any) -> None:
    http.sign_up(501, device="shared-501")
    document = {"signup_id": "su_501", "label": "fraud", "source": "reviewer", "reason": "seen"}
    http.call("POST", "/v1/outcomes", json=document)

    answer = http.sign_up(502, device="shared-501")

    assert answer["decision"] == "review"
    assert "replacement_of_banned" in answer["rules"]
    assert "REPLACEMENT_OF_BANNED" in [each["code"] for each in answer["reasons"]]
    assert answer["cluster"]["confirmed_fraud"] == 1


@pytest.mark.parametrize(
    ("shared", "people", "rule", "expected"),
    [
        ({"device": "d"}, 10, "DEVICE_FARM", REVIEW),
        ({"card": "c"}, 12, "CARD_MANY_NAMES", STEP_UP),
        ({"phone": "+447400123456"}, 5, "PHONE_MANY_NAMES", STEP_UP),
    ],
)
def test_a_farm_is_not_washed_out_by_sign_ups_with_one_name_and_mailbox(
    memory_gate: Any, shared: dict[str, str], people: int, rule: str, expected: Decision
) -> None:
    for _ in range(people):
        memory_gate.came(**shared)
    for _ in range(SATURATION):
        memory_gate.came(mail="again@college.example", name="Oriane Maupertuis", **shared)

    decision, codes = memory_gate.decision(**shared)

    assert decision is expected
    assert rule in codes


def test_somebody_who_tries_again_and_again_is_no_farm(memory_gate: Any) -> None:
    shared = {"device": "d", "card": "c", "phone": "+447400123456", "name": "Oriane Maupertuis"}
    for _ in range(200):
        memory_gate.came(mail="oriane@college.example", **shared)

    assert memory_gate.decision(mail="maupertuis@college.example", **shared) == (ALLOW, set())


@pytest.mark.parametrize("name", ["Null", "N/A", "CARDHOLDER"])
def test_whoever_is_called_as_programs_call_nobody_is_let_in_beside_a_banned_namesake(
    memory_gate: Any, name: str
) -> None:
    alike: dict[str, Any] = {"name": name, "born": 2004, "bin": "424242", "agent": FIREFOX}
    namesake = memory_gate.came(**alike)
    memory_gate.said(namesake)

    assert memory_gate.decision(**alike) == (ALLOW, set())
