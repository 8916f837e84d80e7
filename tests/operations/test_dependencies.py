"""What the code imports is what ``pyproject.toml`` declares: what happens to be installed is no dependency."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

OWN = {"models", "service", "migrations"}
# Parts that need the extra ``train``; nothing that serves may import them.
TRAINING = (
    "models/simulation",
    "models/training",
    "models/evaluation",
    "service/cli/demo.py",
    "service/cli/model.py",
    "service/cli/replay.py",
    "service/cli/simulate.py",
)


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - OWN - set(sys.stdlib_module_names) - {"_typeshed"}


def _normal(name: str) -> str:
    return re.sub(r"[._-]+", "-", name).lower()


@cache
def _distributions() -> dict[str, set[str]]:
    return {module: {_normal(name) for name in names} for module, names in packages_distributions().items()}


def _declared(repository: Path, *extras: str) -> set[str]:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return {_normal(re.split(r"[^A-Za-z0-9._-]", line)[0]) for line in lines}


def _undeclared(repository: Path, files: list[Path], declared: set[str]) -> dict[str, set[str]]:
    # What a declared package's own public face is made of counts as declared: flask is werkzeug and jinja2,
    # pydantic's own errors come from pydantic-core.
    with_faces = declared | {"werkzeug", "jinja2", "pydantic-core"}
    undeclared: dict[str, set[str]] = {}
    for path in files:
        for module in _imported(path):
            if not _distributions().get(module, {_normal(module)}) & with_faces:
                undeclared.setdefault(module, set()).add(str(path.relative_to(repository)))
    return undeclared


def _files(repository: Path, *, training: bool) -> list[Path]:
    return [
        path
        for package in sorted(OWN)
        for path in sorted((repository / package).rglob("*.py"))
        if str(path.relative_to(repository)).startswith(TRAINING) is training
    ]


@pytest.mark.parametrize(("training", "extras"), [(False, ()), (True, ("train",))], ids=["serving", "training"])
def test_every_import_is_declared(repository: Path, training: bool, extras: tuple[str, ...]) -> None:
    files = _files(repository, training=training)

    assert files
    assert _undeclared(repository, files, _declared(repository, *extras)) == {}


def test_time_zones_come_along(repository: Path) -> None:
    uses_zones = [path for path in _files(repository, training=False) if "zoneinfo" in path.read_text()]

    # A minimal Debian has no time zone database, and neither has Windows.
    assert not uses_zones or "tzdata" in _declared(repository)


def test_serving_loads_nothing_of_the_training_parts() -> None:
    program = "import sys, service.cli.serve, service.cli.worker; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    loaded = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout.split()

    parts = tuple(part.removesuffix(".py").replace("/", ".") for part in TRAINING)
    # The worker tells by the same labels how calibration drifts; they need nothing but numpy.
    light = {"models.training", "models.training.dataset", "models.training.labels"}
    loaded = [name for name in loaded if name not in light]
    # xgboost itself loads scikit-learn where it is installed; pyarrow and the simulation's libraries nobody should.
    assert [name for name in loaded if name.startswith((*parts, "pyarrow", "faker", "browserforge", "zstandard"))] == []
