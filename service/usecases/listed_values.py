"""Values of lists: which kinds of identifier may be listed, in which canonical form, and which a sign-up shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Network, ip_network

from stdnum import luhn

from models.linkage.identifier import IdentifierKind
from models.reference.domains import canonical_domain
from models.reference.reference import Reference
from models.signals.signals import Signals, derive_signals
from models.signup import AccountType, Device, Identity, Institution, Payment, PaymentMethod, Signup

Kind = IdentifierKind

VALUE_LIMIT = 255
_NETWORK = re.compile(r"(?:as)?([0-9]{1,10})")
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]{2,}")
_BIN = re.compile(r"[0-9]{6,8}")
_CARD = re.compile(r"[0-9]{13,19}")
_ROR = re.compile(r"(?:(?:https?://)?ror\.org/)?0[0-9a-z]{8}")
_PREFIX_BITS = {4: 24, 6: 48}
_SHORT_BIN = 6
_UNSAID = "nobody"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def shown(signals: Signals) -> Iterator[tuple[IdentifierKind, str]]:
    """What of a sign-up is compared with the lists; a mail domain stands for those under it, a BIN for longer ones."""
    email, network, payment = signals.email, signals.network, signals.payment
    pairs = (
        (Kind.MAILBOX, email.canonical),
        (Kind.DEVICE, signals.device.device_id),
        (Kind.PAYMENT, payment.fingerprint),
        (Kind.PHONE, signals.phone.e164),
        (Kind.ORCID, signals.identity.orcid),
        (Kind.IP, network.ip),
        (Kind.IP_PREFIX, network.prefix),
        (Kind.NETWORK, network.network),
        (Kind.EMAIL_DOMAIN, email.domain),
        (Kind.EMAIL_DOMAIN, email.registrable if email.registrable != email.domain else None),
        (Kind.INSTITUTION, signals.identity.institution_key),
        (Kind.BIN, payment.bin),
        (Kind.BIN, payment.bin[:_SHORT_BIN] if payment.bin and len(payment.bin) > _SHORT_BIN else None),
    )
    for kind, value in pairs:
        if value:
            yield kind, value


def canonical_value(kind: IdentifierKind, text: str, reference: Reference) -> str:
    """The form in which sign-ups show the value.

    Raises:
        ValueError: it can be no such value; the text says what would be right, and does not repeat it.
    """
    plain = text.strip()
    if not plain or len(plain) > VALUE_LIMIT or not plain.isprintable():
        raise ValueError(f"must have 1 to {VALUE_LIMIT} printable characters")
    if kind not in _READERS:
        raise ValueError(f"must be a value of one of the kinds {', '.join(LISTED_KINDS)}")
    return _READERS[kind](plain, reference)


def _mailbox(text: str, reference: Reference) -> str:
    local, _, domain = text.rpartition("@")
    if not local or _DOMAIN.fullmatch(canonical_domain(domain)) is None:
        raise ValueError("must be an e-mail address, such as name@university.example")
    return _read(Kind.MAILBOX, _signup(email=text), reference, "must be an e-mail address")


def _email_domain(text: str, _: Reference) -> str:
    domain = canonical_domain(text.removeprefix("@"))
    if _DOMAIN.fullmatch(domain) is None:
        raise ValueError("must be a mail domain, such as university.example")
    return domain


def _network(text: str, _: Reference) -> str:
    number = _NETWORK.fullmatch(text.lower())
    if number is not None:
        return f"as{int(number[1])}"
    if text.lower().startswith("org:"):
        return text.casefold()
    raise ValueError("must be the number of a network, such as AS64500")


def _ip_prefix(text: str, _: Reference) -> str:
    try:
        network = ip_network(text, strict=True)
    except ValueError:
        network = None
    if network is None or network.prefixlen != _PREFIX_BITS[network.version]:
        raise ValueError("must be a /24 of IPv4 or a /48 of IPv6, such as 192.0.2.0/24")
    return str(network) if isinstance(network, IPv4Network) else f"{network.network_address}/48"


def _bin(text: str, _: Reference) -> str:
    if _BIN.fullmatch(text) is None:
        raise ValueError("must be the first 6 to 8 digits of a card")
    return text


def _institution(text: str, reference: Reference) -> str:
    ror = _ROR.fullmatch(text.lower()) is not None
    claimed = Institution(ror_id=text) if ror else Institution(name=text)
    return _read(Kind.INSTITUTION, _signup(institution=claimed), reference, "must be an institution's name or ROR id")


def _ip(text: str, reference: Reference) -> str:
    return _read(Kind.IP, _signup(ip=text), reference, "must be an IP address that the Internet routes")


def _phone(text: str, reference: Reference) -> str:
    return _read(Kind.PHONE, _signup(phone=text), reference, "must be a telephone number, such as +441134960999")


def _device(text: str, reference: Reference) -> str:
    return _read(Kind.DEVICE, _signup(device_id=text), reference, "must be a device id")


def _payment(text: str, reference: Reference) -> str:
    digits = text.replace(" ", "").replace("-", "")
    if _CARD.fullmatch(digits) is not None and luhn.is_valid(digits):
        raise ValueError("must not be a card number; give the processor's fingerprint")
    return _read(Kind.PAYMENT, _signup(fingerprint=text), reference, "must be a payment fingerprint")


def _orcid(text: str, reference: Reference) -> str:
    return _read(Kind.ORCID, _signup(orcid=text), reference, "must be an ORCID iD whose check digit holds")


_READERS: Mapping[IdentifierKind, Callable[[str, Reference], str]] = {
    Kind.MAILBOX: _mailbox,
    Kind.DEVICE: _device,
    Kind.PAYMENT: _payment,
    Kind.PHONE: _phone,
    Kind.ORCID: _orcid,
    Kind.IP: _ip,
    Kind.IP_PREFIX: _ip_prefix,
    Kind.NETWORK: _network,
    Kind.EMAIL_DOMAIN: _email_domain,
    Kind.INSTITUTION: _institution,
    Kind.BIN: _bin,
}
LISTED_KINDS = tuple(_READERS)
"""The kinds that a list takes."""


def _signup(
    *,
    email: str = f"{_UNSAID}@example.org",
    phone: str | None = None,
    ip: str = "192.0.2.1",
    device_id: str | None = None,
    fingerprint: str | None = None,
    orcid: str | None = None,
    institution: Institution | None = None,
) -> Signup:
    """A sign-up that says only one thing, so that its canonical form is the one that every sign-up has."""
    return Signup(
        signup_id=_UNSAID,
        account_type=AccountType.EDUCATIONAL,
        occurred_at=_LONG_AGO,
        identity=Identity(full_name=_UNSAID, orcid=orcid, institution=institution),
        email=email,
        phone=phone,
        payment=None if fingerprint is None else Payment(method=PaymentMethod.CARD, fingerprint=fingerprint),
        device=Device(ip=ip, device_id=device_id),
    )


def _read(kind: IdentifierKind, signup: Signup, reference: Reference, wrong: str) -> str:
    found = dict(shown(derive_signals(signup, reference))).get(kind)
    if found is None:
        raise ValueError(wrong)
    return found
