"""Signals about the person and the institution they claim."""

from __future__ import annotations

from dataclasses import field

from models.frozen import frozen
from models.reference.institutions import institution_key, ror_is_valid
from models.reference.reference import Reference
from models.reference.scripts import scripts_of
from models.signals.content import name_of_somebody
from models.signals.mailbox import mailbox_of
from models.signals.names import canonical_name, canonical_words, disguises_script
from models.signals.orcid import canonical_orcid
from models.signals.personal import PERSONAL
from models.signup import Identity, Institution, Role, Signup, Sponsor

_STUDENT_AGES = (13, 90)
_OTHER_AGES = (18, 95)


@frozen
class IdentitySignals:
    """Who the person says they are.

    Attributes:
        canonical_name: the name's folded words, sorted; the same for every order and spelling of accents.
        name_birth: that name with the birth year; ``None`` for what stands in place of a name.
        institution_key: the same for everybody who claims the institution.
        institution_domains: its listed domains.
        orcid: the ORCID iD, when its check digit holds; ``None`` for the one of ORCID's own examples.
        sponsor_key: the sponsor's canonical mailbox or ORCID iD.
        name_words: how many words the name has.
        name_scripts: the scripts it is written in.
        name_surprise: see ``NameModel``, in standard deviations; ``None`` without a model of the script.
        name_mixed_script: a word mixes scripts, or only looks Latin.
        country: the country the person names, when there is such a country.
        age_role_gap_years: years outside the ages usual for the role.
        institution_claimed: an institution is named at all.
        institution_listed: its name is on the academic list; ``None`` when there is no name to look for.
        institution_country: as claimed, else of the listed domains.
        ror_valid: the ROR id can exist.
        orcid_valid: the ORCID iD's check digit holds, and somebody may have it.
        website_academic: the website lies under an academic domain.
        sponsor_academic: the sponsor's mailbox is academic.
        sponsor_same_institution: the sponsor's mailbox belongs to the institution claimed.
    """

    canonical_name: str | None = field(metadata=PERSONAL)
    name_birth: str | None = field(metadata=PERSONAL)
    institution_key: str | None = field(metadata=PERSONAL)
    institution_domains: tuple[str, ...] = field(metadata=PERSONAL)
    orcid: str | None = field(metadata=PERSONAL)
    sponsor_key: str | None = field(metadata=PERSONAL)
    name_words: int
    name_scripts: tuple[str, ...]
    name_surprise: float | None
    name_mixed_script: bool
    country: str | None
    age_role_gap_years: int | None
    institution_claimed: bool
    institution_listed: bool | None
    institution_country: str | None
    ror_valid: bool | None
    orcid_valid: bool | None
    website_academic: bool | None
    sponsor_academic: bool | None
    sponsor_same_institution: bool | None


def identity_signals(signup: Signup, reference: Reference) -> IdentitySignals:
    """The signals of the identity block."""
    identity = signup.identity
    institution = identity.institution or Institution()
    words = canonical_words(identity.full_name, reference.confusables)
    name = canonical_name(words)
    tells = identity.birth_year is not None and name_of_somebody(identity.full_name) is not None
    resolved = reference.institutions.resolve(institution.name) if institution.name else None
    orcid = canonical_orcid(identity.orcid) if identity.orcid else None
    sponsor_domain = _sponsor_domain(identity.sponsor, reference)
    listed_domains = () if resolved is None else resolved.domains
    return IdentitySignals(
        canonical_name=name,
        name_birth=f"{name}|{identity.birth_year}" if name and tells else None,
        institution_key=institution_key(institution.name, institution.ror_id, resolved),
        institution_domains=listed_domains,
        orcid=orcid,
        sponsor_key=_sponsor_key(identity.sponsor, reference),
        name_words=len(words),
        name_scripts=tuple(sorted(scripts_of(identity.full_name))),
        name_surprise=reference.names.name_surprise(identity.full_name),
        name_mixed_script=disguises_script(identity.full_name, reference.confusables),
        country=reference.countries.known(identity.country),
        age_role_gap_years=_age_role_gap(identity, signup.occurred_at.year),
        institution_claimed=bool(institution.name or institution.ror_id),
        institution_listed=resolved is not None if institution.name else None,
        institution_country=reference.countries.known(institution.country) or (resolved.country if resolved else None),
        ror_valid=ror_is_valid(institution.ror_id) if institution.ror_id else None,
        orcid_valid=orcid is not None if identity.orcid else None,
        website_academic=_website_academic(identity.website, reference),
        sponsor_academic=None if sponsor_domain is None else reference.academic.look_up(sponsor_domain).academic,
        sponsor_same_institution=None
        if sponsor_domain is None or not listed_domains
        else lies_under(sponsor_domain, listed_domains),
    )


def lies_under(domain: str, parents: tuple[str, ...]) -> bool:
    """Whether the domain is one of the others or lies under one."""
    return any(domain == parent or domain.endswith(f".{parent}") for parent in parents)


def _age_role_gap(identity: Identity, year: int) -> int | None:
    if identity.birth_year is None or identity.role is None:
        return None
    age = year - identity.birth_year
    youngest, oldest = _STUDENT_AGES if identity.role is Role.STUDENT else _OTHER_AGES
    return min(200, max(0, youngest - age, age - oldest))


def _website_academic(website: str | None, reference: Reference) -> bool | None:
    host = reference.domains.of_website(website) if website else None
    return None if host is None else reference.academic.look_up(host).academic


def _sponsor_domain(sponsor: Sponsor | None, reference: Reference) -> str | None:
    if sponsor is None or not sponsor.email:
        return None
    return mailbox_of(sponsor.email, reference.mail).domain or None


def _sponsor_key(sponsor: Sponsor | None, reference: Reference) -> str | None:
    if sponsor is None:
        return None
    if sponsor.email:
        return f"mailbox:{mailbox_of(sponsor.email, reference.mail).canonical}"
    orcid = canonical_orcid(sponsor.orcid) if sponsor.orcid else None
    return None if orcid is None else f"orcid:{orcid}"
