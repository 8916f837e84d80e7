"""Which identifiers a sign-up carries, and what is counted on each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.identifiers import identifiers_of
from models.linkage.identifier import IdentifierKind
from models.signals.content import identifying
from models.signup import Behaviour, Device, Identity, Institution, Sponsor


@pytest.fixture
def carried(make_signup, signals_of):
    def identifiers(**changes):
        return identifiers_of(make_signup(**changes), signals_of(**changes))

    return identifiers


def test_an_ordinary_sign_up_carries_these_in_this_order(carried):
    found = {
        each.kind.value: (each.value, each.counted) for each in carried() if each.kind is not IdentifierKind.TEXT_BAND
    }

    oxford, profile = (
        "listed:oxford university",
        "Chrome|Windows|Europe/London|1920x1080|t13d1516h2_8daaf6152771_d8a2da3f94cd",
    )
    assert found == {
        "mailbox": ("jane.marple@ox.ac.uk", "dev-1"),
        "device": ("dev-1", "jane.marple@ox.ac.uk"),
        "payment": ("fp-1", "jane marple"),
        "phone": ("+447400123456", "jane marple"),
        "orcid": ("0000000599990012", "jane.marple@ox.ac.uk"),
        "ip": ("129.67.1.20", oxford),
        "device_profile": (profile, "dev-1"),
        "cardholder_bin": ("jane marple|424242", "fp-1"),
        "name_birth": ("jane marple|2004", "jane.marple@ox.ac.uk"),
        "name": ("jane marple", "jane.marple@ox.ac.uk"),
        "ip_prefix": ("129.67.1.0/24", "129.67.1.20"),
        "network": ("org:jisc services limited", "129.67.1.0/24"),
        "email_domain": ("ox.ac.uk", "w.w"),
        "email_pattern": ("w.w@ox.ac.uk", "jane.marple@ox.ac.uk"),
        "institution": (oxford, "ox.ac.uk"),
        "bin": ("424242", "fp-1"),
        "profile_network": (f"org:jisc services limited|{profile}", "129.67.1.20"),
        "phone_block": ("+44740012", "+447400123456"),
        "bin_country": ("424242|GB", "fp-1"),
        "form_language": ("24|en-GB,en;q=0.9", "org:jisc services limited"),
    }
    assert list(found) == [kind.value for kind in IdentifierKind if kind.value in found]


def test_every_text_band_counts_the_institution(carried):
    bands = [each for each in carried() if each.kind is IdentifierKind.TEXT_BAND]

    assert len(bands) == 8
    assert {each.counted for each in bands} == {"listed:oxford university"}


def test_nothing_given_nothing_carried(carried):
    kinds = {
        each.kind
        for each in carried(
            identity=Identity(full_name="😀"),
            device=Device(ip="10.0.0.1"),
            phone=None,
            payment=None,
            behaviour=Behaviour(),
        )
    }

    assert kinds == {IdentifierKind.MAILBOX, IdentifierKind.EMAIL_DOMAIN, IdentifierKind.EMAIL_PATTERN}


@pytest.mark.parametrize(
    ("changes", "kind", "value"),
    [
        ({"invited_by": "acct_77"}, IdentifierKind.INVITER, "acct_77"),
        ({"identity__sponsor": Sponsor(email="P.I@Gmail.com")}, IdentifierKind.SPONSOR, "mailbox:pi@gmail.com"),
        (
            {"identity__sponsor": Sponsor(orcid="0000-0005-9999-0012")},
            IdentifierKind.SPONSOR,
            "orcid:0000000599990012",
        ),
        (
            {"identity__institution": Institution(name="Unheard-of College of Nowhere")},
            IdentifierKind.INSTITUTION,
            "claimed:college nowhere unheard",
        ),
        (
            {"identity__institution": Institution(ror_id="https://ror.org/052gg0110")},
            IdentifierKind.INSTITUTION,
            "ror:052gg0110",
        ),
        ({"device__ip": "2a00:23c5:1::7"}, IdentifierKind.IP, "2a00:23c5:1::/64"),
    ],
)
def test_values_are_canonical(carried, changes, kind, value):
    assert value in {each.value for each in carried(**changes) if each.kind is kind}


def test_an_invalid_orcid_or_number_identifies_nobody(carried):
    kinds = {each.kind for each in carried(identity__orcid="0000-0000-0000-0000", phone="+10000000000")}

    assert not kinds & {IdentifierKind.ORCID, IdentifierKind.PHONE, IdentifierKind.PHONE_BLOCK}


def test_a_number_of_one_digit_over_and_over_identifies_nobody(carried):
    kinds = {each.kind for each in carried(phone="+919999999999")}

    assert not kinds & {IdentifierKind.PHONE, IdentifierKind.PHONE_BLOCK}


def test_no_identifier_appears_twice(carried):
    found = carried(behaviour__stated_use="again " * 40)

    assert len({(each.kind, each.value) for each in found}) == len(found)


def test_the_same_sign_up_gives_the_same_identifiers(make_signup, signals_of):
    signup = make_signup()

    assert identifiers_of(signup, signals_of()) == identifiers_of(replace(signup, signup_id="other"), signals_of())


@pytest.mark.parametrize(
    "text",
    [
        *("null", "undefined", "None", "n/a", "0", "0000-0000", "xxxxxxxx", "d41d8cd98f00b204e9800998ecf8427e"),
        *("null|null", "undefined-undefined", "null_0", "None, None", "undefined:null:false"),
        *("nullnull", "undefinedundefined"),
        *("{{device_id}}", "%DEVICE_ID%", "${device.id}", "not found", "No device", "02:00:00:00:00:00", "Infinity"),
        "00000000-0000-4000-8000-000000000000",
    ],
)
def test_what_programs_write_where_they_know_nothing_names_nobody(text):
    assert identifying(text) is None


@pytest.mark.parametrize(
    "text", ["1", "x", "00000001", "fffffffe", "nullius", "none-such", "7", "d41d8cd9", "null-1", "nana"]
)
def test_what_only_looks_like_it_names_somebody(text):
    assert identifying(text) == text


@pytest.mark.parametrize("name", ["null", "N/A", "Unknown", "undefined undefined", "NULL NULL"])
def test_a_placeholder_for_a_name_makes_no_identifier_of_a_card_range_or_a_year(carried, name):
    found = carried(identity__full_name=name, payment__cardholder_name=name)

    assert not {IdentifierKind.CARDHOLDER_BIN, IdentifierKind.NAME_BIRTH} & {each.kind for each in found}


@pytest.mark.parametrize("name", ["CARDHOLDER", "Valued Customer", "NAME ON CARD", "Gift Card Recipient"])
def test_what_prepaid_cards_bear_in_place_of_a_name_is_no_holder(carried, name):
    assert IdentifierKind.CARDHOLDER_BIN not in {each.kind for each in carried(payment__cardholder_name=name)}


@pytest.mark.parametrize("name", ["Anna Null", "Na Li", "Nana", "Guest Peter"])
def test_a_name_that_holds_such_a_word_is_somebodys(carried, name):
    found = {each.kind for each in carried(identity__full_name=name, payment__cardholder_name=name)}

    assert found >= {IdentifierKind.CARDHOLDER_BIN, IdentifierKind.NAME_BIRTH}


def test_a_placeholder_for_a_device_or_a_card_or_an_inviter_is_no_identifier(carried, make_signup):
    placeholders = carried(
        device=replace(make_signup().device, device_id="undefined"),
        payment=replace(make_signup().payment, fingerprint="00000000-0000-0000-0000-000000000000"),
        invited_by="null",
    )

    assert not {IdentifierKind.DEVICE, IdentifierKind.PAYMENT, IdentifierKind.INVITER} & {e.kind for e in placeholders}
