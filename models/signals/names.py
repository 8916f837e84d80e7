"""People's names: one canonical form, and how well a mailbox or a card goes with one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rapidfuzz.distance import Indel
from rapidfuzz.process import extractOne

from models.reference.confusables import Confusables
from models.reference.scripts import mixes_scripts, romanised_text, script_of, scripts_of
from models.signals.personal import LOOKED_AT_AGAIN

_ASCII_WORD = re.compile(r"[a-z0-9]+")
_ASCII_LETTERS = re.compile(r"[a-z]+")
_SYLLABLE = re.compile(r"[A-Z]?[a-z']+")
# Apostrophe, both single quotation marks, grave and acute accent, the modifier letters of Ukrainian and Hawaiian.
_APOSTROPHES = dict.fromkeys((0x27, 0x2018, 0x2019, 0x60, 0xB4, 0x2BC, 0x2BB))
_NORTHERN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
_MOST_WORDS = 5
"""Longer names are judged by their first words; it bounds the spellings that are tried."""


def canonical_words(name: str, confusables: Confusables) -> tuple[str, ...]:
    """The words of a name, folded: compatibility forms, case, accents of Latin letters, look-alikes in mixed words."""
    if name.isascii():
        return tuple(_ASCII_WORD.findall(name.lower().translate(_APOSTROPHES)))
    text = unicodedata.normalize("NFKC", name).casefold().translate(_APOSTROPHES)
    kept = "".join(_kept(character) for character in text)
    return tuple(word for part in kept.split() if (word := _folded(part, confusables)))


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":  # zero-width joiners, direction marks: invisible, so never a difference
        return ""
    return character if category[0] in "LMN" else " "


def _folded(word: str, confusables: Confusables) -> str:
    if mixes_scripts(word) and "latin" in scripts_of(word):
        word = confusables.as_latin(word)
    letters: list[str] = []
    for character in unicodedata.normalize("NFKD", word):
        # An accent on a Latin letter is a matter of keyboards; in other scripts marks are letters.
        if unicodedata.combining(character) and letters and script_of(letters[-1]) == "latin":
            continue
        letters.append(character)
    return unicodedata.normalize("NFC", "".join(letters))


def canonical_name(words: Iterable[str]) -> str | None:
    """The words in one order, because forms disagree on which name comes first; ``None`` without any."""
    return " ".join(sorted(words)) or None


def disguises_script(name: str, confusables: Confusables) -> bool:
    """Whether a word mixes scripts, or only looks Latin beside words that are."""
    if name.isascii():
        return False
    text = unicodedata.normalize("NFKC", name)
    words = text.split()
    if any(mixes_scripts(word) for word in words):
        return True
    return "latin" in scripts_of(text) and any(
        scripts_of(word) and scripts_of(word) != {"latin"} and len(word) > 1 and confusables.all_look_latin(word)
        for word in words
    )


@lru_cache(maxsize=LOOKED_AT_AGAIN)
def romanised(name: str) -> tuple[str, ...]:
    """The words of a name in the letters a to z; a Chinese or Korean name in one piece becomes its syllables."""
    if name.isascii():
        return tuple(_ASCII_LETTERS.findall(name.lower().translate(_APOSTROPHES)))
    words: list[str] = []
    for word in unicodedata.normalize("NFKC", name).translate(_APOSTROPHES).split():
        plain = romanised_text(word)
        pieces = _SYLLABLE.findall(plain) if scripts_of(word) & {"han", "hangul"} else [plain]
        words += [found for piece in pieces for found in _ASCII_LETTERS.findall(piece.lower().replace("'", ""))]
    return tuple(words)


@lru_cache(maxsize=LOOKED_AT_AGAIN)
def mailbox_match(local: str, name: str) -> float | None:
    """The best similarity, 0 to 1, of a mailbox's letters to a way of writing the name; ``None`` without letters.

    Tried are both orders, initials in place of names, single names, and two ways of writing umlauts. Initials
    alone or one name alone agree by chance more often and count for less.
    """
    letters = "".join(_ASCII_LETTERS.findall(romanised_text(local).lower()))
    if not letters:
        return None
    best = 0.0
    for words in _readings(name):
        whole, partial = _spellings(words[:_MOST_WORDS])
        best = max(best, _closest(letters, whole), 0.9 * _closest(letters, partial))
    return best


def _readings(name: str) -> list[tuple[str, ...]]:
    plain = romanised(name)
    readings = [plain] if plain else []
    if not name.isascii():
        lowered = name.lower()
        northern = romanised(lowered.translate(_NORTHERN))
        if northern and northern != plain:
            readings.append(northern)
    return readings


def _spellings(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Spellings of the whole name, and of one part of it."""
    first, last = words[0], words[-1]
    initials = "".join(word[0] for word in words)
    whole = ["".join(words), "".join(reversed(words))]
    if len(words) > 1:
        whole += [first + last, last + first, first[0] + last, last + first[0], first + last[0], last[0] + first]
        whole += [initials[:-1] + last, last + initials[:-1], first + initials[1:], initials[1:] + first]
    return whole, [*(word for word in words if len(word) > 1), *([initials] if len(words) > 1 else [])]


def _closest(letters: str, spellings: Sequence[str]) -> float:
    found = extractOne(letters, spellings, scorer=Indel.normalized_similarity)
    return 0.0 if found is None else float(found[1])


def names_match(one: str, other: str) -> float | None:
    """Similarity of two names, 0 to 1, whatever the order of their words; ``None`` when either has no letters."""
    left, right = " ".join(sorted(romanised(one))), " ".join(sorted(romanised(other)))
    if not left or not right:
        return None
    return float(Indel.normalized_similarity(left, right))
