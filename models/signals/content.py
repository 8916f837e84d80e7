"""Content: whether a text says anything, so that everybody who sends a blank or a placeholder is not one person."""

from __future__ import annotations

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters to Unicode, and nothing to see: they fill an empty place in a Hangul syllable."""

_PLACEHOLDERS = frozenset(
    {
        *("null", "none", "nil", "nan", "undefined", "objectobject", "true", "false", "void"),
        *("unknown", "unset", "missing", "empty", "na", "notavailable", "notapplicable", "notset", "notprovided"),
        *("anonymous", "default", "dummy", "placeholder"),
        # MD5, SHA-1 and SHA-256 of no bytes at all: the fingerprint of a field that was never filled in.
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        # The one ANDROID_ID that a whole series of telephones reported.
        "9774d56d682e549c",
    }
)
"""What programs write where they know nothing: in small letters, without anything that is no letter or digit."""

_REPEATED = 8
"""So many times one and the same character is a mask, such as ``ffffffff``; noughts are at any length."""


def content_of(text: str | None) -> str | None:
    """The text as it is; ``None`` when it has neither a letter nor a digit.

    White space, characters without a width and punctuation alone are what a form or a library sends in place of
    a value.
    """
    if text is None or not any(each.isalnum() and each not in _FILLERS for each in text):
        return None
    return text


def identifying(text: str | None) -> str | None:
    """The text as it is; ``None`` when it can name nobody: without content, or what programs write in its place."""
    if text is None or content_of(text) is None or text.strip() == "-1":
        return None
    core = "".join(filter(str.isalnum, text)).casefold()
    masked = len(set(core)) == 1 and (core[0] == "0" or len(core) >= _REPEATED)
    return None if masked or core in _PLACEHOLDERS else text
