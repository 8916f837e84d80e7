"""A code to a mailbox at the institution: the one signed up with, or one that the person names."""

from __future__ import annotations

from dataclasses import dataclass

from models.reference.reference import Reference
from models.signals.identity import lies_under
from models.signals.mailbox import mailbox_of
from service.domain.challenge import ChallengeMethod
from service.usecases.step_up_methods import Person


@dataclass(frozen=True, slots=True)
class InstitutionEmailCode:
    """See ``service.usecases.step_up_methods.MailedCode``."""

    reference: Reference
    method: ChallengeMethod = ChallengeMethod.INSTITUTION_EMAIL_CODE

    def possible(self, person: Person) -> bool:
        """Whoever signed up with an academic mailbox, or names an institution whose domains are known."""
        return self.known_address(person) is not None or bool(person.signals.identity.institution_domains)

    def known_address(self, person: Person) -> str | None:
        """The address signed up with, if it is the institution's."""
        email, identity = person.signals.email, person.signals.identity
        if not email.academic or email.disposable:
            return None
        if identity.institution_domains and not lies_under(email.domain, identity.institution_domains):
            return None  # another institution's mailbox proves nothing of the one that is claimed
        return person.signup.email

    def takes(self, address: str, person: Person) -> bool:
        """A mailbox under one of the institution's domains."""
        domain = mailbox_of(address, self.reference.mail).domain
        domains = person.signals.identity.institution_domains
        if domains:
            return lies_under(domain, domains)
        known = self.known_address(person)
        return known is not None and address.casefold() == known.casefold()
