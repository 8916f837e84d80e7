"""Features of the payment instrument."""

from __future__ import annotations

from models.features.facts import Facts
from models.features.numbers import number


def payment_absent(facts: Facts) -> float | None:
    """1 when there is nothing to pay with; never missing."""
    return number(facts.signals.payment.absent)


def payment_prepaid(facts: Facts) -> float | None:
    """1 for a prepaid card; missing when the funding is unknown."""
    return number(facts.signals.payment.prepaid)


def payment_virtual_bin(facts: Facts) -> float | None:
    """1 when the card's issuer is known for virtual numbers; missing without the card's first digits."""
    return number(facts.signals.payment.virtual_bin)


def payment_failed_attempts(facts: Facts) -> float | None:
    """Payment attempts that failed before this one (count, at most 1,000); missing when not reported."""
    return number(facts.signals.payment.failed_attempts)


def payment_cvc_failed(facts: Facts) -> float | None:
    """1 when the security code was wrong, 0 when right; missing when it was not checked."""
    return number(facts.signals.payment.cvc_failed)


def payment_postal_failed(facts: Facts) -> float | None:
    """1 when the postal code was wrong, 0 when right; missing when it was not checked."""
    return number(facts.signals.payment.postal_code_failed)


def payment_3ds(facts: Facts) -> float | None:
    """3-D Secure: 1 authenticated, 0.5 attempted, 0 failed; missing when not tried or not supported."""
    return facts.signals.payment.three_d_secure


def payment_name_match(facts: Facts) -> float | None:
    """Similarity, 0 to 1, of the name on the card to the person's, in any order; missing without a cardholder."""
    return facts.signals.payment.name_match
