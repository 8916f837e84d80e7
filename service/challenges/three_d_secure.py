"""3-D Secure, run by the sign-up flow's payment processor: speaks for the card, hardly for the person."""

from __future__ import annotations

from collections.abc import Mapping

from models.signup import PaymentMethod, ThreeDSecure
from service.challenges.evidence_fields import choice, flag, only
from service.domain.challenge import ChallengeMethod
from service.usecases.step_up_methods import Checked, Person

FLOWS = ("challenge", "frictionless")
_DONE = frozenset({ThreeDSecure.AUTHENTICATED, ThreeDSecure.NOT_SUPPORTED, ThreeDSecure.FAILED})


class ThreeDSecureMethod:
    """See ``service.usecases.step_up_methods.CallerRun``."""

    method = ChallengeMethod.THREE_D_SECURE

    def possible(self, person: Person) -> bool:
        """Whoever pays by a card that was not authenticated yet, and may be."""
        payment = person.signup.payment
        if payment is None or payment.method is not PaymentMethod.CARD:
            return False
        return payment.checks is None or payment.checks.three_d_secure not in _DONE

    def check(self, evidence: Mapping[str, object]) -> Checked:
        """How it was authenticated."""
        only(evidence, "flow", "liability_shift")
        return Checked(
            passed=True,
            evidence={
                "flow": choice(evidence, "flow", FLOWS),
                "liability_shift": flag(evidence, "liability_shift"),
            },
        )
