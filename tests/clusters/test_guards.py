"""Guards: honest people who share are unharmed, persons may declare it, nobody earns a better answer by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from models.features.catalogue import FEATURES
from models.linkage.identifier import IdentifierKind
from models.linkage.joining import GuardState
from models.registry import load_active
from service.domain.decision import Decision

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LAB = "Institute of Invented Physics"
DAY = timedelta(days=1)


def laboratory(gate: Any, size: int = 6, **shared: str) -> list[Any]:
    """People of one institution who come over three weeks, each cleared later."""
    people = []
    for at in range(size):
        people.append(gate.came(school=LAB, mail=f"person{'abcdefghij'[at]}@physics.example", **shared))
        gate.now += 3 * DAY
    for each in people:
        gate.said(each, "legitimate")
    return people


def guards(gate: Any) -> list[tuple[IdentifierKind, GuardState]]:
    return [(each.key.kind, each.state) for each in gate.read(lambda work: work.clusters.guards())]


def clusters(gate: Any, people: list[Any]) -> int:
    return len({gate.cluster(each) for each in people})


def test_a_laboratorys_card_is_recognised_and_its_people_part(gate: Any) -> None:
    people = laboratory(gate, card="pi")
    assert clusters(gate, people) == 1

    assert gate.recognise(gate.now) == 1

    assert guards(gate) == [(IdentifierKind.PAYMENT, GuardState.SHARED)]
    assert clusters(gate, people) == len(people)
    decision, _ = gate.decision(card="pi", school=LAB)
    assert decision is Decision.ALLOW
    assert gate.recognise(gate.now) == 0


@pytest.mark.parametrize(
    "harm",
    ["a fraud", "two institutions", "institutions unnamed", "too few", "too soon"],
)
def test_what_the_evidence_does_not_carry_is_not_recognised(gate: Any, harm: str) -> None:
    if harm == "too few":
        laboratory(gate, size=4, card="pi")
    elif harm == "too soon":
        people = [gate.came(card="pi", school=LAB) for _ in range(6)]
        for each in people:
            gate.said(each, "legitimate")
    else:
        laboratory(gate, card="pi")
        schools = {"two institutions": "Another Place", "institutions unnamed": None}
        gate.came(card="pi", school=schools.get(harm, LAB))
        other = gate.came(card="pi", school=schools.get(harm, LAB))
        if harm == "a fraud":
            gate.said(other)

    assert gate.recognise(gate.now) == 0
    assert guards(gate) == []


def family(gate: Any, domain: str = "home.example") -> list[Any]:
    """Four who share a tablet and a mail domain, each cleared later."""
    people = []
    for at in range(4):
        people.append(gate.came(device="tablet", mail=f"person{'abcd'[at]}@{domain}"))
        gate.now += 4 * DAY
    for each in people:
        gate.said(each, "legitimate")
    return people


def test_a_familys_tablet_is_recognised(gate: Any) -> None:
    people = family(gate)

    gate.recognise(gate.now)

    assert guards(gate) == [(IdentifierKind.DEVICE, GuardState.SHARED)]
    assert clusters(gate, people) == 4


@pytest.mark.parametrize("domain", ["gmail.com", "duck.com", "mailinator.com"])
def test_a_mail_domain_that_anybody_gets_makes_nobody_a_family(gate: Any, domain: str) -> None:
    family(gate, domain)

    assert gate.recognise(gate.now) == 0
    assert guards(gate) == []


@pytest.mark.parametrize("stranger", [{"school": "Another Place"}, {}])
def test_a_card_ties_again_once_somebody_of_no_or_another_institution_has_it(
    gate: Any, stranger: dict[str, str]
) -> None:
    people = laboratory(gate, card="pi")
    gate.recognise(gate.now)
    people.append(gate.came(card="pi", school=LAB))
    assert gate.recognise(gate.now) == 0

    people += [gate.came(card="pi", **stranger) for _ in range(2)]

    assert gate.recognise(gate.now) == 1
    assert guards(gate) == []
    assert clusters(gate, people) == 1
    gate.now += DAY
    assert gate.recognise(gate.now) == 0


def test_one_who_forgot_to_name_the_institution_ends_no_laboratorys_guard(gate: Any) -> None:
    laboratory(gate, size=5, card="pi")
    gate.came(card="pi")

    assert gate.recognise(gate.now) == 1
    gate.came(card="pi", school=LAB)
    assert gate.recognise(gate.now) == 0
    assert guards(gate) == [(IdentifierKind.PAYMENT, GuardState.SHARED)]


def test_a_device_ties_again_once_somebody_of_another_mail_domain_has_it(gate: Any) -> None:
    people = family(gate)
    gate.recognise(gate.now)

    people.append(gate.came(device="tablet", mail="stranger@elsewhere.example"))

    assert gate.recognise(gate.now) == 1
    assert guards(gate) == []
    assert clusters(gate, people) == 1


def test_what_a_person_declares_stands_whoever_carries_it(gate: Any) -> None:
    gate.declare([(IdentifierKind.DEVICE, "tablet")], by="reviewer:dana", reason="library", until=None, now=gate.now)
    for domain in ("gmail.com", "elsewhere.example"):
        gate.came(device="tablet", mail=f"reader@{domain}")

    assert gate.recognise(gate.now) == 0
    assert guards(gate) == [(IdentifierKind.DEVICE, GuardState.EXEMPT)]


def test_a_family_is_unharmed_before_anything_is_recognised(gate: Any) -> None:
    family = [gate.came(device="tablet") for _ in range(3)]
    gate.work()

    assert gate.decisions(family) == ["allow"] * 3


def test_a_classroom_of_sixty_behind_one_address_is_unharmed(memory_gate: Any) -> None:
    gate = memory_gate
    classroom = [gate.came(ip="81.2.69.142", agent=FIREFOX, school="Campus") for _ in range(60)]
    gate.said(classroom[0])
    gate.work()
    gate.look_back(gate.now)

    assert clusters(gate, classroom[25:]) == len(classroom[25:])
    assert gate.decisions(classroom[30:]) == ["allow"] * 30


def test_a_campus_address_is_recognised_and_ties_no_pair_any_more(memory_gate: Any) -> None:
    gate = memory_gate
    people = []
    for at in range(20):
        people.append(gate.came(ip="81.2.69.142", agent=FIREFOX if at in (0, 1) else None))
        gate.now += DAY
    assert gate.cluster(people[0]) == gate.cluster(people[1])
    for each in people:
        gate.said(each, "legitimate")

    gate.recognise(gate.now)

    assert guards(gate) == [(IdentifierKind.IP, GuardState.SHARED)]
    assert clusters(gate, people) == 20


def test_the_first_fraud_ends_a_guard_and_those_who_carry_it_are_one_again(gate: Any) -> None:
    people = laboratory(gate, card="pi")
    gate.recognise(gate.now)
    fraud = gate.came(card="pi", school=LAB)
    gate.said(fraud)

    assert gate.recognise(gate.now) == 1

    assert guards(gate) == []
    assert clusters(gate, [*people, fraud]) == 1
    assert gate.decision(card="pi", school=LAB)[1] == {"REPLACEMENT_OF_BANNED"}


def test_a_declared_card_ties_nobody_until_it_expires(gate: Any) -> None:
    people = [gate.came(card="pi") for _ in range(3)]

    moved = gate.declare(
        [(IdentifierKind.PAYMENT, "pi")],
        by="reviewer:dana",
        reason="departmental_card",
        until=gate.now + 30 * DAY,
        now=gate.now,
    )

    assert moved == 2
    assert guards(gate) == [(IdentifierKind.PAYMENT, GuardState.EXEMPT)]
    assert clusters(gate, people) == 3
    gate.said(people[0])
    gate.recognise(gate.now)
    assert guards(gate) == [(IdentifierKind.PAYMENT, GuardState.EXEMPT)]
    gate.now += 31 * DAY
    gate.recognise(gate.now)
    assert guards(gate) == []
    assert clusters(gate, people) == 1


def test_good_accounts_of_one_operator_count_as_one(gate: Any) -> None:
    """Twenty accounts that share more than the card are one part without it, however good they look."""
    for at in range(20):
        grown = gate.came(
            card="earned", phone="+33612345678", school=LAB, mail=f"p{'abcdefghijklmnopqrst'[at]}@x.example"
        )
        gate.now += DAY
        gate.said(grown, "legitimate")

    assert gate.recognise(gate.now) == 0


def test_a_poisoner_who_earns_a_guard_gains_nothing_by_it(
    reference: Any, with_policy: Callable[..., Any], tmp_path: Any
) -> None:
    """The shipped model and rules, on the same newcomers, before and after the guard."""
    gate = with_policy()
    model = load_active(tmp_path, catalogue=[feature.name for feature in FEATURES])
    object.__setattr__(gate.judge, "model", lambda: model)
    for at in range(20):
        grown = gate.came(device="earned", mail=f"p{'abcdefghijklmnopqrst'[at]}@cheap.example")
        gate.now += DAY
        gate.said(grown, "legitimate")

    def newcomers() -> list[Any]:
        return [gate.judged(number, device="earned", card=f"flood-{number}") for number in range(500, 505)]

    before = newcomers()
    assert gate.recognise(gate.now) == 1
    after = newcomers()

    for one, other in zip(before, after, strict=True):
        assert other.score >= one.score - 1e-6
        assert other.decision.severity >= one.decision.severity
    flood = gate.came(device="earned", card="flood-1")
    gate.said(flood)
    gate.recognise(gate.now)
    assert gate.decision(device="earned", card="flood-2")[0].severity >= Decision.REVIEW.severity


def test_a_flood_behind_an_earned_guard_scores_no_lower_at_any_step_than_without_it(
    reference: Any, with_policy: Callable[..., Any], tmp_path: Any
) -> None:
    """End to end: the same story twice, with the worker that recognises what is shared and without it.

    The poisoner grows twenty proven-good accounts on a device and floods it; every newcomer is recorded, so that the
    story goes on from what the guard made of it. A stranger on a device of his own shows what never growing any gives.
    """
    model = load_active(tmp_path, catalogue=[feature.name for feature in FEATURES])
    told = {}
    for guarded in (True, False):
        gate = with_policy()
        object.__setattr__(gate.judge, "model", lambda: model)
        for at in range(20):
            grown = gate.came(device="earned", mail=f"p{'abcdefghijklmnopqrst'[at]}@cheap.example")
            gate.now += DAY
            gate.said(grown, "legitimate")
        if guarded:
            assert gate.recognise(gate.now) == 1
        flood = [gate.came(device="earned", phone=f"+3361234{at // 3:04}").assessment for at in range(12)]
        told[guarded] = [(each.score, each.decision.severity) for each in flood]
        assert (guards(gate) != []) is guarded
        stranger = gate.came().assessment

        assert min(each.score for each in flood) >= stranger.score - 1e-6

    for (earned, severity), (without, least) in zip(told[True], told[False], strict=True):
        assert earned >= without - 1e-6
        assert severity >= least
