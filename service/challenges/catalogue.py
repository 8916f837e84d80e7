"""Every method that this service can run, made from what the operator has set up."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from models.reference.reference import Reference
from service.challenges.document_check import DocumentCheck
from service.challenges.email_code import EmailCode
from service.challenges.institution_email_code import InstitutionEmailCode
from service.challenges.institution_sso import InstitutionSso
from service.challenges.oidc import OpenIdClient
from service.challenges.orcid_sign_in import PUBLIC_RECORDS, OrcidSignIn
from service.challenges.phone_code import PhoneCode
from service.challenges.providers import Provider
from service.challenges.supervisor_attestation import SupervisorAttestation
from service.challenges.three_d_secure import ThreeDSecureMethod
from service.usecases.step_up_methods import SignIn, StepUpMethods


def methods_of(
    reference: Reference,
    *,
    sends_mail: bool,
    providers: Mapping[str, Provider],
    redirect_uri: str,
    monotonic: Callable[[], float],
) -> StepUpMethods:
    """The methods: those run by the sign-up flow always, codes with a mail server, sign-ins with providers.

    A policy that says ``offered = false`` leaves one out, for a flow that cannot run it.
    """
    clients = {name: OpenIdClient(each, redirect_uri, monotonic) for name, each in providers.items()}
    sign_ins: list[SignIn] = []
    schools = tuple((each, clients[name]) for name, each in providers.items() if each.method == "institution_sso")
    if schools:
        sign_ins.append(InstitutionSso(schools, reference))
    sign_ins += [
        OrcidSignIn(clients[name], each.record_api or PUBLIC_RECORDS)
        for name, each in providers.items()
        if each.method == "orcid_sign_in"
    ]
    return StepUpMethods(
        mailed=(InstitutionEmailCode(reference), EmailCode()) if sends_mail else (),
        sign_ins=tuple(sign_ins),
        caller_run=(ThreeDSecureMethod(), PhoneCode(), SupervisorAttestation(reference), DocumentCheck()),
    )
