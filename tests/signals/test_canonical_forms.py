"""Canonical forms: what counts as the same mailbox, name, number, address and ORCID iD."""

from __future__ import annotations

import pytest

from models.signals.mailbox import is_opaque, mailbox_of, pattern_of
from models.signals.names import canonical_name, canonical_words, disguises_script
from models.signals.orcid import canonical_orcid


@pytest.mark.parametrize(
    ("email", "canonical", "folded"),
    [
        ("Jane.Marple@Gmail.com", "janemarple@gmail.com", 1),
        ("j.a.n.e@googlemail.com", "jane@gmail.com", 3),
        ("jane+lab@gmail.com", "jane@gmail.com", 4),
        ("jane.marple@outlook.com", "jane.marple@outlook.com", 0),
        ("jane+x@hotmail.co.uk", "jane@hotmail.co.uk", 2),
        ("jane-shop@yahoo.fr", "jane@yahoo.fr", 5),
        ("jane-marple@ox.ac.uk", "jane-marple@ox.ac.uk", 0),
        ("jane+1@ox.ac.uk", "jane@ox.ac.uk", 2),
        ("jane.marple@protonmail.com", "janemarple@proton.me", 1),
        ("j-a.n_e@pm.me", "jane@proton.me", 3),
        ("jane_marple+lab@protonmail.ch", "janemarple@proton.me", 5),
        ("jane_mar-ple@gmail.com", "jane_mar-ple@gmail.com", 0),
        ("jane@me.com", "jane@icloud.com", 0),
        ("jane@ya.ru", "jane@yandex.ru", 0),
        ("jane+news@fastmail.com", "jane@fastmail.com", 5),
        ("jane@MÜNCHEN.example", "jane@xn--mnchen-3ya.example", 0),
        ("jane@example.org.", "jane@example.org", 0),
        ("+only@gmail.com", "+only@gmail.com", 0),
        ("...@gmail.com", "...@gmail.com", 0),
        ("юлия@example.org", "юлия@example.org", 0),
    ],
)
def test_one_mailbox_has_one_form(reference, email, canonical, folded):
    mailbox = mailbox_of(email, reference.mail)

    assert (mailbox.canonical, mailbox.folded) == (canonical, folded)


@pytest.mark.parametrize(
    ("local", "pattern"),
    [
        ("john.smith42", "w.w##"),
        ("j_doe", "l_w"),
        ("s1234567", "l#######"),
        ("a-b", "l-l"),
        ("юлия7", "w#"),
        ("x😀y", "l?l"),
        ("123456789012", "########"),
        ("", ""),
    ],
)
def test_a_pattern_keeps_the_shape_only(local, pattern):
    assert pattern_of(local) == pattern


@pytest.mark.parametrize(
    ("local", "opaque"),
    [("s1234567", True), ("20231234", True), ("abc12345", True), ("jane99", False), ("abcd12345", False)],
)
def test_student_numbers_are_opaque(local, opaque):
    assert is_opaque(local) is opaque


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane Marple", "MARPLE, Jane"),
        ("José García", "jose garcia"),
        ("Ｊａｎｅ Marple", "Jane Marple"),  # noqa: RUF001 - full-width letters
        ("J\u0430ne Marple", "Jane Marple"),  # a Cyrillic a inside a Latin word
        ("Ja\u200bne Marple", "Jane Marple"),
        ("O'Brien Pat", "O’Brien Pat"),  # noqa: RUF001 - a typographic apostrophe
        ("Weiß Anna", "WEISS ANNA"),
        ("王小明", "王小明 "),
        ("ज्योति शर्मा", "शर्मा ज्योति"),
    ],
)
def test_one_name_has_one_form(reference, one, other):
    forms = {canonical_name(canonical_words(name, reference.confusables)) for name in (one, other)}

    assert len(forms) == 1
    assert None not in forms


@pytest.mark.parametrize(
    ("one", "other"), [("Jane Marple", "Jane Marples"), ("Юлия", "Юля"), ("محمد علي", "أحمد علي"), ("ज्योति", "ज्योत")]
)
def test_different_names_stay_different(reference, one, other):
    assert canonical_words(one, reference.confusables) != canonical_words(other, reference.confusables)


@pytest.mark.parametrize("name", ["", "😀😀", "\u200b\u200d", "---"])
def test_a_name_without_letters_has_no_form(reference, name):
    assert canonical_name(canonical_words(name, reference.confusables)) is None


@pytest.mark.parametrize(
    ("name", "disguised"),
    [
        ("Jane Marple", False),
        ("J\u0430ne Marple", True),
        ("\u0421\u043e\u0441\u043e Marple", True),  # a wholly Cyrillic word that reads Coco, beside a Latin one
        ("\u0421\u043e\u0441\u043e Иванова", False),
        ("Юлия Petrova", False),
        ("さくら田中", False),
        ("김민준", False),
        ("Αλέξης Παπάς", False),
        ("Müller", False),
        ("😀 Jane", False),
    ],
)
def test_only_mixing_inside_words_is_a_disguise(reference, name, disguised):
    assert disguises_script(name, reference.confusables) is disguised


@pytest.mark.parametrize(
    ("orcid", "canonical"),
    [
        ("0000-0005-9999-0012", "0000000599990012"),
        ("https://orcid.org/0000-0005-9999-0012/", "0000000599990012"),
        ("0000-0002-1694-233x", "000000021694233X"),
        ("0000-0002-1825-0098", None),
        ("0000-0002-1825-0097", None),  # the iD of ORCID's own examples, and of this service's
        ("\u0660\u0660\u0660\u0660-0002-1825-0097", None),
        ("Oxford", None),
        ("", None),
    ],
)
def test_an_orcid_counts_when_its_check_digit_holds(orcid, canonical):
    assert canonical_orcid(orcid) == canonical


@pytest.mark.parametrize(
    ("phone", "country", "e164", "line_type", "virtual"),
    [
        ("+447400123456", "GB", "+447400123456", "mobile", False),
        ("07400 123456", "GB", "+447400123456", "mobile", False),
        ("0151 23456789", "DE", "+4915123456789", "mobile", False),
        ("+447400123456", "DE", "+447400123456", "mobile", False),
        ("+12015550123", "US", "+12015550123", "fixed_line_or_mobile", None),
        ("+445600123456", "GB", "+445600123456", "voip", True),
        ("07400 123456", None, None, None, None),
        ("+999123", "GB", None, None, None),
        ("call me", "GB", None, None, None),
    ],
)
def test_a_number_has_one_international_form(signals_of, phone, country, e164, line_type, virtual):
    signals = signals_of(phone=phone, identity__country=country).phone

    assert (signals.e164, signals.line_type, signals.virtual) == (e164, line_type, virtual)
    assert signals.block == (None if e164 is None else e164[:-4])
    assert signals.valid is (e164 is not None)
    assert signals.identifies is (e164 is not None)


@pytest.mark.parametrize("phone", ["+8613888888889", "+33611111112", "+447400000001"])
def test_a_number_that_only_has_many_of_one_digit_is_somebodys(signals_of, phone):
    assert signals_of(phone=phone).phone.e164 == phone


@pytest.mark.parametrize("phone", ["+919999999999", "+33666666666", "+8613888888888", "+5511999999999", "+61400000000"])
def test_a_number_of_one_digit_is_valid_and_nobodys(signals_of, phone):
    signals = signals_of(phone=phone).phone

    assert (signals.valid, signals.identifies, signals.e164, signals.block) == (True, False, None, None)


@pytest.mark.parametrize(
    ("ip", "canonical", "prefix"),
    [
        ("81.2.69.142", "81.2.69.142", "81.2.69.0/24"),
        ("::ffff:81.2.69.142", "81.2.69.142", "81.2.69.0/24"),
        ("2a00:23c5:1234:5678:9abc::1", "2a00:23c5:1234:5678::/64", "2a00:23c5:1234::/48"),
        ("2A00:23C5:1234:5678::2", "2a00:23c5:1234:5678::/64", "2a00:23c5:1234::/48"),
        ("10.1.2.3", None, None),
        ("127.0.0.1", None, None),
        ("fe80::1%eth0", None, None),
        ("100.64.0.1", None, None),
        ("not an address", None, None),
    ],
)
def test_an_address_identifies_a_household_and_a_site(signals_of, ip, canonical, prefix):
    signals = signals_of(device__ip=ip).network

    assert (signals.ip, signals.prefix, signals.public) == (canonical, prefix, canonical is not None)
