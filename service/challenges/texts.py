"""Texts for people in their languages: one TOML file a language, English first, every file with the same keys."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
"""The languages by what they call themselves. Another one is a file beside these, and a line here."""

DEFAULT = "en"

Texts = Callable[..., str]


def texts_in(language: str) -> Texts:
    """Gives the text of a key in a language, with its places filled in.

    Raises (from the result):
        KeyError: there is no such text.
    """
    known = read_texts(language if language in LANGUAGES else DEFAULT)

    def text(key: str, **values: object) -> str:
        return known[key].format(**values)

    return text


def language_of(accepted: str | None) -> str:
    """The best of our languages for an ``Accept-Language`` header."""
    wishes: list[tuple[float, str]] = []
    for place, part in enumerate((accepted or "").split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wished = float(weight) if weight else 1.0
        except ValueError:
            continue
        wishes.append((-wished + place / 1_000, tag.partition("-")[0].strip().lower()))
    return next((tag for _, tag in sorted(wishes) if tag in LANGUAGES), DEFAULT)


@cache
def read_texts(language: str) -> Mapping[str, str]:
    """Every text of a language."""
    file = resources.files("service.challenges") / "texts" / f"{language}.toml"
    texts: dict[str, str] = tomllib.loads(file.read_text(encoding="utf-8"))
    return texts
