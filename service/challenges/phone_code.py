"""A code to a telephone, sent by the sign-up flow: weak evidence, because numbers are for rent."""

from __future__ import annotations

from collections.abc import Mapping

from service.challenges.evidence_fields import choice, flag, only
from service.domain.challenge import ChallengeMethod
from service.usecases.step_up_methods import Checked, Person

LINE_TYPES = ("mobile", "fixed_line", "voip", "unknown")


class PhoneCode:
    """See ``service.usecases.step_up_methods.CallerRun``."""

    method = ChallengeMethod.PHONE_CODE

    def possible(self, person: Person) -> bool:
        """Everybody who gave a number; where it is virtual, another one is asked for."""
        return person.signals.phone.given

    def check(self, evidence: Mapping[str, object]) -> Checked:
        """A pass on a rented line proves nothing. ``other_number``: the code went to another number than signed up."""
        only(evidence, "line_type", "other_number")
        line, other = choice(evidence, "line_type", LINE_TYPES), flag(evidence, "other_number")
        return Checked(passed=line != "voip", evidence={"line_type": line, "other_number": other})
