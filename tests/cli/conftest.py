"""The command as a person runs it, in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.reference.reference import Reference, load_reference
from models.training.fit import FitSettings
from service import app
from service.cli import context, main
from service.config import PREFIX


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _loaded_once(monkeypatch: pytest.MonkeyPatch, reference: Reference) -> None:
    # A process loads the reference data once; here dozens of commands share one. Named files are read as ever.
    def loading(**files: Path | None) -> Reference:
        return load_reference(**files) if any(files.values()) else reference

    for module in (app, context):
        monkeypatch.setattr(module, "load_reference", loading)


@pytest.fixture
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that train grow thirty trees at most, which is enough to learn from rows that tell."""
    trees, *others = FitSettings.__init__.__defaults__ or ()
    assert trees == FitSettings().trees
    monkeypatch.setattr(FitSettings.__init__, "__defaults__", (30, *others))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs ``gatehouse`` on an embedded database of its own, in a directory of its own."""
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def running(*arguments: str) -> Ran:
        monkeypatch.setattr("sys.argv", ["gatehouse", *arguments])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return running


@pytest.fixture
def migrated(run: Callable[..., Ran], migrated_sqlite: Path, tmp_path: Path) -> Callable[..., Ran]:
    """``run`` after ``gatehouse db upgrade``, which found the tables there: to make them takes two seconds."""
    (tmp_path / "data").mkdir()
    shutil.copyfile(migrated_sqlite, tmp_path / "data" / "gatehouse.db")
    assert run("db", "upgrade").code == 0
    return run
