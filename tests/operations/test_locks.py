"""The lock files name every dependency once, by hash, and nobody's package index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

LOCKS = ("build", "serve", "train", "test")
_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^\s;\\]+)(?: ;[^\\]*)? ?\\?$")
_HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def _lines(repository: Path, lock: str) -> list[str]:
    return (repository / "requirements" / f"{lock}.txt").read_text().splitlines()


def _pins(repository: Path, lock: str) -> dict[str, str]:
    found = [_PIN.match(line) for line in _lines(repository, lock)]
    return {pin["name"]: pin["version"] for pin in found if pin}


def _wanted(repository: Path, *extras: str) -> set[str]:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    names = [re.match(r"[A-Za-z0-9._-]+", line) for line in lines]
    return {re.sub(r"[._-]+", "-", name.group()).lower() for name in names if name}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_or_a_hash_of_the_pin_above(repository: Path, lock: str) -> None:
    lines = _lines(repository, lock)

    assert [line for line in lines if not (_PIN.match(line) or _HASH.match(line))] == []
    for place, line in enumerate(lines):
        if _PIN.match(line):
            assert _HASH.match(lines[place + 1]), f"{line} has no hash"


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index(repository: Path, lock: str) -> None:
    text = "\n".join(_lines(repository, lock))

    assert "://" not in text
    assert "index" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("serve", ()), ("train", ("train",)), ("test", ("train", "test"))],
    ids=str,
)
def test_a_lock_covers_what_pyproject_asks_for(repository: Path, lock: str, extras: tuple[str, ...]) -> None:
    assert _wanted(repository, *extras) - set(_pins(repository, lock)) == set()


def test_the_locks_agree_on_every_version(repository: Path) -> None:
    serve, train, test = (_pins(repository, lock) for lock in ("serve", "train", "test"))

    assert serve.items() <= train.items() <= test.items()


def test_serving_needs_none_of_the_training_libraries(repository: Path) -> None:
    heavy = {"scikit-learn", "pyarrow", "pandas", "faker", "browserforge", "xgboost", "dask"}

    assert heavy.isdisjoint(_pins(repository, "serve"))
