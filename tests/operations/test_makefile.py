"""The commands of the README exist, and refuse a Python that is too old in words a person understands."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def _make(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    return subprocess.run(
        ["make", *arguments], cwd=repository, env=environment, capture_output=True, text=True, check=False, timeout=30
    )


@pytest.mark.parametrize("target", ["run", "test", "check", "bench", "demo", "lock"])
def test_a_target_exists_and_is_listed(repository: Path, target: str) -> None:
    planned = _make(repository, "--dry-run", target)

    assert planned.returncode == 0, planned.stderr
    assert f"make {target}" in _make(repository, "help").stdout


def test_an_old_python_is_refused_by_its_version(repository: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    # The check runs in the interpreter it is about: this one claims to be older than it is.
    old.write_text(
        "#!/bin/sh\nshift\nexec python3 -c \"import sys; sys.version_info = (3, 9); sys.version = '3.9.2 old'; $1\"\n"
    )
    old.chmod(0o755)

    refused = _make(repository, f"PYTHON={old}", f"VENV={tmp_path / 'venv'}", f"{tmp_path / 'venv'}/bin/python")

    assert refused.returncode != 0
    assert "needs Python 3.11 or later" in refused.stderr
    assert "3.9.2" in refused.stderr
    assert not (tmp_path / "venv").exists()


def test_a_missing_python_is_named(repository: Path, tmp_path: Path) -> None:
    refused = _make(repository, "PYTHON=python3.99", f"VENV={tmp_path / 'venv'}", f"{tmp_path / 'venv'}/bin/python")

    assert refused.returncode != 0
    assert "python3.99 is not installed" in refused.stderr


def test_continuous_integration_runs_the_two_commands(repository: Path) -> None:
    script = repository / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().endswith("make check\nmake test")
