"""The name model: how surprising a name's letters are, measured against real names in the same script."""

from __future__ import annotations

import gzip
import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from operator import add
from typing import Any  # Any: the table is JSON until it becomes a LetterModel

from models.reference.scripts import romanised_text, script_of, scripts_of

EDGE = "^"
"""Stands before the first and after the last letter of every word."""

_LETTERS = re.compile("[a-z]+")

_BACKOFF = 4.0
"""Pseudo-count with which a pair's estimate leans on its second letter's own frequency."""

_FEWEST_LETTERS = 4
"""Below this the mean over so few letters says nothing (Li, Wu, Ng)."""


@dataclass(frozen=True, slots=True)
class LetterModel:
    """Letter pairs of one script.

    Attributes:
        bits: the cost in bits of each pair that was seen.
        unseen: the cost of a second letter after any first one, where the pair was not seen.
        rarest: the cost of a letter that was never seen.
        weights: per first letter, how many bits to add when a pair was not seen.
        mean: bits per letter of real names.
        between: variance of bits per letter between long names.
        within: variance that a single letter adds; a name of n letters has ``between + within / n``.
    """

    bits: Mapping[str, float]
    unseen: Mapping[str, float]
    rarest: float
    weights: Mapping[str, float]
    mean: float
    between: float
    within: float

    def cost(self, words: Sequence[str]) -> tuple[float, int]:
        """The bits of the words, and the number of steps they were spread over."""
        if not words:
            return 0.0, 0
        # What ends a word begins the next one.
        text = EDGE + EDGE.join(words) + EDGE
        total, bits = 0.0, self.bits
        for pair in map(add, text, text[1:]):
            known = bits.get(pair)
            if known is None:
                before, letter = pair
                known = self.unseen.get(letter, self.rarest) + self.weights.get(before, 0.0)
            total += known
        return total, len(text) - 1

    def surprise(self, words: Sequence[str]) -> float | None:
        """How many standard deviations the words lie above real names; ``None`` when there is nothing to judge."""
        total, steps = self.cost(words)
        if steps == 0:
            return None
        return (total / steps - self.mean) / math.sqrt(self.between + self.within / steps)


class NameModel:
    """The letter models of all scripts, and the one for the labels of domain names."""

    def __init__(self, scripts: Mapping[str, LetterModel], domains: LetterModel) -> None:
        self._scripts = scripts
        self._domains = domains
        self.name_surprise = lru_cache(maxsize=4096)(self._name_surprise)
        self.local_surprise = lru_cache(maxsize=4096)(self._local_surprise)
        self.domain_surprise = lru_cache(maxsize=4096)(self._domain_surprise)

    @property
    def scripts(self) -> tuple[str, ...]:
        """The scripts for which there is a model."""
        return tuple(self._scripts)

    def _local_surprise(self, local: str) -> float | None:
        """The surprise of the letters of an e-mail's local part under the Latin model; ``None`` below 4 letters."""
        model = self._scripts.get("latin")
        words = latin_words(local)
        if model is None or sum(map(len, words)) < _FEWEST_LETTERS:
            return None
        return model.surprise(words)

    def _name_surprise(self, name: str) -> float | None:
        """The surprise of a name under its own script's model; the most surprising script counts when it has two."""
        surprises = [
            surprise
            for script in sorted(scripts_of(name))
            if (model := self._scripts.get(script)) is not None
            and (surprise := model.surprise(words_in(name, script))) is not None
        ]
        return max(surprises, default=None)

    def _domain_surprise(self, label: str) -> float | None:
        """The surprise of a registrable label, punycode already decoded."""
        words = latin_words(label)
        return self._domains.surprise(words) if words else None


def latin_words(text: str) -> list[str]:
    """The words of a text in the letters a to z, other scripts romanised."""
    return _LETTERS.findall(romanised_text(text).lower())


def words_in(name: str, script: str) -> list[str]:
    """The words of a name that are written in one script; Latin ones are folded to a to z."""
    if script == "latin":
        if name.isascii():
            return latin_words(name)
        return latin_words("".join(c if script_of(c) in {"latin", None} else " " for c in name))
    words = "".join(c if script_of(c) == script else " " for c in name.lower()).split()
    if script == "hangul":
        # Whole syllables are too many to count; their letters are two dozen. Korean names are often typed in one word.
        return [unicodedata.normalize("NFD", "".join(words))] if words else []
    return words


def model_of(table: Mapping[str, Any]) -> LetterModel:
    """The letter model of one table of counts (the format is that of ``build_name_model``)."""
    letters: Mapping[str, int] = table["letters"]
    pairs: Mapping[str, int] = table["pairs"]
    total = sum(letters.values())
    # Additive smoothing of one half, with room for as many unseen letters as there are seen ones.
    room = total + 0.5 * (2 * len(letters) + 1)
    share = {letter: (count + 0.5) / room for letter, count in letters.items()}
    firsts: dict[str, int] = {}
    for pair, count in pairs.items():
        firsts[pair[0]] = firsts.get(pair[0], 0) + count
    bits = {
        pair: -math.log2((count + _BACKOFF * share[pair[1]]) / (firsts[pair[0]] + _BACKOFF))
        for pair, count in pairs.items()
    }
    return LetterModel(
        bits=bits,
        unseen={letter: -math.log2(chance) for letter, chance in share.items()},
        rarest=-math.log2(0.5 / room),
        weights={first: -math.log2(_BACKOFF / (count + _BACKOFF)) for first, count in firsts.items()},
        mean=float(table.get("mean", 0.0)),
        between=float(table.get("between", 1.0)),
        within=float(table.get("within", 0.0)),
    )


def load_name_model() -> NameModel:
    """The shipped model."""
    packed = (files("models.reference") / "data" / "name_model.json.gz").read_bytes()
    tables = json.loads(gzip.decompress(packed))
    return NameModel(
        {script: model_of(table) for script, table in tables["scripts"].items()}, model_of(tables["domains"])
    )
