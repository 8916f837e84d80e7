"""A number in its international form is read as the library reads it, in every country."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from models.signals.phone import _international


def written() -> list[str]:
    """Examples of every kind of every country, longer, shorter, with a digit changed, with a national prefix."""
    draw, found = random.Random(7), []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                plain = phonenumbers.format_number(example, PhoneNumberFormat.E164)
                at, prefix = draw.randrange(1, len(plain)), len(str(example.country_code)) + 1
                found += [plain, plain + "7", plain[:-1], plain[:at] + str(draw.randrange(10)) + plain[at + 1 :]]
                found += [plain[:prefix] + each + plain[prefix:] for each in "018"]
    return found


def test_it_is_the_number_that_the_library_reads() -> None:
    read = [(number, each) for each in written() if (number := _international(each)) is not None]

    assert len(read) > 5_000
    assert [(each, number) for number, each in read if phonenumbers.parse(each, None) != number] == []


ARABIC_DIGITS = "+4930123456".translate({ord("0") + each: 0x660 + each for each in range(10)})


@pytest.mark.parametrize(
    "text", ["", "+", "030 1234567", "+49 30 1234567", "+4930123456\n", ARABIC_DIGITS, "+0123456789"]
)
def test_all_else_is_left_to_the_library(text: str) -> None:
    assert _international(text) is None
