"""Campaigns without shared identifiers: habits that surprise at once are told, and raise no decision by themselves."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models.features.campaign import HABITS, KEYS_OF_A_CAMPAIGN, SURPRISING, campaign_of
from models.features.catalogue import FEATURES, Vector
from models.linkage.identifier import IdentifierKind
from models.linkage.memory import MemoryHistory
from models.linkage.velocity import NO_HISTORY, Linkage, Velocity
from models.reference.reference import Reference
from models.registry import baseline
from models.replay import replay
from models.signup import AccountType, Behaviour, Device, Identity, Institution, Role, Signup
from service.domain.decision import Assessment, Decision
from service.domain.policy import default_policy_text, parse_policy
from service.storage.sights import surprises_of
from service.usecases.judge import SUSPECTED_CAMPAIGN, Judge

Kind = IdentifierKind
TERM = datetime(2026, 9, 21, 9, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
COLUMNS = {feature.name: column for column, feature in enumerate(FEATURES)}
OF_KIND = {
    Kind.EMAIL_PATTERN: "email_pattern_burst_24h",
    Kind.PROFILE_NETWORK: "profile_network_burst_24h",
    Kind.BIN: "bin_burst_24h",
    Kind.BIN_COUNTRY: "bin_country_burst_24h",
    Kind.FORM_LANGUAGE: "form_language_burst_24h",
}
HONEST = 0.02
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"


def vector(**surprises: float) -> Vector:
    """Features of which only these are known, by kinds or by name."""
    found = np.full(len(FEATURES), np.nan, dtype=np.float32)
    for name, value in surprises.items():
        found[COLUMNS[OF_KIND[Kind(name)] if name in list(Kind) else name]] = value
    return found


def judge(policy: str = default_policy_text(), score: float = HONEST) -> Judge:
    """A judge whose model gives everybody the same score, so that whatever moves a decision is not the score."""
    scorer = SimpleNamespace(
        score=lambda _: SimpleNamespace(probability=score),
        explain=lambda _: SimpleNamespace(contributions=[0.0] * len(FEATURES)),
    )
    model: Any = SimpleNamespace(scorer=scorer, card=SimpleNamespace(version="test", model_sha256="0" * 64))
    in_force = parse_policy(policy, version=1)
    return Judge(reference=Any, model=lambda: model, policy=lambda: in_force, new_id=lambda _: "as_1")  # type: ignore[arg-type]  # judging facts asks no reference


def test_every_habit_is_watched() -> None:
    assert set(HABITS) == set(OF_KIND)


@pytest.mark.parametrize(
    ("surprises", "suspected"),
    [
        ({}, False),
        ({"email_pattern": 30.0, "profile_network": 30.0}, False),
        ({"email_pattern": 30.0, "profile_network": 30.0, "bin": 5.9}, False),
        ({"email_pattern": 6.0, "profile_network": 6.0, "bin": 6.0}, True),
        ({"bin_country": 7.0, "form_language": 8.0, "email_pattern": 9.0, "profile_network": 1.0}, True),
        # The prefix, the domain and the institution are what a class shares: they are no habits of an operator.
        ({"prefix_burst_1h": 30.0, "email_domain_burst_24h": 30.0, "institution_burst_24h": 30.0}, False),
    ],
)
def test_three_habits_that_surprise_at_once_are_suspected(surprises: dict[str, float], suspected: bool) -> None:
    assert campaign_of(vector(**surprises), NO_HISTORY).suspected is suspected


def test_the_document_names_every_key_by_kind_in_tenths() -> None:
    surprising = vector(email_pattern=6.04, bin=11.26, form_language=5.99, institution_network_match=1.0)

    found = campaign_of(surprising, NO_HISTORY)
    assert found.as_document() == {"keys": 2, "surprise": 113, "one_place": 1, "email_pattern": 60, "bin": 113}


@pytest.mark.parametrize(("from_here", "one_place"), [(50, True), (40, True), (39, False), (0, False)])
def test_a_range_of_addresses_that_nearly_everybody_came_from_is_one_place(from_here: int, one_place: bool) -> None:
    def seen(links: int) -> Velocity:
        return Velocity((links, links, links, links, links, links), (0, 0, 0), 0, 0)

    linkage = Linkage([(Kind.IP_PREFIX, seen(from_here)), (Kind.EMAIL_PATTERN, seen(50)), (Kind.BIN, seen(3))])

    assert campaign_of(vector(email_pattern=9.0, bin=9.0), linkage).one_place is one_place


def operators(at: datetime = TERM) -> Iterator[Signup]:
    """Sixty sign-ups of one operator who rotates whatever identifies, and keeps his habits; after a month of others."""
    yield from background(at)
    for number in range(60):
        yield Signup(
            signup_id=f"op_{number}",
            account_type=AccountType.EDUCATIONAL,
            occurred_at=at + number * MINUTE,
            identity=Identity(full_name=f"Person {number}", country="FR", role=Role.STUDENT),
            email=f"{'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10]}orel.duval{10 + number}@gmail.com",
            device=Device(
                ip=f"81.2.{number}.7",
                user_agent=FIREFOX,
                accept_language="cy-GB",
                timezone="Europe/London",
                screen="1111x777",
            ),
            behaviour=Behaviour(form_seconds=11.0),
        )


def background(until: datetime, *, days: int = 28, a_day: int = 6, domain: str = "college.example") -> Iterator[Signup]:
    for day in range(days, 0, -1):
        for number in range(a_day):
            yield pupil(f"bg_{day}_{number}", until - day * DAY + number * MINUTE, domain, f"p{day}-{number}")


def pupil(signup_id: str, at: datetime, domain: str, name: str, ip: str = "129.67.1.9") -> Signup:
    """Somebody at Oxford's machines, with a mailbox at a domain."""
    return Signup(
        signup_id=signup_id,
        account_type=AccountType.EDUCATIONAL,
        occurred_at=at,
        identity=Identity(
            full_name=f"Pupil {name}",
            country="GB",
            role=Role.STUDENT,
            birth_year=2006,
            institution=Institution(name="University of Oxford"),
        ),
        email=f"{name}@{domain}",
        device=Device(ip=ip, user_agent=FIREFOX, accept_language="en-GB", timezone="Europe/London", screen="1920x1080"),
        behaviour=Behaviour(form_seconds=75.0, keystrokes=80),
    )


def classroom() -> Iterator[Signup]:
    """Sixty pupils in ten minutes, on imaged machines behind one address that hardly anybody came from before."""
    yield from background(TERM)
    names = [f"{a}{b}" for a in "abcdefgh" for b in "klmnopqr"][:60]
    for number, name in enumerate(names):
        at = TERM + timedelta(seconds=10 * number)
        yield pupil(f"class_{number}", at, "st-swithuns.example", f"{name}.pupil", "81.2.69.142")


def first_week_of_term() -> Iterator[Signup]:
    """A university that sends six people a day sends sixty, on each of five days."""
    yield from background(TERM, domain="ox.ac.uk")
    for day in range(5):
        for number in range(60):
            at = TERM + day * DAY + number * 5 * MINUTE
            yield pupil(f"term_{day}_{number}", at, "ox.ac.uk", f"p{day}x{number}")


def judged(signups: Iterator[Signup], reference: Reference, judging: Judge | None = None) -> Sequence[Assessment]:
    judging = judging or judge()
    return [
        judging(each.facts, now=each.facts.signup.occurred_at)
        for each in replay(signups, reference=reference, history=MemoryHistory())
    ]


def surprise(assessment: Assessment) -> float:
    """The largest surprise of any burst, watched or not."""
    assert assessment.vector is not None
    found = np.frombuffer(assessment.vector, "<f4")
    bursts = [float(found[column]) for name, column in COLUMNS.items() if "_burst_" in name]
    return max((each for each in bursts if not math.isnan(each)), default=0.0)


@pytest.mark.parametrize("crowd", [classroom, first_week_of_term])
def test_a_class_and_the_first_week_of_term_are_let_in_by_the_shipped_model_and_policy_and_are_no_attack(
    crowd: Callable[[], Iterator[Signup]], reference: Reference
) -> None:
    shipped = baseline(catalogue=list(COLUMNS))
    judging = replace(judge(), model=lambda: shipped)

    assessments = judged(crowd(), reference, judging)

    assert max(map(surprise, assessments)) >= SURPRISING
    assert {each.decision for each in assessments} == {Decision.ALLOW}
    assert [found for each in assessments for found in surprises_of(each.linkage)] == []


@pytest.mark.parametrize("crowd", [classroom, first_week_of_term, operators])
def test_a_burst_alone_raises_no_decision(crowd: Callable[[], Iterator[Signup]], reference: Reference) -> None:
    assessments = judged(crowd(), reference)

    assert max(map(surprise, assessments)) >= SURPRISING
    assert {each.decision for each in assessments} == {Decision.ALLOW}


@pytest.mark.parametrize("crowd", [classroom, first_week_of_term])
def test_no_campaign_is_suspected_of_a_class_or_of_the_first_week_of_term(
    crowd: Callable[[], Iterator[Signup]], reference: Reference
) -> None:
    assessments = judged(crowd(), reference)

    assert max(each.linkage.get("campaign", {}).get("keys", 0) for each in assessments) >= 2
    assert [each for each in assessments if SUSPECTED_CAMPAIGN in {reason.code for reason in each.reasons}] == []


def test_an_operator_who_rotates_everything_but_his_habits_is_suspected(reference: Reference) -> None:
    newest = judged(operators(), reference)[-1]

    assert [(each.code, each.group, each.contribution) for each in newest.reasons] == [
        (SUSPECTED_CAMPAIGN, "linkage", None)
    ]
    told = newest.linkage["campaign"]
    assert told["keys"] >= KEYS_OF_A_CAMPAIGN
    assert {kind.value for kind in HABITS} & told.keys() >= {"email_pattern", "form_language"}
    assert "Duval" not in json.dumps(dict(newest.linkage))


def test_rules_read_a_campaign_and_nothing_where_there_is_none(reference: Reference) -> None:
    rule = """
[[rules]]
id = "campaign"
when = "linkage.campaign.keys >= 3 && linkage.campaign.surprise >= 60 && linkage.campaign.one_place == 0"
at_least = "review"
reason = "CAMPAIGN"
text = "Several habits came far more often than ever."
[[rules]]
id = "quiet"
when = "linkage.campaign.keys == 0 && linkage.campaign.surprise == 0 && linkage.campaign.bin == 0"
at_most = "deny"
reason = "QUIET"
text = "Nothing surprises."
"""
    first, *_, last = judged(operators(), reference, judge(default_policy_text() + rule))

    assert (first.decision, first.rules) == (Decision.ALLOW, ("quiet", "first_of_mail_domain"))
    assert (last.decision, last.rules) == (Decision.REVIEW, ("campaign",))
