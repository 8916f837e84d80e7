"""The example that lives through eight weeks: few people, one retraining, and a report of what became of whom."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "examples" / "eight_weeks.py"


@pytest.mark.slow
def test_eight_small_weeks_end_with_the_champions_history(tmp_path: Path) -> None:
    few = ["--honest-per-day", "5", "--prevalence", "0.4", "--accounts", "40", "--first-retraining", "7"]
    few += ["--beside-days", "0"]

    ran = subprocess.run(
        [sys.executable, str(FILE), "--directory", str(tmp_path / "eight"), *few],
        capture_output=True,
        text=True,
        check=False,
        cwd=FILE.parents[1],
    )

    assert ran.returncode == 0, ran.stderr[-2_000:]
    report = (tmp_path / "eight" / "report.md").read_text()
    assert report == ran.stdout
    history = report.partition("## The champion's history")[2].partition("##")[0]
    assert "- week 1: baseline" in history
    assert "- after week 7: " in history
    weeks = [line for line in report.splitlines() if line.startswith(tuple(f"| {week} |" for week in range(1, 9)))]
    assert len(weeks) == 8
    assert all(line.rstrip(" |").endswith("none") for line in weeks[:4]), "the family appears in week five"
    assert not all(line.rstrip(" |").endswith("none") for line in weeks[4:])
    assert "| baseline |" in report
    assert (tmp_path / "eight" / "vectors.parquet").exists()
