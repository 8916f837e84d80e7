"""Without Chromium the browser's tests say so in a plain sentence; where it is required they fail instead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REQUIRED = """
import os
import pytest

@pytest.fixture(scope="module", autouse=True)
def required():
    os.environ["GATEHOUSE_REQUIRE_BROWSER"] = "1"

def test_it(chromium): pass
"""


def test_a_missing_browser_is_told(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((repository / "tests" / "conftest.py").read_text())
    (tmp_path / "test_open.py").write_text("def test_it(chromium): pass\n")
    (tmp_path / "test_required.py").write_text(REQUIRED)
    environment = {name: value for name, value in os.environ.items() if name != "CHROMIUM"}
    environment |= {"PATH": str(tmp_path), "PYTHONPATH": str(repository), "GATEHOUSE_REQUIRE_BROWSER": "0"}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rsE", "-p", "no:cacheprovider", "-W", "error", str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert "1 skipped, 1 error" in ran.stdout
    assert "ERROR test_required.py::test_it" in ran.stdout
    (skipped,) = (line for line in ran.stdout.splitlines() if line.startswith("SKIPPED"))
    assert "Chromium is not installed: `apt-get install chromium`" in skipped
    assert ran.stdout.count("Chromium is not installed: `apt-get install chromium`") > 1
