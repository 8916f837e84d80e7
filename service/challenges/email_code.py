"""A code to the mailbox that the person signed up with: proves control of the mailbox, and that somebody reads it."""

from __future__ import annotations

from service.domain.challenge import ChallengeMethod
from service.usecases.step_up_methods import Person


class EmailCode:
    """See ``service.usecases.step_up_methods.MailedCode``."""

    method = ChallengeMethod.EMAIL_CODE

    def possible(self, person: Person) -> bool:
        """Everybody but those whose mailbox was verified before."""
        checks = person.signup.prior_checks
        return checks is None or checks.email_verified is not True

    def known_address(self, person: Person) -> str | None:
        """The address as it was written."""
        return person.signup.email

    def takes(self, address: str, person: Person) -> bool:
        """Only that one: another mailbox says nothing about it."""
        return address.casefold() == person.signup.email.casefold()
