"""Strangers' texts on a page: escaped, bounded, nothing invisible; and no formula in a spreadsheet."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.console.plain_text import cell, is_unseen, masked, shown, told


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "<bdi>plain</bdi>"),
        ("<b>&\"'", "<bdi>&lt;b&gt;&amp;&#34;&#39;</bdi>"),
        ("Zoë 王小明 Ольга", "<bdi>Zoë 王小明 Ольга</bdi>"),
        ("e\u0301", "<bdi>e\u0301</bdi>"),
    ],
)
def test_ordinary_texts_are_left_alone_and_markup_is_escaped(text: str, html: str) -> None:
    assert str(shown(text)) == html


@pytest.mark.parametrize(
    "character",
    [
        "\u202e",
        "\u2066",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\u00ad",
        "\u2028",
        "\x00",
        "\x1b",
        "\u3164",
        "\u00a0",
        "\U000e0041",
    ],
)
def test_what_cannot_be_seen_is_named(character: str) -> None:
    html = str(shown(f"a{character}b"))

    assert character not in html
    assert f"U+{ord(character):04X}" in html


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    html = str(shown("x" * 1_000, 100))

    assert "x" * 100 in html
    assert "x" * 101 not in html
    assert "900 more characters" in html


def test_stacked_marks_do_not_leave_their_line() -> None:
    html = str(shown("z" + "\u0301" * 50))

    assert html.count("\u0301") == 3


@given(st.text())
def test_no_text_brings_markup_or_anything_unseen_onto_a_page(text: str) -> None:
    html = str(shown(text))
    without_ours = html.replace("<bdi>", "").replace("</bdi>", "")

    assert not any(is_unseen(character) for character in html)
    assert without_ours.count("<") == without_ours.count("<span") + without_ours.count("</span>")


@given(st.text())
def test_a_title_holds_nothing_unseen(text: str) -> None:
    assert not any(is_unseen(character) for character in told(text))


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    assert cell(text)[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}


@given(st.text(min_size=1))
def test_a_mask_keeps_one_letter_a_word(name: str) -> None:
    told = masked(name.replace("@", "a"))
    letters = [character for character in told if unicodedata.category(character).startswith("L")]

    assert len(letters) <= 4


def test_a_masked_address_keeps_its_domain() -> None:
    assert masked("ada.example@college.example") == "a•••@college.example"
    assert masked(None) == "—"
