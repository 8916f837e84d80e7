"""Signals about the payment instrument."""

from __future__ import annotations

from dataclasses import field

from models.frozen import frozen
from models.reference.reference import Reference
from models.signals.content import identifying, name_of_somebody
from models.signals.names import canonical_name, canonical_words, names_match
from models.signals.personal import PERSONAL
from models.signup import CheckResult, Funding, Payment, PaymentChecks, PaymentMethod, Signup, ThreeDSecure

_MOST_ATTEMPTS = 1_000
_THREE_D_SECURE = {ThreeDSecure.AUTHENTICATED: 1.0, ThreeDSecure.ATTEMPTED: 0.5, ThreeDSecure.FAILED: 0.0}


@frozen
class PaymentSignals:
    """The instrument.

    Attributes:
        fingerprint: the processor's fingerprint of it.
        bin: the first digits of the card.
        cardholder: the canonical name on it; ``None`` for what stands in place of one.
        method: how the account would be paid; ``None`` without a payment block.
        absent: nothing would be paid.
        fingerprint_given: the fingerprint tells instruments apart.
        prepaid: a prepaid card; ``None`` when the funding is unknown.
        virtual_bin: an issuer of virtual or prepaid numbers; ``None`` without a BIN.
        failed_attempts: tries that the processor refused before.
        cvc_failed: the security code was wrong; ``None`` when it was not checked.
        postal_code_failed: the postal code was wrong; ``None`` when it was not checked.
        three_d_secure: 1 authenticated, 0.5 attempted, 0 failed; ``None`` when not tried or not possible.
        name_match: similarity of cardholder and person, 0 to 1.
        issuer_country: of the card's bank.
        billing_country: of the billing address.
    """

    fingerprint: str | None = field(metadata=PERSONAL)
    bin: str | None = field(metadata=PERSONAL)
    cardholder: str | None = field(metadata=PERSONAL)
    method: PaymentMethod | None
    absent: bool
    fingerprint_given: bool
    prepaid: bool | None
    virtual_bin: bool | None
    failed_attempts: int | None
    cvc_failed: bool | None
    postal_code_failed: bool | None
    three_d_secure: float | None
    name_match: float | None
    issuer_country: str | None
    billing_country: str | None


_ABSENT = PaymentSignals(
    fingerprint=None,
    bin=None,
    cardholder=None,
    method=None,
    absent=True,
    fingerprint_given=False,
    prepaid=None,
    virtual_bin=None,
    failed_attempts=None,
    cvc_failed=None,
    postal_code_failed=None,
    three_d_secure=None,
    name_match=None,
    issuer_country=None,
    billing_country=None,
)


def payment_signals(signup: Signup, reference: Reference) -> PaymentSignals:
    """The signals of the payment block."""
    payment = signup.payment
    if payment is None:
        return _ABSENT
    checks = payment.checks or PaymentChecks()
    digits = payment.bin.strip() if payment.bin else ""
    fingerprint = identifying(payment.fingerprint)
    return PaymentSignals(
        fingerprint=fingerprint,
        bin=digits or None,
        cardholder=_cardholder(payment, reference),
        method=payment.method,
        absent=payment.method is PaymentMethod.NONE,
        fingerprint_given=fingerprint is not None,
        prepaid=None if payment.funding in {None, Funding.UNKNOWN} else payment.funding is Funding.PREPAID,
        virtual_bin=reference.bins.is_virtual(digits) if digits else None,
        failed_attempts=None if payment.failed_attempts is None else min(payment.failed_attempts, _MOST_ATTEMPTS),
        cvc_failed=_failed(checks.cvc),
        postal_code_failed=_failed(checks.postal_code),
        three_d_secure=None if checks.three_d_secure is None else _THREE_D_SECURE.get(checks.three_d_secure),
        name_match=names_match(payment.cardholder_name, signup.identity.full_name) if payment.cardholder_name else None,
        issuer_country=reference.countries.known(payment.issuer_country),
        billing_country=reference.countries.known(payment.billing_country),
    )


def _cardholder(payment: Payment, reference: Reference) -> str | None:
    holder = name_of_somebody(payment.cardholder_name)
    return None if holder is None else canonical_name(canonical_words(holder, reference.confusables))


def _failed(check: CheckResult | None) -> bool | None:
    if check is CheckResult.FAIL:
        return True
    return False if check is CheckResult.PASS else None
