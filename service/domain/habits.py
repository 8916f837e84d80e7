"""Habits: what an operator keeps who shares nothing, of identifiers that tie nobody and of the setup he signs up with.

What people say of themselves is none of it: neither name nor nationality nor institution is held against anybody.
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
