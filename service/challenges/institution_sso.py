"""Sign-in at the institution: a current student or member of staff, of the institution that was claimed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any  # Any: claims are the provider's own JSON

from models.reference.reference import Reference
from models.signals.identity import lies_under
from service.challenges.oidc import OpenIdClient
from service.challenges.providers import Provider
from service.domain.challenge import ChallengeMethod
from service.usecases.step_up_methods import Checked, Person, SignInSecrets

# eduPerson in OpenID Connect as providers spell it: the OIDC mapping of REFEDS, and the LDAP name itself.
_AFFILIATION_CLAIMS = ("eduperson_scoped_affiliation", "eduPersonScopedAffiliation", "edu_person_scoped_affiliation")
CURRENT = frozenset({"student", "staff", "faculty"})
"""Not ``alum`` or ``affiliate``, who keep or are lent accounts; not ``member`` alone, which may be either."""


@dataclass(frozen=True, slots=True)
class InstitutionSso:
    """See ``service.usecases.step_up_methods.SignIn``; one provider of several, chosen by the institution's domains."""

    providers: tuple[tuple[Provider, OpenIdClient], ...]
    reference: Reference
    method: ChallengeMethod = ChallengeMethod.INSTITUTION_SSO

    def possible(self, person: Person) -> bool:
        """Whoever belongs to an institution that a provider may vouch for."""
        return self._client(person) is not None

    def start(self, secrets: SignInSecrets, person: Person) -> str:
        """See the protocol."""
        return self._chosen(person).address(secrets)

    def finish(self, code: str, secrets: SignInSecrets, person: Person, *, now: datetime) -> Checked:
        """See the protocol."""
        claims = self._chosen(person).claims(code, secrets, now=now)
        account = f"sso:{claims['iss']}|{claims['sub']}"
        why = refusal_of(claims, self._domains(person))
        evidence: dict[str, object] = {"affiliations": sorted({each for each, _ in affiliations(claims)} & _KNOWN)}
        if why is not None:
            return Checked(passed=False, evidence={**evidence, "reason": why})
        return Checked(passed=True, evidence=evidence, proof=account)

    def _chosen(self, person: Person) -> OpenIdClient:
        client = self._client(person)
        if client is None:
            raise RuntimeError("bug: a sign-in that no provider can do was asked for")
        return client

    def _client(self, person: Person) -> OpenIdClient | None:
        domains = self._domains(person)
        if not domains:
            return None
        every = [client for provider, client in self.providers if not provider.domains]
        named = [
            client
            for provider, client in self.providers
            if any(lies_under(domain, provider.domains) for domain in domains)
        ]
        return next(iter([*named, *every]), None)

    def _domains(self, person: Person) -> tuple[str, ...]:
        """The institution's domains: of the one claimed, else of the academic mailbox."""
        email, identity = person.signals.email, person.signals.identity
        if identity.institution_domains:
            return identity.institution_domains
        return (email.registrable,) if email.academic else ()


_KNOWN = CURRENT | {"alum", "affiliate", "member", "employee", "library-walk-in"}


def refusal_of(claims: Mapping[str, Any], domains: tuple[str, ...]) -> str | None:
    """Why the claims do not prove it, as a stable code; ``None`` when they do."""
    here = [affiliation for affiliation, scope in affiliations(claims) if lies_under(scope, domains)]
    if not here:
        return "other_institution" if any(affiliations(claims)) else "no_affiliation"
    if not CURRENT & set(here):
        return "not_current"
    email = str(claims.get("email", ""))
    if claims.get("email_verified") is not True:
        return "email_unverified"
    if not lies_under(email.rpartition("@")[2].casefold(), domains):
        return "email_elsewhere"
    return None


def affiliations(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Affiliation and scope of every ``student@university.example``."""
    for name in _AFFILIATION_CLAIMS:
        value = claims.get(name, ())
        for each in [value] if isinstance(value, str) else value:
            affiliation, at, scope = str(each).casefold().partition("@")
            if at and scope:
                yield affiliation, scope
