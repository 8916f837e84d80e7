"""Writing systems: which one a letter belongs to, and how it reads in Latin letters."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import lru_cache

from anyascii import anyascii

# (first code point, last code point, script), in order; letters outside are "other". Unicode 16 block ranges: names
# are written in a handful of scripts, so whole blocks are precise enough and keep the table readable.
_RANGES: tuple[tuple[int, int, str], ...] = (
    (0x0041, 0x024F, "latin"),
    (0x0250, 0x02AF, "latin"),
    (0x0370, 0x03FF, "greek"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0530, 0x058F, "armenian"),
    (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x06FF, "arabic"),
    (0x0750, 0x077F, "arabic"),
    (0x08A0, 0x08FF, "arabic"),
    (0x0900, 0x097F, "devanagari"),
    (0x0980, 0x09FF, "bengali"),
    (0x0A00, 0x0A7F, "gurmukhi"),
    (0x0A80, 0x0AFF, "gujarati"),
    (0x0B00, 0x0B7F, "odia"),
    (0x0B80, 0x0BFF, "tamil"),
    (0x0C00, 0x0C7F, "telugu"),
    (0x0C80, 0x0CFF, "kannada"),
    (0x0D00, 0x0D7F, "malayalam"),
    (0x0D80, 0x0DFF, "sinhala"),
    (0x0E00, 0x0E7F, "thai"),
    (0x0E80, 0x0EFF, "lao"),
    (0x0F00, 0x0FFF, "tibetan"),
    (0x1000, 0x109F, "myanmar"),
    (0x10A0, 0x10FF, "georgian"),
    (0x1100, 0x11FF, "hangul"),
    (0x1200, 0x137F, "ethiopic"),
    (0x13A0, 0x13FF, "cherokee"),
    (0x1780, 0x17FF, "khmer"),
    (0x1800, 0x18AF, "mongolian"),
    (0x1C80, 0x1C8F, "cyrillic"),
    (0x1C90, 0x1CBF, "georgian"),
    (0x1D00, 0x1DBF, "latin"),
    (0x1E00, 0x1EFF, "latin"),
    (0x1F00, 0x1FFF, "greek"),
    (0x2C60, 0x2C7F, "latin"),
    (0x2DE0, 0x2DFF, "cyrillic"),
    (0x3040, 0x309F, "kana"),
    (0x30A0, 0x30FF, "kana"),
    (0x3130, 0x318F, "hangul"),
    (0x31F0, 0x31FF, "kana"),
    (0x3400, 0x4DBF, "han"),
    (0x4E00, 0x9FFF, "han"),
    (0xA640, 0xA69F, "cyrillic"),
    (0xA720, 0xA7FF, "latin"),
    (0xAC00, 0xD7AF, "hangul"),
    (0xF900, 0xFAFF, "han"),
    (0xFB50, 0xFDFF, "arabic"),
    (0xFE70, 0xFEFF, "arabic"),
    (0x20000, 0x323AF, "han"),
)
_FIRSTS = [first for first, _, _ in _RANGES]

_WRITTEN_TOGETHER = (frozenset({"han", "kana"}), frozenset({"han", "hangul"}))


def romanised_text(text: str) -> str:
    """The text in ASCII, other scripts romanised; emoji and other signs become spaces (they have names, not sounds)."""
    if text.isascii():
        return text
    return anyascii("".join(each if each.isascii() or unicodedata.category(each)[0] in "LMN" else " " for each in text))


@lru_cache(maxsize=8192)
def script_of(character: str) -> str | None:
    """The script of one letter; ``None`` for digits, punctuation, marks and emoji."""
    if not character.isalpha():
        return None
    point = ord(character)
    at = bisect_right(_FIRSTS, point) - 1
    if at >= 0:
        _, last, script = _RANGES[at]
        if point <= last:
            return script
    return "other"


@lru_cache(maxsize=8192)
def scripts_of(text: str) -> frozenset[str]:
    """The scripts of the letters of a text."""
    if text.isascii():
        return frozenset({"latin"}) if any(map(str.isalpha, text)) else frozenset()
    return frozenset(script for character in text if (script := script_of(character)) is not None)


def mixes_scripts(token: str) -> bool:
    """Whether one word mixes scripts that nobody writes together (Japanese and Korean do mix theirs)."""
    scripts = scripts_of(token)
    return len(scripts) > 1 and not any(scripts <= together for together in _WRITTEN_TOGETHER)
