"""Without Chromium the browser's tests say so in a plain sentence; where it is required they fail instead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("required", "outcome"), [("0", "1 skipped"), ("1", "1 error")])
def test_a_missing_browser_is_told(repository: Path, tmp_path: Path, required: str, outcome: str) -> None:
    (tmp_path / "conftest.py").write_text((repository / "tests" / "conftest.py").read_text())
    (tmp_path / "test_it.py").write_text("def test_it(chromium): pass\n")
    environment = {name: value for name, value in os.environ.items() if name != "CHROMIUM"}
    environment |= {"PATH": str(tmp_path), "PYTHONPATH": str(repository), "GATEHOUSE_REQUIRE_BROWSER": required}

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rsE", "-p", "no:cacheprovider", "-W", "error", str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert outcome in ran.stdout
    assert "Chromium is not installed: `apt-get install chromium`" in ran.stdout
