"""Identifiers: the things that sign-ups can share, and how strongly sharing one ties them together."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Strength(StrEnum):
    """Strong identifiers join clusters, two medium ones that agree do, weak ones only have velocities."""

    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"


class IdentifierKind(StrEnum):
    """The kinds of identifier, strongest first. The values are stored: never rename one."""

    # They are the keys of every history; the hash of an enumeration is a function in Python, that of a text is not.
    __hash__ = str.__hash__

    MAILBOX = "mailbox"
    DEVICE = "device"
    PAYMENT = "payment"
    PHONE = "phone"
    ORCID = "orcid"
    BEHAVIOUR_FINGERPRINT = "behaviour_fingerprint"

    IP = "ip"
    DEVICE_PROFILE = "device_profile"
    CARDHOLDER_BIN = "cardholder_bin"
    NAME_BIRTH = "name_birth"

    NAME = "name"
    IP_PREFIX = "ip_prefix"
    NETWORK = "network"
    EMAIL_DOMAIN = "email_domain"
    EMAIL_PATTERN = "email_pattern"
    INSTITUTION = "institution"
    BIN = "bin"
    PROFILE_NETWORK = "profile_network"
    PHONE_BLOCK = "phone_block"
    SPONSOR = "sponsor"
    INVITER = "inviter"
    TEXT_BAND = "text_band"
    EMAIL_SEQUENCE = "email_sequence"
    BIN_COUNTRY = "bin_country"
    FORM_LANGUAGE = "form_language"


STRONG_KINDS = frozenset(
    {
        IdentifierKind.MAILBOX,
        IdentifierKind.DEVICE,
        IdentifierKind.PAYMENT,
        IdentifierKind.PHONE,
        IdentifierKind.ORCID,
        IdentifierKind.BEHAVIOUR_FINGERPRINT,
    }
)
WRITTEN_KINDS = frozenset({IdentifierKind.MAILBOX, IdentifierKind.PHONE, IdentifierKind.ORCID})
"""What anybody can write down for somebody else, because it is public: unlike a device or a payment instrument, which
one has to have. However many of them agree, a stranger may have copied them from one page."""

_MEDIUM = frozenset(
    {
        IdentifierKind.IP,
        IdentifierKind.DEVICE_PROFILE,
        IdentifierKind.CARDHOLDER_BIN,
        IdentifierKind.NAME_BIRTH,
    }
)


TYING_KINDS = STRONG_KINDS | _MEDIUM
"""The kinds that tie at all, alone or in pairs."""


def counted_once_written(kinds: Iterable[IdentifierKind]) -> int:
    """How many strong identifiers tie, of these kinds: those of ``WRITTEN_KINDS`` are one together."""
    had = written = 0
    for kind in kinds:
        if kind in WRITTEN_KINDS:
            written = 1
        else:
            had += 1
    return had + written


def strength_of(kind: IdentifierKind) -> Strength:
    """How strongly sharing an identifier of this kind ties two sign-ups together."""
    if kind in STRONG_KINDS:
        return Strength.STRONG
    return Strength.MEDIUM if kind in _MEDIUM else Strength.WEAK


class Identifier(NamedTuple):
    """One identifier of one sign-up. A tuple, because two dozen are made for each.

    Attributes:
        kind: what it is.
        value: its canonical form, in clear; the store keeps only a keyed digest.
        counted: what is counted distinctly among the sign-ups that share it (the mailboxes on a device, the
            names on a card, the institutions on an address); ``None`` when this sign-up has none.
        place: where this sign-up lies on a line of numbers, for the kind whose links count their neighbours; it
            takes the place of ``counted``.
        anomalies: what is odd about this sign-up, as bits (``models.signals.anomalies``).
        of_a_crowd: whether many honest people are known to have the same here, so that it ties nobody: the browser
            of an imaged computer room on an academic network.
    """

    kind: IdentifierKind
    value: str
    counted: str | None = None
    place: int | None = None
    anomalies: int = 0
    of_a_crowd: bool = False
