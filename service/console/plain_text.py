"""Texts that strangers wrote, made fit to be looked at: escaped, bounded, and with nothing invisible in them."""

from __future__ import annotations

import unicodedata

from markupsafe import Markup, escape

LIMIT = 160
"""Characters of a stranger's text on a page; what is longer is cut, and says so."""

# Cc and Cf are control and format characters: bidirectional overrides, zero-width joiners, soft hyphens, tags.
# Zl and Zp end lines. Co and Cn have no form of their own. Variation selectors and fillers look like nothing.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
_MARKS_IN_A_ROW = 3
"""Combining marks that some scripts really stack; more is a text that leaves its line."""


def shown(text: object, limit: int = LIMIT) -> Markup:
    """The text as HTML: invisible characters by their number, isolated from the direction of what surrounds it."""
    whole = str(text)
    if len(whole) <= limit and whole.isascii() and whole.isprintable():
        return Markup("<bdi>") + whole + Markup("</bdi>")  # nearly every text, at a tenth of the cost
    parts, marks = [Markup("<bdi>")], 0
    for character in whole[:limit]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if is_unseen(character) or marks > _MARKS_IN_A_ROW:
            name = unicodedata.name(character, "control character")
            code = f"U+{ord(character):04X}"
            parts.append(Markup('<span class="unseen" title="{}">{}</span>').format(name.lower(), code))
        else:
            parts.append(escape(character))
    if len(whole) > limit:
        cut = f"{len(whole) - limit:,} more characters"
        parts.append(Markup('<span class="cut" title="{}">…</span>').format(cut))
    parts.append(Markup("</bdi>"))
    return Markup("").join(parts)


def told(text: object, limit: int = 60) -> str:
    """The same without markup, for titles, attributes and drawings, where there can be none."""
    whole = str(text)
    parts = (f"[U+{ord(each):04X}]" if is_unseen(each) else each for each in whole[:limit])
    return "".join(parts) + ("…" if len(whole) > limit else "")


def is_unseen(character: str) -> bool:
    """Whether a character shows nothing of itself, or changes how others are shown."""
    if character == " ":
        return False
    odd_space = unicodedata.category(character) == "Zs"
    return odd_space or character in _UNSEEN or unicodedata.category(character) in _UNSEEN_CATEGORIES


def masked(text: str | None) -> str:
    """A name or an address with its first letters only: enough to tell two apart, not to know who it is."""
    if not text:
        return "—"
    head, at, domain = text.partition("@")
    words = " ".join(f"{word[0]}•••" for word in head.split()[:4]) or "•••"
    return f"{words}@{domain}" if at else words


def cell(value: object) -> str:
    """A value for a CSV file that a spreadsheet must not take for a formula (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    text = "".join(" " if is_unseen(character) else character for character in text)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
