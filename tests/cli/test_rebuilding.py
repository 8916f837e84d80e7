"""``gatehouse replay --rebuild``: what comes out is what was logged, and a killed run goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from models.features.catalogue import FEATURES
from models.simulation.files import read_signups
from service.app import compose, request_fingerprint
from service.cli import rebuilding
from service.cli.context import settings_here
from service.domain.caller import Caller, Scope

Run = Callable[..., Any]
PATIENCE_S = 180.0
PART = 20

SLOWLY = f"""
import sys, time
from service.cli import main, rebuilding
rows_of = rebuilding._rows
def slowly(*given):
    time.sleep(0.1)
    return rows_of(*given)
rebuilding._rows, rebuilding.PART = slowly, {PART}
sys.argv = ["gatehouse", "replay", "--rebuild", "--out", "killed.parquet"]
main()
"""


@pytest.fixture
def decided(migrated: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """A database in which some hours of sign-ups were decided on; how many."""
    monkeypatch.setattr(rebuilding, "PART", PART)
    world = tmp_path / "world.jsonl"
    assert (
        migrated("simulate", "--days", "0.8", "--honest-per-day", "120", "--seed", "3", "--out", str(world)).code == 0
    )
    application = compose(settings_here())
    caller = Caller(owner="default", key_id="test", scopes=frozenset({Scope.SIGNUPS}))
    signups = list(read_signups(world))
    for signup in signups:
        fingerprint = request_fingerprint(application.pseudonyms, "POST", "/v1/signups", signup.signup_id.encode())
        application.assess(signup, caller=caller, now=signup.occurred_at, fingerprint=fingerprint)
    application.store.dispose()
    return len(signups)


def test_a_killed_run_goes_on_and_ends_with_the_very_vectors_that_were_logged(run: Run, decided: int) -> None:
    assert decided > 3 * PART
    with subprocess.Popen([sys.executable, "-c", SLOWLY], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + PATIENCE_S
        while len(list(Path().glob("killed.parquet.*.parts/*.parquet"))) < 2 and time.monotonic() < until:
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    killed = Path("killed.parquet").exists()
    kept = len(list(Path().glob("killed.parquet.*.parts/*.parquet")))

    went_on = run("replay", "--rebuild", "--out", "killed.parquet")
    exported = run("signups", "export", "--vectors", "logged.parquet")

    assert (killed, kept >= 2) == (False, True)
    assert (went_on.code, exported.code) == (0, 0), went_on.err
    assert f"{kept * PART:,} were rebuilt before this run and only remembered" in went_on.out
    assert f"{decided - kept * PART:,} equal to what was logged, to the last bit" in went_on.out
    assert "differ" not in went_on.out
    assert list(Path().glob("*.parts")) == []
    columns = ["signup_id", "score", *(feature.name for feature in FEATURES)]
    rebuilt, logged = (pq.read_table(name, columns=columns) for name in ("killed.parquet", "logged.parquet"))
    assert rebuilt.num_rows == decided
    assert rebuilt.to_pandas().equals(logged.to_pandas())


def test_parts_of_another_catalogue_are_not_gone_on_with(run: Run, decided: int) -> None:
    other = Path("out.parquet.000000000000.parts")
    other.mkdir()
    (other / "000000.parquet").write_bytes(b"of another release")

    rebuilt = run("replay", "--rebuild", "--out", "out.parquet")

    assert rebuilt.code == 0, rebuilt.err
    assert f"{decided:,} equal to what was logged" in rebuilt.out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--rebuild"],
        ["--rebuild", "--out", "o.parquet", "--model", "m"],
        ["world.jsonl", "--rebuild", "--out", "o"],
    ],
)
def test_what_does_not_go_together_is_named(run: Run, arguments: list[str]) -> None:
    Path("world.jsonl").touch()

    assert run("replay", *arguments).code == 2
