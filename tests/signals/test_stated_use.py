"""The statement of use: similar texts share bands, and the hashes never change."""

from __future__ import annotations

import random

import pytest

from models.signals.stated_use import BANDS, text_bands

TEXT = (
    "I want to use the models to summarise papers for my thesis on protein folding, to draft code for the analysis of "
    "our measurements, and to check my English before I send chapters to my supervisor"
)


def test_the_hashes_are_the_same_in_every_process():
    # Written down once: identifiers stored last year must be found again.
    assert text_bands("the quick brown fox jumps over the lazy dog")[0] == "0:42beab241cee47870a6781cd"


def test_a_text_has_eight_bands_whatever_its_case_and_spaces():
    bands = text_bands(TEXT)

    assert len(set(bands)) == BANDS
    assert text_bands("  " + TEXT.upper().replace(" ", "  ")) == bands


def test_most_light_paraphrases_share_a_band():
    draw = random.Random(1)
    found = 0
    for _ in range(100):
        words = TEXT.split()
        for at in draw.sample(range(len(words)), k=2):
            words[at] = draw.choice(("kindly", "perhaps", "mostly", "daily"))
        found += bool(set(text_bands(" ".join(words))) & set(text_bands(TEXT)))

    assert found >= 85


def test_different_texts_share_none():
    other = "Build a chess engine in Rust for a summer school and explain every move to beginners in two languages"

    assert not set(text_bands(TEXT)) & set(text_bands(other))


@pytest.mark.parametrize("text", [None, "", "coursework", " " * 50, "!" * 30])
def test_short_or_empty_texts_have_no_bands(text):
    assert text_bands(text) == ()


def test_a_text_without_spaces_is_compared_by_its_characters():
    text = "我想用这些模型来总结关于蛋白质折叠的论文并且编写数据分析的代码"

    assert len(text_bands(text)) == BANDS
    assert set(text_bands(text)) & set(text_bands(text + "。"))
