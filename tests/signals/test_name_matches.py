"""Mailboxes and cards against names: order, initials, transliteration, mononyms."""

from __future__ import annotations

import pytest

from models.signals.names import mailbox_match, names_match


@pytest.mark.parametrize(
    ("local", "name"),
    [
        ("john.smith", "John Smith"),
        ("smithjohn", "John Smith"),
        ("jsmith42", "John Smith"),
        ("smith.j", "John Smith"),
        ("j.q.smith", "John Quincy Smith"),
        ("mueller", "Anna Müller"),
        ("anna.muller", "Anna Müller"),
        ("soerensen.k", "Kåre Sørensen"),
        ("yulia.petrova", "Юлия Петрова"),
        ("wangxm", "Wang Xiaoming"),
        ("wang.xiaoming", "王小明"),
        ("wangxm", "王小明"),
        ("g.papadopoulou", "Γεωργία Παπαδοπούλου"),
        ("suharto", "Suharto"),
        ("nguyenvanan", "Nguyễn Văn An"),
        ("obrien.pat", "Pat O'Brien"),
    ],
)
def test_a_mailbox_of_one_s_own_name_matches(local, name):
    assert mailbox_match(local, name) >= 0.8


@pytest.mark.parametrize(
    ("local", "name"), [("xkqz.wvut", "John Smith"), ("bookworm", "Wang Xiaoming"), ("dragonslayer", "Юлия Петрова")]
)
def test_a_stranger_s_mailbox_does_not(local, name):
    assert mailbox_match(local, name) < 0.6


def test_initials_alone_count_for_less_than_a_name():
    assert mailbox_match("js", "John Smith") < mailbox_match("jsmith", "John Smith")


def test_a_mailbox_without_letters_cannot_be_judged():
    assert mailbox_match("123", "John Smith") is None


def test_a_name_without_letters_matches_nothing():
    assert mailbox_match("john", "😀") == 0.0


@pytest.mark.parametrize(
    ("cardholder", "name", "least"),
    [
        ("MARPLE JANE", "Jane Marple", 1.0),
        ("J MARPLE", "Jane Marple", 0.75),
        ("JANE A MARPLE", "Jane Marple", 0.85),
        ("YULIYA PETROVA", "Юлия Петрова", 0.95),
        ("ANNA MULLER", "Anna Müller", 1.0),
        ("SUHARTO", "Suharto", 1.0),
    ],
)
def test_a_card_in_one_s_own_name_matches(cardholder, name, least):
    assert names_match(cardholder, name) >= least


def test_a_parent_s_card_matches_in_part():
    assert 0.3 < names_match("ROBERT MARPLE", "Jane Marple") < 0.8


def test_names_without_letters_cannot_be_compared():
    assert names_match("123", "Jane") is None
