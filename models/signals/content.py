"""Content: whether a text says anything, so that everybody who sends a blank is not one person."""

from __future__ import annotations

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters to Unicode, and nothing to see: they fill an empty place in a Hangul syllable."""


def content_of(text: str | None) -> str | None:
    """The text as it is; ``None`` when it has neither a letter nor a digit.

    White space, characters without a width and punctuation alone are what a form or a library sends in place of
    a value.
    """
    if text is None or not any(each.isalnum() and each not in _FILLERS for each in text):
        return None
    return text
