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
