"""Every method keeps the same contract, whoever is asked and whatever is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.reference.reference import Reference
from models.signals.signals import derive_signals
from models.signup import (
    AccountType,
    Device,
    Identity,
    Institution,
    Payment,
    PaymentChecks,
    PaymentMethod,
    PriorChecks,
    Role,
    Signup,
    Sponsor,
    ThreeDSecure,
)
from service.challenges.catalogue import methods_of
from service.challenges.institution_sso import refusal_of
from service.challenges.providers import Provider
from service.domain.challenge import ChallengeMethod
from service.domain.errors import InvalidError
from service.domain.policy_sections.challenges import default_challenges
from service.usecases.step_up_methods import Person, StepUpMethods

M = ChallengeMethod


def provider(method: Any, **changes: Any) -> Provider:
    return Provider(method=method, issuer="https://sso.example", client_id="gatehouse", **changes)


@pytest.fixture(scope="module")
def methods(reference: Reference) -> StepUpMethods:
    return methods_of(
        reference,
        sends_mail=True,
        providers={"federation": provider("institution_sso"), "orcid": provider("orcid_sign_in")},
        redirect_uri="https://gatehouse.example/verify/return",
        monotonic=lambda: 0.0,
    )


@pytest.fixture(scope="module")
def person(reference: Reference) -> Callable[..., Person]:
    def make(email: str = "ada.example@ox.ac.uk", **changes: Any) -> Person:
        identity = {name: changes.pop(name) for name in ("institution", "role", "orcid", "sponsor") if name in changes}
        plain: dict[str, Any] = {
            "signup_id": "su_1",
            "account_type": AccountType.EDUCATIONAL,
            "occurred_at": datetime(2026, 11, 23, tzinfo=UTC),
            "identity": Identity(full_name="Ada Example", country="GB", **identity),
            "email": email,
            "device": Device(ip="81.2.69.142"),
        }
        signup = Signup(**{**plain, **changes})
        return Person(signup, derive_signals(signup, reference))

    return make


def every(methods: StepUpMethods) -> list[Any]:
    return [*methods.sign_ins, *methods.mailed, *methods.caller_run]


def test_every_method_of_the_table_is_run_by_exactly_one_module(methods: StepUpMethods) -> None:
    assert sorted(each.method for each in every(methods)) == sorted(M)
    assert set(default_challenges().methods) == set(M)


def test_a_method_is_mailed_or_signed_in_or_run_by_the_caller(methods: StepUpMethods) -> None:
    for method in M:
        ways = (methods.mailed_code(method), methods.sign_in(method), methods.run_by_caller(method))
        assert sum(way is not None for way in ways) == 1


def test_without_mail_and_providers_the_callers_methods_remain(reference: Reference) -> None:
    bare = methods_of(reference, sends_mail=False, providers={}, redirect_uri="", monotonic=lambda: 0.0)

    assert (len(bare.mailed), len(bare.sign_ins), len(bare.caller_run)) == (0, 0, 4)


OXFORD = Institution(name="University of Oxford")
UNLISTED = Institution(name="Free College of Nowhere in Particular")
CARD = Payment(method=PaymentMethod.CARD, fingerprint="fp_1")


@pytest.mark.parametrize(
    ("changes", "possible"),
    [
        ({}, {M.INSTITUTION_SSO, M.INSTITUTION_EMAIL_CODE, M.EMAIL_CODE}),
        ({"email": "ada@gmail.com"}, {M.EMAIL_CODE}),
        (
            {"email": "ada@gmail.com", "institution": OXFORD},
            {M.INSTITUTION_SSO, M.INSTITUTION_EMAIL_CODE, M.EMAIL_CODE},
        ),
        ({"email": "ada@gmail.com", "institution": UNLISTED}, {M.EMAIL_CODE}),
        ({"email": "ada@gmail.com", "prior_checks": PriorChecks(email_verified=True)}, set()),
        ({"email": "ada@gmail.com", "orcid": "0000-0005-9999-0012"}, {M.EMAIL_CODE, M.ORCID_SIGN_IN}),
        ({"email": "ada@gmail.com", "account_type": AccountType.RESEARCH}, {M.EMAIL_CODE, M.ORCID_SIGN_IN}),
        ({"email": "ada@gmail.com", "phone": "+442079460958"}, {M.EMAIL_CODE, M.PHONE_CODE}),
        ({"email": "ada@gmail.com", "payment": CARD}, {M.EMAIL_CODE, M.THREE_D_SECURE}),
        (
            {
                "email": "ada@gmail.com",
                "payment": Payment(
                    method=PaymentMethod.CARD, checks=PaymentChecks(three_d_secure=ThreeDSecure.AUTHENTICATED)
                ),
            },
            {M.EMAIL_CODE},
        ),
    ],
)
def test_people_are_asked_for_what_they_can_do(
    methods: StepUpMethods, person: Callable[..., Person], changes: dict[str, Any], possible: set[M]
) -> None:
    assert set(methods.possible(person(**changes))) == possible | {M.SUPERVISOR_ATTESTATION, M.DOCUMENT_CHECK}


def test_somebody_on_their_own_is_asked_for_an_attestation_only_if_they_name_a_sponsor(
    methods: StepUpMethods, person: Callable[..., Person]
) -> None:
    alone = person("ada@gmail.com", role=Role.INDEPENDENT)
    sponsored = person("ada@gmail.com", role=Role.INDEPENDENT, sponsor=Sponsor(email="p@ox.ac.uk"))

    assert M.SUPERVISOR_ATTESTATION not in methods.possible(alone)
    assert M.SUPERVISOR_ATTESTATION in methods.possible(sponsored)


@pytest.mark.parametrize(
    ("claimed", "address", "taken"),
    [
        (OXFORD, "ada@ox.ac.uk", True),
        (OXFORD, "ada@student.ox.ac.uk", True),
        (OXFORD, "ada@cam.ac.uk", False),
        (OXFORD, "ada@ox.ac.uk.evil.example", False),
        (OXFORD, "ada@notox.ac.uk", False),
        (UNLISTED, "ada@ox.ac.uk", False),
        (None, "ada@ox.ac.uk", False),
    ],
)
def test_a_code_proves_an_institution_only_through_its_own_mailbox(
    methods: StepUpMethods, person: Callable[..., Person], claimed: Institution | None, address: str, taken: bool
) -> None:
    mailed = methods.mailed_code(M.INSTITUTION_EMAIL_CODE)
    assert mailed is not None

    assert mailed.takes(address, person("ada@gmail.com", institution=claimed)) is taken


def test_a_mailbox_of_another_institution_than_claimed_is_not_used_unasked(
    methods: StepUpMethods, person: Callable[..., Person]
) -> None:
    mailed = methods.mailed_code(M.INSTITUTION_EMAIL_CODE)
    assert mailed is not None

    assert mailed.known_address(person("ada@ox.ac.uk", institution=OXFORD)) == "ada@ox.ac.uk"
    assert mailed.known_address(person("ada@cam.ac.uk", institution=OXFORD)) is None


def test_a_provider_vouches_for_the_institutions_it_is_registered_for(
    reference: Reference, person: Callable[..., Person]
) -> None:
    bound = methods_of(
        reference,
        sends_mail=False,
        providers={"cambridge": provider("institution_sso", domains=("cam.ac.uk",))},
        redirect_uri="",
        monotonic=lambda: 0.0,
    )

    assert M.INSTITUTION_SSO in bound.possible(person("ada@cam.ac.uk"))
    assert M.INSTITUTION_SSO not in bound.possible(person("ada@ox.ac.uk"))


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), st.lists)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(method=st.integers(0, 3), evidence=st.dictionaries(st.text(max_size=20), JSON, max_size=4))
def test_evidence_nobody_knows_is_refused_and_never_kept(
    methods: StepUpMethods, method: int, evidence: dict[str, Any]
) -> None:
    run, wrong, kept = list(methods.caller_run)[method], [], set(evidence)
    try:
        kept = set(run.check(evidence).evidence) | {"attester_email"}
    except InvalidError as error:
        wrong = [each.pointer for each in error.errors]

    assert all(pointer.startswith("/evidence/") for pointer in wrong)
    assert set(evidence) <= kept


@pytest.mark.parametrize(
    ("method", "evidence", "passed"),
    [
        (M.PHONE_CODE, {"line_type": "mobile"}, True),
        (M.PHONE_CODE, {"line_type": "voip"}, False),
        (M.DOCUMENT_CHECK, {"document": "passport", "liveness": True}, True),
        (M.DOCUMENT_CHECK, {"document": "passport", "name_matches": False}, False),
        (M.THREE_D_SECURE, {"flow": "challenge", "liability_shift": True}, True),
        (M.SUPERVISOR_ATTESTATION, {"attester_email": "p@ox.ac.uk"}, True),
        (M.SUPERVISOR_ATTESTATION, {"attester_email": "p@gmail.com"}, False),
    ],
)
def test_evidence_that_belies_the_pass_fails_it(
    methods: StepUpMethods, method: M, evidence: dict[str, Any], passed: bool
) -> None:
    run = methods.run_by_caller(method)
    assert run is not None

    assert run.check(evidence).passed is passed


GOOD = {
    "eduperson_scoped_affiliation": ["student@ox.ac.uk"],
    "email": "ada@student.ox.ac.uk",
    "email_verified": True,
}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"eduperson_scoped_affiliation": "faculty@ox.ac.uk"}, None),
        ({"eduperson_scoped_affiliation": ["alum@ox.ac.uk"]}, "not_current"),
        ({"eduperson_scoped_affiliation": ["affiliate@ox.ac.uk", "member@ox.ac.uk"]}, "not_current"),
        ({"eduperson_scoped_affiliation": ["student@cam.ac.uk"]}, "other_institution"),
        ({"eduperson_scoped_affiliation": ["student@ox.ac.uk.evil.example"]}, "other_institution"),
        ({"eduperson_scoped_affiliation": ["student@cam.ac.uk", "alum@ox.ac.uk"]}, "not_current"),
        ({"eduperson_scoped_affiliation": []}, "no_affiliation"),
        ({"eduperson_scoped_affiliation": ["student"]}, "no_affiliation"),
        ({"email_verified": False}, "email_unverified"),
        ({"email_verified": "true"}, "email_unverified"),
        ({"email": "ada@gmail.com"}, "email_elsewhere"),
    ],
)
def test_the_claims_of_an_institution_are_checked_one_by_one(changes: dict[str, Any], why: str | None) -> None:
    assert refusal_of({**GOOD, **changes}, ("ox.ac.uk",)) == why
