"""A supervisor's attestation, run by the sign-up flow: for those whose institution is on no list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from models.reference.reference import Reference
from models.signals.mailbox import mailbox_of
from models.signup import Role
from service.challenges.evidence_fields import choice, only, wrong
from service.domain.challenge import ChallengeMethod
from service.usecases.step_up_methods import Checked, Person

ROLES = ("supervisor", "advisor", "department_head", "registrar")


@dataclass(frozen=True, slots=True)
class SupervisorAttestation:
    """See ``service.usecases.step_up_methods.CallerRun``. An attester vouches for few: the policy says how many."""

    reference: Reference
    method: ChallengeMethod = ChallengeMethod.SUPERVISOR_ATTESTATION

    def possible(self, person: Person) -> bool:
        """Everybody but those who say that they work on their own and name nobody."""
        identity = person.signup.identity
        return identity.role is not Role.INDEPENDENT or identity.sponsor is not None

    def check(self, evidence: Mapping[str, object]) -> Checked:
        """The attester's mailbox, at a listed institution; it is kept as a digest only."""
        only(evidence, "attester_email", "attester_role")
        role = choice(evidence, "attester_role", ROLES)
        address = evidence.get("attester_email")
        if not isinstance(address, str) or not _is_address(address):
            raise wrong("attester_email", "must be the mailbox of the person who vouches")
        mailbox = mailbox_of(address, self.reference.mail)
        school = self.reference.academic.look_up(mailbox.domain)
        listed = school.academic and not school.stoplisted
        return Checked(
            passed=listed,
            evidence={"attester_role": role, "attester_listed": listed},
            proof=f"attester:{mailbox.canonical}",
            attests=True,
        )


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True
