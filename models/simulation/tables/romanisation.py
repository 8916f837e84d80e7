"""Latin spellings of names written in other scripts, as people spell themselves in mailboxes and on cards."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_CYRILLIC = (
    "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґўёќѓћђљњџј",
    "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya i yi ye g u yo kj gj c dj lj nj dz j",
)
_GREEK = ("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o")
_HEBREW = ("אבגדהוזחטיכךלמםנןסעפףצץקרשת", "a b g d h v z h t i k k l m m n n s a p f tz tz k r sh t")
_ARABIC = (
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءآأإؤئپچژگکی",
    "a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h w y a a - a a i o e p ch zh g k i",
)
_LETTERS = {
    letter: spelling.strip("-")
    for letters, spellings in (_CYRILLIC, _GREEK, _HEBREW, _ARABIC)
    for letter, spelling in zip(letters, spellings.split(), strict=True)
}
_LATIN_WITHOUT_ACCENT = {
    "DOTLESS I": "i",
    "L WITH STROKE": "l",
    "O WITH STROKE": "o",
    "D WITH STROKE": "d",
    "SHARP S": "ss",
    "AE": "ae",
}


@lru_cache(maxsize=65_536)
def romanise(text: str) -> str:
    """The text in ASCII letters, title case; words keep their spaces. A letter nobody can spell is left out."""
    words = ("".join(_syllables(word)) for word in text.replace("-", " ").replace("'", "").replace("‌", " ").split())
    return " ".join(word.title() for word in words if word)


def _syllables(word: str) -> list[str]:
    out: list[str] = []
    for letter in unicodedata.normalize("NFC", word):
        lower = letter.lower()
        if lower in _LETTERS:
            out.append(_LETTERS[lower])
        elif unicodedata.normalize("NFD", lower)[0] in _LETTERS:
            out.append(_LETTERS[unicodedata.normalize("NFD", lower)[0]])
        else:
            _append_by_name(out, letter)
    return out


def _append_by_name(out: list[str], letter: str) -> None:
    """Latin letters lose their accents; Hangul, kana and Indic letters are spelt by their Unicode names."""
    name = unicodedata.name(letter.lower()[0], "")
    last = name.rsplit(" ", 1)[-1].lower()
    if name.startswith("LATIN"):
        plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        out.append(plain or _LATIN_WITHOUT_ACCENT.get(name.removeprefix("LATIN SMALL LETTER "), ""))
    elif name.startswith(("HANGUL SYLLABLE", "HIRAGANA LETTER", "KATAKANA LETTER")):
        out.append(last)
    elif "VOWEL SIGN" in name and out and out[-1].endswith("a"):
        out[-1] = out[-1][:-1] + last
    elif name.endswith(("SIGN VIRAMA", "SIGN HALANT")) and out and out[-1].endswith("a"):
        out[-1] = out[-1][:-1]
    elif name.startswith(("DEVANAGARI LETTER", "TAMIL LETTER", "BENGALI LETTER")):
        out.append(last)
