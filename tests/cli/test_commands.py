"""Commands do what the README says: results on standard output, one clear line for a refusal, exit codes 0, 1, 2."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models import registry
from service.app import compose
from service.cli import COMMANDS
from service.cli.context import reference_of, settings_here

Run = Callable[..., Any]


def test_help_names_every_command(run: Run) -> None:
    shown = run("--help")

    assert shown.code == 0
    assert all(command in shown.out for command in COMMANDS)


def test_announced_events_reach_commands_and_service_alike(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``run`` only for its own directory."""
    (tmp_path / "events.toml").write_text(
        '[[event]]\nname = "Release"\nstart = 2026-11-20T08:00:00Z\nend = 2026-11-22T08:00:00Z\nfactor = 3\n'
    )
    monkeypatch.setenv("GATEHOUSE_EVENTS_FILE", str(tmp_path / "events.toml"))
    settings = settings_here()

    application = compose(settings)
    application.store.dispose()

    for known in (reference_of(settings), application.reference):
        assert [event.name for event in known.events.events] == ["Release"]


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["keys", "create"], ["simulate", "--days", "0", "--out", "x.jsonl"]]
)
def test_wrong_usage_ends_in_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).code == 2


def test_a_new_key_stands_alone_on_standard_output(migrated: Run) -> None:
    created = migrated("keys", "create", "--name", "flow", "--scope", "signups", "--scope", "outcomes")

    assert created.code == 0
    assert re.fullmatch(r"gh_[0-9a-f]{12}_[0-9a-f]{64}\n", created.out)


def test_a_key_is_listed_without_its_secret_and_can_be_revoked_once(migrated: Run) -> None:
    token = migrated("keys", "create", "--name", "flow", "--scope", "signups").out.strip()
    key_id = token.split("_")[1]

    listed = migrated("keys", "list").out
    revoked = migrated("keys", "revoke", key_id)
    again = migrated("keys", "revoke", key_id)

    assert key_id in listed
    assert token.split("_")[2] not in listed
    assert revoked.code == 0
    assert (again.code, again.err.count("\n")) == (1, 1)


def test_an_unmigrated_database_is_told_plainly(run: Run) -> None:
    checked = run("db", "check")

    assert checked.code == 1
    assert "migration" in checked.err


def test_a_migrated_database_passes_the_check_and_upgrading_again_is_harmless(run: Run) -> None:
    assert run("db", "upgrade").code == 0
    assert run("db", "check").code == 0
    assert run("db", "upgrade").code == 0


def test_wrong_settings_end_in_one_line_that_names_them_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_WORKERS", "none")
    monkeypatch.setenv("GATEHOUSE_BIND", "here")

    refused = run("keys", "list")

    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "GATEHOUSE_WORKERS" in refused.err
    assert "GATEHOUSE_BIND" in refused.err


def test_the_audit_chain_is_sealed_verified_and_anchored(migrated: Run, tmp_path: Path) -> None:
    migrated("keys", "create", "--name", "one", "--scope", "signups")
    sealed = migrated("worker", "--once")
    head = migrated("audit", "head").out
    anchor = tmp_path / "anchor.txt"
    anchor.write_text(head)

    verified = migrated("audit", "verify", "--anchor", str(anchor))

    assert "2 audit entries sealed" in sealed.out  # the policy and the key
    assert verified.code == 0
    assert verified.out.startswith("2 entries under 1 seals hold")


def test_an_anchor_that_is_none_is_refused(migrated: Run, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.txt"
    anchor.write_text("hello\n")

    assert migrated("audit", "verify", "--anchor", str(anchor)).code == 1


def test_a_policy_document_is_checked(migrated: Run, tmp_path: Path) -> None:
    document = tmp_path / "policy.toml"
    document.write_text(migrated("policy", "show").out)
    good = migrated("policy", "check", str(document))
    document.write_text(document.read_text().replace("step_up = 0.15", "step_up = 5.0"))
    bad = migrated("policy", "check", str(document))

    assert good.code == 0
    assert bad.code == 1
    assert "/thresholds/educational/step_up" in bad.err


@pytest.fixture
def small_world(run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "world.jsonl"
    simulated = run("simulate", "--days", "1", "--honest-per-day", "60", "--seed", "3", "--out", str(file))
    assert simulated.code == 0, simulated.err
    return file


def test_the_past_is_imported_once_and_bad_lines_are_named(migrated: Run, small_world: Path) -> None:
    lines = small_world.read_text().splitlines()
    broken = json.loads(lines[0]) | {"signup_id": "su_bad", "email": "not an address"}
    small_world.write_text("\n".join([*lines, json.dumps(broken), "{"]) + "\n")

    first = migrated("signups", "import", str(small_world))
    second = migrated("signups", "import", str(small_world))

    assert first.code == 1
    assert first.out.startswith(f"{len(lines)} sign-ups recorded, 0 known already, 2 refused")
    assert f"line {len(lines) + 1}: /email" in first.err
    assert "not an address" not in first.err
    assert second.out.startswith(f"0 sign-ups recorded, {len(lines)} known already")


def test_a_replay_tells_the_kinds_apart_and_writes_vectors(run: Run, small_world: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    out = tmp_path / "vectors.parquet"
    replayed = run("replay", str(small_world), "--out", str(out))

    table = pq.read_table(out)
    assert replayed.code == 0
    assert "H1 " in replayed.out
    assert table.num_rows == len(small_world.read_text().splitlines())
    assert {"score", "decision", "device_signups_24h"} <= set(table.column_names)


def test_the_shipped_model_is_listed_as_active_and_its_card_says_simulated(run: Run) -> None:
    listed = run("model", "list").out
    shown = run("model", "show", "baseline").out

    assert listed.startswith(f"* {registry.baseline_card().version}")
    assert "SIMULATED" in shown


def test_an_unknown_model_is_refused_in_one_line(run: Run) -> None:
    people = ("--override", "--by", "Ann", "--approved-by", "Ben", "--reason", "none")

    refused = run("model", "promote", "nonesuch", *people)

    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "nonesuch" in refused.err


def test_training_from_a_table_without_its_columns_says_which_are_missing(run: Run, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = tmp_path / "table.parquet"
    pq.write_table(pa.table({"a": [1.0, 2.0]}), table)
    refused = run("model", "train", "--table", str(table), "--label", "fraud", "--time", "at")

    assert refused.code == 1
    assert "fraud" in refused.err


def test_the_module_runs_as_the_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "service.cli", "--version"], capture_output=True, text=True, check=True, timeout=60
    )

    assert shown.stdout.startswith("gatehouse")
