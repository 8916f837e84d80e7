"""Which reasons call for which proof, and that nobody is offered only what their group lacks."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.challenge import ChallengeMethod
from service.domain.decision import Reason
from service.domain.errors import InvalidError
from service.domain.evidence import Doubt, choose, odds_of
from service.domain.occasion import Occasion, dominating_groups, evidence_groups, occasions_of
from service.domain.policy import default_policy_text, parse_policy
from service.domain.policy_sections.challenges import default_challenges

M = ChallengeMethod
SECTION = default_challenges()


def reason(group: str, weight: float | None, code: str = "CODE") -> Reason:
    return Reason(code, group, "A sentence.", weight)


def test_the_heaviest_groups_dominate_and_what_lowers_the_risk_does_not_count() -> None:
    reasons = [reason("email", 1.0), reason("email", 0.5), reason("payment", 0.8), reason("device", 0.3)]
    reasons.append(reason("linkage", -4.0))

    assert dominating_groups(reasons, {}, scored=True) == ["email", "payment"]


def test_below_the_line_only_the_rules_are_the_cause() -> None:
    reasons = [reason("email", 1.0), reason("rule", None, "CARD_MANY_NAMES")]

    assert dominating_groups(reasons, {"CARD_MANY_NAMES": "linkage"}, scored=False) == ["linkage"]
    assert dominating_groups(reasons, {"CARD_MANY_NAMES": "linkage"}, scored=True) == ["linkage", "email"]
    assert dominating_groups(reasons, {}, scored=False) == ["email"]


ACADEMIC: dict[str, Any] = {"email": {"academic": True}, "identity": {"institution_listed": True}}
FREE: dict[str, Any] = {"email": {"academic": False}, "identity": {"institution_listed": True}}
UNLISTED: dict[str, Any] = {"email": {"academic": False}, "identity": {"institution_listed": False}}
OPEN: dict[str, Any] = {"email": {"academic": True, "open_enrolment": True}, "identity": {"institution_listed": True}}


@pytest.mark.parametrize(
    ("groups", "codes", "signals", "expected"),
    [
        (["email"], set(), FREE, {Occasion.MAIL_UNPROVEN}),
        (["email"], set(), OPEN, {Occasion.MAIL_SUSPECT}),
        (["linkage"], {"BURST"}, ACADEMIC, {Occasion.MAIL_SUSPECT, Occasion.LINKAGE}),
        (["identity"], set(), UNLISTED, {Occasion.INSTITUTION_MISSING}),
        (["payment"], set(), ACADEMIC, {Occasion.PAYMENT}),
        (["phone"], set(), ACADEMIC, {Occasion.PHONE}),
        (["network"], set(), ACADEMIC, {Occasion.DEVICE_OR_NETWORK}),
        (["linkage"], set(), ACADEMIC, {Occasion.LINKAGE}),
        (["behaviour"], set(), ACADEMIC, {Occasion.BEHAVIOUR}),
    ],
)
def test_reasons_amount_to_occasions(
    groups: list[str], codes: set[str], signals: dict[str, Any], expected: set[Occasion]
) -> None:
    assert set(occasions_of(groups, frozenset(codes), signals)) == expected


def asked(occasions: list[Occasion], groups: list[str], score: float = 0.3, can: tuple[M, ...] = tuple(M)) -> set[M]:
    parts = [SECTION.occasions[each] for each in occasions]
    preferred = {each: SECTION.second_discount for part in parts for each in part.second}
    preferred |= {each: SECTION.first_discount for part in parts for each in part.first}
    doubt = Doubt(
        odds=odds_of(score),
        allow_odds=odds_of(0.25),
        groups=evidence_groups(groups, occasions),
        never_alone=frozenset(each for part in parts for each in part.never_alone),
        preferred=preferred,
    )
    return set(choose(doubt, can, SECTION.table(), SECTION.silence))


@pytest.mark.parametrize(
    ("occasions", "groups", "first"),
    [
        ([Occasion.MAIL_UNPROVEN], ["email"], M.INSTITUTION_EMAIL_CODE),
        ([Occasion.MAIL_SUSPECT], ["email"], M.INSTITUTION_SSO),
        ([Occasion.PAYMENT], ["payment"], M.THREE_D_SECURE),
        ([Occasion.DEVICE_OR_NETWORK], ["device"], M.INSTITUTION_EMAIL_CODE),
        ([Occasion.LINKAGE], ["linkage"], M.INSTITUTION_SSO),
        ([Occasion.BEHAVIOUR], ["behaviour"], M.EMAIL_CODE),
    ],
)
def test_every_occasion_has_its_first_challenge(occasions: list[Occasion], groups: list[str], first: M) -> None:
    assert asked(occasions, groups) == {first}


def test_somebody_whose_institution_is_missing_is_asked_for_an_attestation_never_for_a_sign_in() -> None:
    can = (M.ORCID_SIGN_IN, M.DOCUMENT_CHECK, M.SUPERVISOR_ATTESTATION, M.PHONE_CODE)

    assert asked([Occasion.INSTITUTION_MISSING], ["identity"], can=can) <= {M.ORCID_SIGN_IN, M.SUPERVISOR_ATTESTATION}
    assert asked([Occasion.INSTITUTION_MISSING], ["identity"], can=(M.INSTITUTION_SSO,)) == set()


@pytest.mark.parametrize("occasion", list(Occasion))
@pytest.mark.parametrize("group", ["identity", "email", "phone", "device", "network", "behaviour", "consistency"])
def test_without_an_institution_one_of_the_proofs_that_everybody_has_still_settles(
    occasion: Occasion, group: str
) -> None:
    everybody = (M.ORCID_SIGN_IN, M.DOCUMENT_CHECK, M.SUPERVISOR_ATTESTATION)

    assert asked([occasion], [group], score=0.55, can=everybody)


def test_an_older_document_has_the_default_table() -> None:
    assert parse_policy(default_policy_text(), version=1).document.challenges == SECTION


def test_a_document_changes_what_it_names_and_nothing_else() -> None:
    text = default_policy_text() + "\n[challenges.methods.phone_code]\noffered = false\nfraud = 0.7\n"
    changed = parse_policy(text, version=1).document.challenges

    phone, before = changed.methods[M.PHONE_CODE], SECTION.methods[M.PHONE_CODE]
    assert (phone.offered, phone.fraud, phone.honest) == (False, 0.7, before.honest)
    assert {**changed.methods, M.PHONE_CODE: before} == SECTION.methods


def test_a_documents_own_rules_join_the_known_ones() -> None:
    text = default_policy_text() + '\n[challenges.groups_of_rules]\nCAMPUS_CARD = "payment"\n'
    groups = parse_policy(text, version=1).document.challenges.groups_of_rules

    assert groups == {**SECTION.groups_of_rules, "CAMPUS_CARD": "payment"}


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ("[challenges.methods.palm_reading]\nkind = 'hand'", "/challenges/methods/palm_reading"),
        ("[challenges.methods.phone_code]\nfraud = 1.5", "/challenges/methods/phone_code/fraud"),
        ("[challenges.methods.phone_code]\nfraud = 0.99", "fraudsters would pass more often"),
        ("[challenges]\nmood = 3", "/challenges/mood"),
        ("[challenges.occasions.linkage]\nfirst = ['palm_reading']", "/challenges/occasions/linkage/first"),
    ],
)
def test_a_wrong_table_is_refused_and_the_mistake_named(section: str, named: str) -> None:
    with pytest.raises(InvalidError) as refused:
        parse_policy(f"{default_policy_text()}\n{section}\n", version=1)

    assert named in str(refused.value)
