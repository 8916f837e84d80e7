"""A document check, run by the sign-up flow's provider: strong, and the dearest in honest people lost."""

from __future__ import annotations

from collections.abc import Mapping

from service.challenges.evidence_fields import choice, flag, only
from service.domain.challenge import ChallengeMethod
from service.usecases.step_up_methods import Checked, Person

DOCUMENTS = ("passport", "identity_card", "driving_licence", "residence_permit", "student_card", "travel_document")


class DocumentCheck:
    """See ``service.usecases.step_up_methods.CallerRun``."""

    method = ChallengeMethod.DOCUMENT_CHECK

    def possible(self, person: Person) -> bool:
        """Everybody: refugees have travel documents."""
        return bool(person.signup.identity.full_name)

    def check(self, evidence: Mapping[str, object]) -> Checked:
        """What was shown, whether a living person showed it, and whether it bears the name that signed up."""
        only(evidence, "document", "liveness", "name_matches")
        matches = flag(evidence, "name_matches")
        return Checked(
            passed=matches is not False,
            evidence={
                "document": choice(evidence, "document", DOCUMENTS),
                "liveness": flag(evidence, "liveness"),
                "name_matches": matches,
            },
        )
