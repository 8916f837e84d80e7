"""Signals about the telephone number."""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from models.frozen import frozen
from models.reference.reference import Reference
from models.signals.personal import LOOKED_AT_AGAIN, PERSONAL
from models.signup import Signup

_LINE_TYPES = {
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal_number",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
# The plans have more patterns than Python keeps compiled: each would be compiled again and again.
phonenumbers.enable_pattern_cache()

_VIRTUAL = frozenset({"voip", "pager", "uan"})
_UNKNOWABLE = frozenset({"fixed_line_or_mobile"})
_BLOCK_DIGITS = 4
_REPEATED = 8
"""So many times the same digit at its end, or in all of a shorter one, and a number is made up: by chance one in ten
million is."""


@frozen
class PhoneSignals:
    """The number.

    Attributes:
        e164: the number in international form; ``None`` unless it identifies.
        block: the number without its last four digits.
        given: a number was given.
        valid: the numbering plan knows it; ``None`` when none was given.
        identifies: it can be one person's: valid, and not one digit over and over, at least from some place on.
        country: whose number it is.
        line_type: what the numbering plan says of its line.
        virtual: not tied to a handset; ``None`` where the numbering plan does not tell (all of North America).
    """

    e164: str | None = field(metadata=PERSONAL)
    block: str | None = field(metadata=PERSONAL)
    given: bool
    valid: bool | None
    identifies: bool
    country: str | None
    line_type: str | None
    virtual: bool | None


_NONE_GIVEN = PhoneSignals(
    None, None, given=False, valid=None, identifies=False, country=None, line_type=None, virtual=None
)
_INVALID = PhoneSignals(
    None, None, given=True, valid=False, identifies=False, country=None, line_type=None, virtual=None
)


def phone_signals(signup: Signup, reference: Reference) -> PhoneSignals:
    """The signals of the number, read as national in the country the person names."""
    if not signup.phone or not signup.phone.strip():
        return _NONE_GIVEN
    found = _read(signup.phone, reference.countries.known(signup.identity.country))
    if found is None:
        return _INVALID
    e164, line_type, region, identifies = found
    return PhoneSignals(
        e164=e164 if identifies else None,
        block=e164[:-_BLOCK_DIGITS] if identifies else None,
        given=True,
        valid=True,
        identifies=identifies,
        country=reference.countries.known(region),
        line_type=line_type,
        virtual=None if line_type in _UNKNOWABLE else line_type in _VIRTUAL,
    )


@lru_cache(maxsize=LOOKED_AT_AGAIN)
def _read(phone: str, country: str | None) -> tuple[str, str, str | None, bool] | None:
    """The international form, the line's type and the region of a valid number, and whether it identifies."""
    number = _international(phone)
    if number is None:
        try:
            number = phonenumbers.parse(phone, country)
        except phonenumbers.NumberParseException:
            return None
    # The type is only known of valid numbers, so asking for it answers both questions at once.
    line_type = _LINE_TYPES.get(phonenumbers.number_type(number))
    if line_type is None:
        return None
    # Such as +91 99999 99999 or +33 6 00000000: somebody's, and what strangers type who would rather give none.
    identifies = len(set(str(number.national_number)[-_REPEATED:])) > 1
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), line_type, _region(number), identifies


def _international(phone: str) -> phonenumbers.PhoneNumber | None:
    """What ``phonenumbers.parse`` makes of digits after a plus sign, in a fifth of its time; most numbers are such.

    ``None`` for all that needs a closer look: what is written otherwise, and what may begin with a national prefix.
    """
    if not _PLAIN.match(phone):
        return None
    for digits in (2, 3, 4):
        code = int(phone[1:digits])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            national, prefix = phone[digits:], _national_prefix(code)
            if national[0] == "0" or (prefix is not None and prefix.match(national)):
                return None
            return phonenumbers.PhoneNumber(country_code=code, national_number=int(national))
    return None


_PLAIN = re.compile(r"\+[1-9][0-9]{7,14}\Z", re.ASCII)


@lru_cache(maxsize=512)
def _national_prefix(code: int) -> re.Pattern[str] | None:
    """What may stand before a national number of a country code and is no part of it."""
    region = phonenumbers.region_code_for_country_code(code)
    plan = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    prefix = None if plan is None else plan.national_prefix_for_parsing
    return re.compile(prefix) if prefix else None


def _region(number: phonenumbers.PhoneNumber) -> str | None:
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    # Telling the 25 regions of +1 apart costs a match for each; a code of one country answers at once.
    return regions[0] if len(regions) == 1 else phonenumbers.region_code_for_number(number)
