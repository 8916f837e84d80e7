"""Habits: what an operator keeps who shares nothing, of identifiers that tie nobody and of the setup he signs up with.

How somebody words the stated use is one, and so is the country that a card range comes with. Who people say they are
is none: neither name nor birth nor institution, nor a country by itself, is held against anybody.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b

from models.linkage.identifier import IdentifierKind

Kind = IdentifierKind

Habits = Mapping[str, frozenset[bytes]]
"""The habits of one sign-up: by kind, digests of sixteen bytes. What is missing is no habit."""

SignalsDocument = Mapping[str, Mapping[str, object]]
"""See ``models.signals.signals.Signals.as_document``; what was recorded years ago may lack some of it."""

SHARED_KINDS = (
    Kind.EMAIL_PATTERN,
    Kind.PROFILE_NETWORK,
    Kind.BIN,
    Kind.TEXT_BAND,
    Kind.IP_PREFIX,
    Kind.PHONE_BLOCK,
    Kind.BIN_COUNTRY,
    Kind.FORM_LANGUAGE,
    Kind.DEVICE_PROFILE,
    Kind.EMAIL_DOMAIN,
    Kind.NETWORK,
)
"""Weak and medium identifiers."""

_DIGEST_BYTES = 16


def _bucket(value: object, of: Callable[[float], float]) -> int | None:
    """A number in steps of its logarithm, ``None`` where it is missing or senseless."""
    if not isinstance(value, int | float):
        return None
    stepped = of(float(value))
    return int(stepped) if math.isfinite(stepped) else None


_NOTHING: Mapping[str, object] = {}


def _pace(signals: SignalsDocument) -> object:
    seconds = signals.get("behaviour", _NOTHING).get("form_seconds")
    return _bucket(seconds, lambda taken: 3 * math.log(max(taken, 1e-3)))


def _typed(signals: SignalsDocument) -> object:
    behaviour = signals.get("behaviour", _NOTHING)
    keystrokes, characters = behaviour.get("keystrokes"), behaviour.get("typed_characters")
    if not keystrokes or not isinstance(characters, int) or not characters:
        return None
    return _bucket(keystrokes, lambda count: 4 * math.log(count / characters))


def _length_of_use(signals: SignalsDocument) -> object:
    characters = signals.get("behaviour", _NOTHING).get("stated_use_characters")
    return _bucket(characters, lambda count: 2 * math.log1p(count))


def _all_of(group: str, *names: str) -> Callable[[SignalsDocument], object]:
    def read(signals: SignalsDocument) -> object:
        found = signals.get(group)
        return None if found is None else [found.get(name) for name in names]

    return read


_SETUP: Mapping[str, Callable[[SignalsDocument], object]] = {
    "browser": _all_of("device", "browser", "browser_major", "system"),
    "tls_engine": _all_of("device", "tls_engine"),
    "languages": _all_of("device", "languages"),
    "time_zone": _all_of("device", "time_zone_countries"),
    "pace": _pace,
    "typing": _typed,
    "length_of_use": _length_of_use,
    "pasting": _all_of("behaviour", "pasted_fields"),
    "access": _all_of("network", "kind"),
    "place": _all_of("network", "kind", "country"),
    "line": _all_of("phone", "given", "line_type"),
    "payment": _all_of("payment", "method"),
    "mailbox_form": _all_of("email", "pattern"),
    "mailbox_sort": _all_of("email", "free", "academic", "relay", "disposable"),
    "clock": _all_of("consistency", "time_zone_gap_h"),
    "countries": _all_of("consistency", "countries"),
}

HABIT_KINDS = (*(kind.value for kind in SHARED_KINDS), *_SETUP)
"""Every kind of habit. Places are stored: add at the end only."""

HABIT_WORDS: Mapping[str, str] = {
    "email_pattern": "shape of the mail address",
    "profile_network": "browser on that network",
    "bin": "card range",
    "text_band": "wording of the stated use",
    "ip_prefix": "address range",
    "phone_block": "block of telephone numbers",
    "bin_country": "card range with that country",
    "form_language": "pace of the form with its language",
    "device_profile": "browser profile",
    "email_domain": "mail domain",
    "network": "network",
    "browser": "browser version",
    "tls_engine": "make of the TLS handshake",
    "languages": "languages of the browser",
    "time_zone": "time zone",
    "pace": "pace of the form",
    "typing": "way of typing",
    "length_of_use": "length of the stated use",
    "pasting": "what was pasted",
    "access": "kind of connection",
    "place": "country of the connection",
    "line": "kind of telephone line",
    "payment": "means of payment",
    "mailbox_form": "form of the mailbox's name",
    "mailbox_sort": "kind of mailbox",
    "clock": "time zone against the connection's",
    "countries": "number of countries named",
}
"""Every kind of habit as a reviewer calls it."""


def habits_of(identifiers: Iterable[tuple[IdentifierKind, bytes]], signals: SignalsDocument) -> Habits:
    """The habits of a sign-up: those of its identifiers, by kind and digest, and those of its setup."""
    found: dict[str, set[bytes]] = defaultdict(set)
    for kind, digest in identifiers:
        if kind in SHARED_KINDS:
            found[kind.value].add(digest)
    for name, read in _SETUP.items():
        value = read(signals)
        if value is not None:
            found[name].add(blake2b(json.dumps(value).encode(), digest_size=_DIGEST_BYTES).digest())
    return {kind: frozenset(digests) for kind, digests in found.items()}
