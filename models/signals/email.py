"""Signals about the e-mail address."""

from __future__ import annotations

from dataclasses import field

from models.frozen import frozen
from models.reference.domains import readable_label
from models.reference.institutions import country_of_domain
from models.reference.reference import Reference
from models.signals.mailbox import is_opaque, mailbox_of, pattern_of, sequence_of
from models.signals.names import mailbox_match
from models.signals.personal import PERSONAL
from models.signup import Signup


@frozen
class EmailSignals:
    """The mailbox the account belongs to.

    Attributes:
        canonical: the mailbox, however it was written.
        domain: the address's domain.
        registrable: the part of it that somebody registered.
        series: the local part with its number left out; ``None`` when it has none.
        series_number: that number.
        institutions: names of the schools the domain belongs to.
        academic: the domain belongs to a school.
        academic_withdrawn: it did, until the list's keepers took it off (alumni mail, open registration).
        open_enrolment: an academic domain that gives mailboxes before admission; ``None`` when not academic.
        disposable: it hands out throw-away mailboxes.
        free: anybody gets a mailbox there.
        relay: it forwards to hidden mailboxes.
        country: of the domain's ending, where that is a country's.
        pattern: the shape of the local part, letters and digits replaced.
        opaque: the local part is a number that no name can match.
        name_match: similarity of local part and name, 0 to 1; ``None`` for numbers.
        folded: characters of the local part that the provider ignores.
        digit_share: digits among the characters of the local part.
        local_surprise: of its letters under the name model, in standard deviations; ``None`` below 4 letters.
        domain_surprise: of the registrable label's letters, in standard deviations.
    """

    canonical: str = field(metadata=PERSONAL)
    domain: str = field(metadata=PERSONAL)
    registrable: str = field(metadata=PERSONAL)
    series: str | None = field(metadata=PERSONAL)
    series_number: int | None = field(metadata=PERSONAL)
    institutions: tuple[str, ...] = field(metadata=PERSONAL)
    academic: bool
    academic_withdrawn: bool
    open_enrolment: bool | None
    disposable: bool
    free: bool
    relay: bool
    country: str | None
    pattern: str
    opaque: bool
    name_match: float | None
    folded: int
    digit_share: float
    local_surprise: float | None
    domain_surprise: float | None


def email_signals(signup: Signup, reference: Reference) -> EmailSignals:
    """The signals of the e-mail address."""
    mailbox = mailbox_of(signup.email, reference.mail)
    domain, local = mailbox.domain, mailbox.local
    school = reference.academic.look_up(domain)
    registrable = reference.domains.registrable(domain)
    opaque = is_opaque(local)
    free = reference.mail.is_free(domain)
    series, series_number = sequence_of(local) or (None, None)
    return EmailSignals(
        canonical=mailbox.canonical,
        domain=domain,
        registrable=registrable,
        series=series,
        series_number=series_number,
        institutions=school.institutions,
        academic=school.academic,
        academic_withdrawn=school.stoplisted,
        open_enrolment=reference.mail.is_open_enrolment(domain) if school.academic else None,
        disposable=reference.mail.is_disposable(domain),
        free=free,
        relay=reference.mail.is_relay(domain),
        country=None if free else country_of_domain(domain, reference.countries.codes),
        pattern=pattern_of(local),
        opaque=opaque,
        name_match=None if opaque else mailbox_match(local, signup.identity.full_name),
        folded=mailbox.folded,
        digit_share=sum(map(str.isdigit, local)) / len(local) if local else 0.0,
        local_surprise=reference.names.local_surprise(local),
        domain_surprise=reference.names.domain_surprise(readable_label(registrable.partition(".")[0])),
    )
