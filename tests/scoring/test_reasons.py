"""Reasons: every feature speaks for exactly one, weights add up, and what is missing is told as missing."""

from __future__ import annotations

import re

import numpy as np
import pytest

from models.features.catalogue import FEATURES
from models.reasons import LOWERING_SHOWN, RAISING_SHOWN, REASONS, strongest_reasons

NAMES = [feature.name for feature in FEATURES]


def weigh(**contributions: float) -> list[float]:
    weights = dict.fromkeys(NAMES, 0.0) | contributions
    return [weights[name] for name in NAMES]


def vector(**values: float) -> np.ndarray:
    return np.array([values.get(name, 0.0) for name in NAMES], np.float32)


def test_every_feature_speaks_for_exactly_one_reason_of_its_own_or_a_fitting_group() -> None:
    spoken = [name for reason in REASONS for name in reason.features]

    assert sorted(spoken) == sorted(NAMES)
    assert len({reason.code for reason in REASONS}) == len(REASONS)


def test_features_that_say_the_same_add_up_to_one_reason() -> None:
    [reason] = strongest_reasons(weigh(device_signups_24h=0.4, device_mailboxes_30d=0.5), vector())

    assert reason.code == "DEVICE_SHARED"
    assert reason.contribution == pytest.approx(0.9)


def test_raising_reasons_come_first_and_both_lists_are_bounded() -> None:
    raising = {name: 1.0 + place for place, name in enumerate(("ip_hosting", "email_disposable", "form_haste"))}
    lowering = {"email_academic": -2.0, "payment_name_match": -1.0, "phone_valid": -3.0, "orcid_valid": -0.5}

    found = strongest_reasons(weigh(**raising, **lowering), vector())

    weights = [reason.contribution for reason in found]
    assert weights[:3] == [3.0, 2.0, 1.0]
    assert weights[3:] == [-3.0, -2.0, -1.0]
    assert len(found) <= RAISING_SHOWN + LOWERING_SHOWN


def test_what_barely_weighs_is_no_reason() -> None:
    assert strongest_reasons(weigh(ip_hosting=0.01, email_academic=-0.01), vector()) == ()


def test_what_is_missing_is_told_as_missing_and_never_as_its_opposite() -> None:
    [known] = strongest_reasons(weigh(institution_burst_24h=0.5), vector(institution_burst_24h=9.0))
    [unknown] = strongest_reasons(weigh(institution_burst_24h=0.5), vector(institution_burst_24h=float("nan")))

    assert known.text.startswith("More sign-ups share")
    assert unknown.text.startswith("Whether more sign-ups than usual are like it is not known")


def test_every_reason_that_can_be_missing_has_a_sentence_for_that() -> None:
    meanings = {feature.name: feature.meaning for feature in FEATURES}
    for reason in REASONS:
        missing = [name for name in reason.features if re.search(r"[Mm]issing (?!in)(?!.*never)", meanings[name])]
        assert not missing or reason.unknown, reason.code


def test_where_nothing_is_known_yet_nothing_is_claimed_of_others() -> None:
    place = weigh(prefix_fraud_share_90d=-1.0)
    [reason] = strongest_reasons(place, vector(prefix_fraud_share_90d=0.05))

    assert reason.text == (
        "Few accounts from its address range, mail domain or card range are known to be fraudulent, or none."
    )


def test_a_fact_that_is_not_there_is_not_told_as_if_it_were() -> None:
    weighing = weigh(email_open_enrolment=0.2)
    [absent] = strongest_reasons(weighing, vector(email_open_enrolment=0.0))
    [present] = strongest_reasons(weighing, vector(email_open_enrolment=1.0))

    assert absent.text == "The institution gives mailboxes to those it has admitted."
    assert present.text == "The institution gives mailboxes before admission."


@pytest.mark.parametrize(
    ("weights", "values", "told"),
    [
        (
            {"institution_free_mail": -0.4, "support_groups": 0.2},
            {"institution_free_mail": 0.0, "support_groups": 0.0},
            "No listed institution is claimed from a free or throw-away mailbox.",
        ),
        (
            {"institution_free_mail": 0.4, "support_groups": -0.3},
            {"institution_free_mail": 1.0, "support_groups": 1.0},
            "A listed institution is claimed from a free or throw-away mailbox.",
        ),
        (
            {"institution_network_match": -0.2},
            {"institution_network_match": 0.0},
            "The connection is not that of the institution claimed.",
        ),
        (
            {"support_groups": -0.2},
            {"support_groups": 0.0},
            "Nothing independent (mailbox, connection, ORCID iD, card, website) supports the story.",
        ),
        (
            {"support_groups": 0.2},
            {"support_groups": 1.0},
            "Little that is independent (mailbox, connection, ORCID iD, card, website) supports the story.",
        ),
        (
            {"support_groups": -0.2},
            {"support_groups": 2.0},
            "Something independent (mailbox, connection, ORCID iD, card, website) supports the story.",
        ),
    ],
)
def test_support_is_claimed_only_where_there_is_some(
    weights: dict[str, float], values: dict[str, float], told: str
) -> None:
    [reason] = strongest_reasons(weigh(**weights), vector(**values))

    assert (reason.code, reason.text) == ("INSTITUTION_UNPROVEN", told)


@pytest.mark.parametrize(
    ("feature", "told"),
    [
        ("domain_good_accounts_180d", "No account at its mail domain is known to be good yet."),
        ("sponsor_good_accounts", "Nobody who named this sponsor is known to be good yet."),
        ("ip_academic", "The connection is not that of a school or university."),
    ],
)
def test_the_lack_of_something_good_is_not_told_as_something_bad(feature: str, told: str) -> None:
    [reason] = strongest_reasons(weigh(**{feature: 0.3}), vector(**{feature: 0.0}))

    assert reason.text == told


def test_the_facts_told_of_a_feature_are_those_of_its_reason() -> None:
    for reason in REASONS:
        assert set(reason.facts) <= set(reason.features), reason.code


def test_every_meaning_stands_alone() -> None:
    """On the page of a case features stand by weight: the one before in the catalogue is not the one before there."""
    for feature in FEATURES:
        assert not feature.meaning.lower().startswith(("the same", "likewise", "as above")), feature.name
