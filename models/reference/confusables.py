"""Characters that look like Latin letters, and the letters they look like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from models.reference.scripts import script_of


@dataclass(frozen=True, slots=True)
class Confusables:
    """Foreign letters to the lower-case ASCII letter they can be mistaken for (Unicode's confusables table)."""

    latin: Mapping[str, str]

    def as_latin(self, token: str) -> str:
        """The token with every look-alike replaced."""
        return "".join(self.latin.get(character, character) for character in token)

    def all_look_latin(self, token: str) -> bool:
        """Whether every letter is a foreign one that looks Latin."""
        return bool(token) and all(character in self.latin for character in token if character.isalpha())


def load_confusables() -> Confusables:
    """The table in the ``confusable_homoglyphs`` wheel, cut down to what a name can hold."""
    # The package loads 13 MB of objects when imported; its data file alone is enough.
    table = json.loads((files("confusable_homoglyphs") / "confusables.json").read_bytes())
    latin: dict[str, str] = {}
    for character, alike in table.items():
        if len(character) != 1 or script_of(character) in {None, "latin"}:
            continue
        letter = next(
            (each["c"] for each in alike if len(each["c"]) == 1 and each["c"].isascii() and each["c"].isalpha()), None
        )
        if letter is not None:
            latin[character] = letter.lower()
    # Names are compared in casefolded form, so the look-alike of a capital is found by its small form too, unless that
    # form has a reading of its own.
    for character, letter in tuple(latin.items()):
        latin.setdefault(character.lower(), letter)
    return Confusables(latin)
