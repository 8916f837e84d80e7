"""Find payment card numbers that were sent where only fingerprints may be (PCI DSS 3: do not store what you need not).

A card number is 13 to 19 digits, written together or in groups, that pass the Luhn check (ISO/IEC 7812-1) and
begin like a card some network issues, at a length that network uses. The last two tests spare most long
numbers that are something else: ORCIDs, timestamps, counters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any  # JSON documents are untyped until the schema has seen them

import phonenumbers

# Two digits apart by at most two spaces, dashes or dots may belong to one number. Letters around a run of digits
# make it part of a word (a UUID, a hexadecimal digest).
_RUN = re.compile(r"(?<![^\W_])(?P<plus>\+ ?)?(?P<run>\d+(?:[\s.\u00ad\u2010-\u2015\u2212-]{1,2}\d+)*)(?![^\W_])")
_GROUP = re.compile(r"\d+")
_SHORTEST, _LONGEST = 13, 19
_PHONE_LONGEST = 15
# A cheap test that nearly every document fails: thirteen digits in a row once the separators are gone. An escape
# could hide a digit, and other scripts have digits and separators of their own.
_POSSIBLE = re.compile(rb"[0-9]{13}")
_SEPARATORS = b" .-\t\r\n"

# Issuer ranges by their first four digits, inclusive, with the lengths in use: the table of ISO/IEC 7812
# assignments as the networks publish them.
_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (2200, 2204, frozenset({16, 17, 18, 19})),  # Mir
    (2221, 2720, frozenset({16})),  # Mastercard
    (3000, 3059, frozenset(range(14, 20))),  # Diners Club
    (3095, 3095, frozenset(range(14, 20))),
    (3400, 3499, frozenset({15})),  # American Express
    (3528, 3589, frozenset(range(16, 20))),  # JCB
    (3600, 3699, frozenset(range(14, 20))),  # Diners Club
    (3700, 3799, frozenset({15})),  # American Express
    (3800, 3999, frozenset(range(14, 20))),  # Diners Club
    (4000, 4999, frozenset({13, 16, 19})),  # Visa
    (5000, 5099, frozenset(range(13, 20))),  # Maestro
    (5100, 5599, frozenset({16})),  # Mastercard
    (5600, 5999, frozenset(range(13, 20))),  # Maestro
    (6000, 6999, frozenset(range(13, 20))),  # Maestro, Discover, RuPay, UnionPay
    (8100, 8171, frozenset(range(16, 20))),  # UnionPay
    (8600, 8600, frozenset({16})),  # Uzcard
    (9792, 9792, frozenset({16})),  # Troy
    (9860, 9860, frozenset({16})),  # Humo
)

# The caller's own ids. Sequence numbers of 17 to 19 digits are common there and cards of that length are rare,
# so that only the lengths nearly every card has count.
_OWN_IDS = frozenset({("signup_id",), ("invited_by",), ("device", "device_id")})
_OWN_ID_LENGTHS = frozenset({15, 16})
_ALL_LENGTHS = frozenset(range(_SHORTEST, _LONGEST + 1))

Path = tuple[str | int, ...]


def card_number_paths(document: Any, text: str) -> list[Path]:
    """The paths in a document, whose JSON is ``text``, that hold a card number; a name is its object's path."""
    plain = text.isascii() and "\\" not in text
    if plain and _POSSIBLE.search(text.encode().translate(None, _SEPARATORS)) is None:
        return []
    return list(dict.fromkeys(_search(document, ())))


def holds_card_number(text: str, lengths: frozenset[int] = _ALL_LENGTHS) -> bool:
    """Whether a card number of one of these lengths stands anywhere in a text."""
    for match in _RUN.finditer(text):
        groups = _GROUP.findall(match["run"])
        if match["plus"] and sum(map(len, groups)) <= _PHONE_LONGEST:
            continue  # an international phone number (E.164)
        if any(len(digits) in lengths and _is_card_number(digits) for digits in _windows(groups)):
            return True
    return False


def _windows(groups: list[str]) -> Iterator[str]:
    """Every run of whole groups that could be a number: a date or an amount may stand beside it."""
    for first in range(len(groups)):
        digits = ""
        for group in groups[first:]:
            digits += group
            if len(digits) > _LONGEST:
                break
            if len(digits) >= _SHORTEST:
                yield digits


def _is_card_number(digits: str) -> bool:
    plain = [int(digit) for digit in digits]
    issuer = plain[0] * 1000 + plain[1] * 100 + plain[2] * 10 + plain[3]
    if not any(first <= issuer <= last and len(plain) in lengths for first, last, lengths in _ISSUERS):
        return False
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in plain[-2::-2])
    return (sum(plain[-1::-2]) + sum(doubled)) % 10 == 0


def _search(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, part in value.items():
            if holds_card_number(name):
                yield path
            yield from _search(part, (*path, name))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _search(part, (*path, position))
    elif _is_suspect(value, path):
        yield path


def _is_suspect(value: Any, path: Path) -> bool:
    text = _as_text(value)
    if text is None or (path == ("phone",) and _may_be_phone(text)):
        return False
    return holds_card_number(text, _OWN_ID_LENGTHS if path in _OWN_IDS else _ALL_LENGTHS)


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(abs(int(value)))
    return str(abs(value)) if isinstance(value, int) and not isinstance(value, bool) else None


def _may_be_phone(text: str) -> bool:
    """Whether a phone field holds what could be dialled somewhere; the schema then says whether it could there.

    Written nationally a phone number has at most 12 digits in any numbering plan that phonenumbers knows of in
    practice; more without a plus sign is not a phone number.
    """
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, None))
    except phonenumbers.NumberParseException:
        return False
