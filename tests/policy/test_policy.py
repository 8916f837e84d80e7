"""The policy decides by thresholds and rules, and a wrong document is refused with every mistake named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from models.reference.reference import Reference
from models.signals.signals import derive_signals
from models.signup import (
    AccountType,
    Behaviour,
    CheckResult,
    Device,
    Identity,
    Payment,
    PaymentChecks,
    PaymentMethod,
    Signup,
)
from models.signup_document import document_of_signup
from service.domain.decision import Decision
from service.domain.errors import InvalidError
from service.domain.policy import Policy, default_policy_text, parse_policy

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

DOCUMENT = """
format = 1
[thresholds.educational]
step_up = 0.1
review = 0.5
deny = 0.9
[thresholds.research]
step_up = 0.2
review = 0.6
[fallback]
decision = "review"
"""


def rule(when: str, effect: str = 'at_least = "review"', name: str = "a_rule") -> str:
    return f"""
[[rules]]
id = "{name}"
when = '{when}'
{effect}
reason = "A_REASON"
text = "A sentence."
"""


def decide(policy: Policy, score: float | None, **changes: Any) -> Decision:
    facts: dict[str, Any] = {
        "account_type": AccountType.EDUCATIONAL,
        "signup": {"email": "ada@example.org", "device": {"webdriver": True}, "custom": {"campaign": "spring"}},
        "signals": {"email": {"disposable": None, "academic": True}},
        "linkage": {"device": {"links_24h": 4}},
        "now": NOON,
    }
    return policy.rule_on(score=score, **(facts | changes)).decision


@pytest.mark.parametrize(
    ("score", "decision"),
    [
        (0.0, Decision.ALLOW),
        (0.0999, Decision.ALLOW),
        (0.1, Decision.STEP_UP),
        (0.5, Decision.REVIEW),
        (0.9, Decision.DENY),
        (1.0, Decision.DENY),
    ],
)
def test_a_score_at_a_line_gets_the_decision_of_that_line(score: float, decision: Decision) -> None:
    assert decide(parse_policy(DOCUMENT, version=1), score) is decision


def test_thresholds_are_kept_per_account_type() -> None:
    policy = parse_policy(DOCUMENT, version=1)

    assert decide(policy, 0.15, account_type=AccountType.RESEARCH) is Decision.ALLOW
    assert decide(policy, 0.95, account_type=AccountType.RESEARCH) is Decision.REVIEW


def test_without_a_score_the_fallback_decides() -> None:
    assert decide(parse_policy(DOCUMENT, version=1), None) is Decision.REVIEW


@pytest.mark.parametrize(
    "when",
    [
        "linkage.device.links_24h >= 4",
        "linkage.payment.links_24h == 0",  # an identifier the sign-up does not carry counts 0
        "signup.device.webdriver == true",
        'signup.custom.campaign == "spring"',
        "signals.email.academic",
        'score < 0.05 && account_type == "educational"',
    ],
)
def test_a_rule_that_holds_sets_its_floor(when: str) -> None:
    ruling = parse_policy(DOCUMENT + rule(when), version=1).rule_on(
        account_type=AccountType.EDUCATIONAL,
        score=0.01,
        signup={"device": {"webdriver": True}, "custom": {"campaign": "spring"}},
        signals={"email": {"academic": True}},
        linkage={"device": {"links_24h": 4}},
        now=NOON,
    )

    assert ruling.decision is Decision.REVIEW
    assert ruling.rules == ("a_rule",)
    assert [reason.code for reason in ruling.reasons] == ["A_REASON"]


def test_a_floor_wins_over_a_ceiling_and_a_ceiling_over_the_score() -> None:
    ceiling = rule("score > 0.5", 'at_most = "allow"', "ceiling")
    floor = rule("score > 0.7", 'at_least = "step_up"', "floor")
    policy = parse_policy(DOCUMENT + ceiling + floor, version=1)

    assert decide(policy, 0.6) is Decision.ALLOW
    assert decide(policy, 0.8) is Decision.STEP_UP


def test_a_rule_never_sees_an_unscored_sign_up_as_risky() -> None:
    assert decide(parse_policy(DOCUMENT + rule("score > 0.0", 'at_least = "deny"'), version=1), None) is Decision.REVIEW


ADA = Signup(
    signup_id="su_ada",
    account_type=AccountType.EDUCATIONAL,
    occurred_at=NOON,
    identity=Identity(full_name="Ada Example"),
    email="ada@example.org",
    payment=Payment(PaymentMethod.CARD, fingerprint="fp", checks=PaymentChecks(cvc=CheckResult.PASS)),
    device=Device(ip="192.0.2.7", webdriver=True),
    custom={"campaign": "spring"},
)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("has(signup.payment)", True),
        ("has(signup.behaviour)", False),
        ("has(signup.payment) && has(signup.payment.checks.cvc)", True),
        ("has(signup.payment) && has(signup.payment.bin)", False),
        ('has(signup.payment) && signup.payment.checks.cvc == "pass"', True),
        ("has(signup.payment) && size(signup.payment) == 3", True),
        ('has(signup.payment.fingerprint) && signup.payment.fingerprint == "fp"', True),
        ('signup.custom.campaign == "spring"', True),
        ("signup.device.webdriver == true && !has(signup.device.device_id)", True),
        ("size(signup) == 8", True),
        ("score < 0.5", True),
    ],
)
def test_rules_find_the_same_in_what_they_are_given_of_a_sign_up_as_in_all_of_it(when: str, holds: bool) -> None:
    policy = parse_policy(DOCUMENT + rule(when), version=1)

    rulings = [
        policy.rule_on(
            account_type=AccountType.EDUCATIONAL, score=0.01, signup=signup, signals={}, linkage={}, now=NOON
        )
        for signup in (document_of_signup(ADA), document_of_signup(ADA, only=policy.of_signup))
    ]

    assert rulings[0] == rulings[1]
    assert (rulings[0].rules, rulings[0].failed_rules) == (("a_rule",) if holds else (), ())


def test_nothing_is_told_of_what_no_rule_reads() -> None:
    policy = parse_policy(DOCUMENT + rule("has(signup.payment) && signup.device.webdriver == true"), version=1)

    assert document_of_signup(ADA, only=policy.of_signup) == {"payment": {}, "device": {"webdriver": True}}
    assert document_of_signup(ADA, only=parse_policy(DOCUMENT, version=1).of_signup) == {}


@pytest.mark.parametrize("when", ["signup.custom.campaign > 3", "linkage.device.links_24h / 0 > 1"])
def test_a_rule_that_fails_while_running_is_named_and_breaks_nothing(when: str) -> None:
    policy = parse_policy(DOCUMENT + rule(when) + rule("score > 0.2", name="sound"), version=1)

    ruling = policy.rule_on(
        account_type=AccountType.EDUCATIONAL,
        score=0.3,
        signup={"custom": {"campaign": "spring"}},
        signals={"email": {"disposable": None}},
        linkage={},
        now=NOON,
    )

    assert ruling.failed_rules == ("a_rule",)
    assert ruling.decision is Decision.REVIEW
    assert ruling.rules == ("sound",)


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (DOCUMENT.replace("format = 1", "format = 2"), "/format"),
        (DOCUMENT.replace("0.1", "1.1"), "/thresholds/educational/step_up"),
        (DOCUMENT.replace("step_up = 0.1", "step_up = 0.6"), "/thresholds/educational"),
        (DOCUMENT.replace("[thresholds.research]", "[thresholds.commercial]"), "/thresholds/commercial"),
        (DOCUMENT.replace('"review"', '"maybe"'), "/fallback/decision"),
        (DOCUMENT.replace("[fallback]", "[fallback]\nmood = 3"), "/fallback/mood"),
        (DOCUMENT + rule("score >"), "/rules/0"),
        (DOCUMENT + rule("password > 1"), "unknown name 'password'"),
        (DOCUMENT + rule("score > 1.0", ""), "at_least and at_most"),
        (DOCUMENT + rule("score > 1.0") + rule("score > 1.0"), "two rules are called a_rule"),
        ("format = ", "not TOML"),
    ],
)
def test_a_wrong_document_is_refused_and_the_mistake_named(broken: str, named: str) -> None:
    with pytest.raises(InvalidError) as refused:
        parse_policy(broken, version=1)

    assert named in str(refused.value)


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(InvalidError) as refused:
        parse_policy(DOCUMENT.replace("0.1", "7.0").replace('"review"', '"maybe"'), version=1)

    assert {error.pointer for error in refused.value.errors} >= {
        "/thresholds/educational/step_up",
        "/fallback/decision",
    }


def test_the_shipped_policy_is_valid_and_no_score_denies_by_itself() -> None:
    policy = parse_policy(default_policy_text(), version=1)

    assert all(lines.deny is None for lines in policy.document.thresholds.values())
    # Ties to bans and to contained networks deny; nothing that is said of one person does.
    assert {each.id for each in policy.document.rules if each.at_least is Decision.DENY} == {
        "replacement_many_ways",
        "contained_cluster",
    }


BARE = Signup(
    signup_id="su_bare",
    account_type=AccountType.EDUCATIONAL,
    occurred_at=NOON,
    identity=Identity(full_name="Oriane Maupertuis"),
    email="oriane@gmail.com",
    device=Device(ip="192.0.2.7"),
)


@pytest.mark.parametrize(
    ("told", "decision"),
    [
        ({}, Decision.STEP_UP),
        ({"email": "o.maupertuis@ox.ac.uk"}, Decision.ALLOW),
        ({"payment": Payment(PaymentMethod.NONE), "behaviour": Behaviour(referrer="x")}, Decision.STEP_UP),
        ({"payment": Payment(PaymentMethod.CARD, fingerprint="fp")}, Decision.ALLOW),
        ({"payment": Payment(PaymentMethod.CARD, fingerprint="null")}, Decision.STEP_UP),
        ({"phone": "+447400123456"}, Decision.ALLOW),
        ({"phone": "+11111111111"}, Decision.STEP_UP),  # possible, and in no numbering plan
        ({"phone": "+919999999999"}, Decision.STEP_UP),
        ({"behaviour": Behaviour(form_seconds=60.0)}, Decision.ALLOW),
    ],
)
def test_leaving_everything_out_is_not_the_way_in(
    reference: Reference, told: dict[str, Any], decision: Decision
) -> None:
    signup = replace(BARE, **told)

    ruling = parse_policy(default_policy_text(), version=1).rule_on(
        account_type=AccountType.EDUCATIONAL,
        score=0.01,
        signup=document_of_signup(signup),
        signals=derive_signals(signup, reference).as_document(),
        linkage={"email_domain": {"links_365d": 1}},
        now=NOON,
    )

    assert ruling.failed_rules == ()
    assert ruling.decision is decision


@pytest.mark.parametrize(
    ("signup", "given", "decision"),
    [
        ({}, False, Decision.STEP_UP),
        ({}, True, Decision.ALLOW),
        ({"payment": {"method": "card", "fingerprint": "null"}}, False, Decision.ALLOW),
    ],
)
def test_what_was_recorded_before_two_signals_is_replayed_as_it_was_decided(
    signup: dict[str, Any], given: bool, decision: Decision
) -> None:
    ruling = parse_policy(default_policy_text(), version=1).rule_on(
        account_type=AccountType.EDUCATIONAL,
        score=0.01,
        signup=signup,
        signals={
            "email": {"academic": False, "disposable": False},
            "device": {"device_id_given": False},
            "phone": {"given": given},
            "payment": {"absent": True},
        },
        linkage={},
        now=NOON,
    )

    assert ruling.failed_rules == ()
    assert ruling.decision is decision
