"""Whatever a person hands a command, a refusal is one clear line and never a traceback."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from service.cli.refusals import refusal_text
from service.domain.errors import UnavailableError

Run = Callable[..., Any]

SIGNUP = {
    "signup_id": "su_1",
    "account_type": "educational",
    "occurred_at": "2026-11-20T10:00:00Z",
    "identity": {"full_name": "Ada Example", "country": "GB"},
    "email": "ada@example.org",
    "device": {"ip": "192.0.2.7"},
}

# Of many people a day even a moment takes seconds: some of them began to tell each other months before it.
FEW = ("simulate", "--days", "0.3", "--honest-per-day", "60")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("f.jsonl", b"\xd6\x00", "f.jsonl: line 1 is not text in UTF-8"),
        ("f.jsonl", b"not json\n", "f.jsonl: line 1 is not a sign-up"),
        ("f.jsonl", b"null\n", "f.jsonl: line 1 is not a sign-up"),
        ("f.jsonl", json.dumps(SIGNUP).encode() + b'\n{"a": 1}\n', "f.jsonl: line 2 is not a sign-up"),
        ("f.jsonl", b"[" * 100_000, "f.jsonl: line 1 is not a sign-up"),
        ("f.jsonl.zst", b"not compressed", "f.jsonl.zst: not a whole Zstandard file"),
    ],
)
def test_a_file_that_holds_no_sign_ups_is_refused_by_its_line(
    run: Run, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)

    refused = run("replay", name)

    assert refused.code == 1
    assert told in refused.err


def test_a_truth_of_other_sign_ups_is_refused(run: Run) -> None:
    for name, seed in (("a", "1"), ("b", "2")):
        assert run(*FEW, "--seed", seed, "--out", f"{name}.jsonl").code == 0
    assert min(len(Path(f"{name}.jsonl").read_text().splitlines()) for name in "ab") > 1
    Path("b.truth.jsonl").replace("a.truth.jsonl")

    refused = run("replay", "a.jsonl")

    assert refused.code == 1
    assert "a.truth.jsonl does not belong to a.jsonl" in refused.err


def test_a_file_of_any_name_is_replayed_without_truths(run: Run, tmp_path: Path) -> None:
    (tmp_path / "export.ndjson").write_text(json.dumps(SIGNUP) + "\n")

    assert run("replay", "export.ndjson").code == 0


def test_compressed_files_are_imported_as_they_are_written(migrated: Run) -> None:
    assert migrated(*FEW, "--out", "past.jsonl.zst").code == 0

    imported = migrated("signups", "import", "past.jsonl.zst")

    assert imported.code == 0
    assert re.match(r"[1-9]\d* sign-ups recorded, .* 0 refused", imported.out)


def test_a_line_nested_too_deeply_is_refused_and_the_import_goes_on(migrated: Run, tmp_path: Path) -> None:
    nested = json.dumps(SIGNUP | {"signup_id": "su_2", "custom": json.loads("[" * 40 + "]" * 40)})
    (tmp_path / "past.jsonl").write_text("\n".join(["[" * 100_000, nested, json.dumps(SIGNUP)]))

    imported = migrated("signups", "import", "past.jsonl")

    assert imported.code == 1
    assert "1 sign-ups recorded, 0 known already, 2 refused" in imported.out
    assert "line 2: A document may be nested 32 levels deep at most." in imported.err


@pytest.mark.parametrize("arguments", [["policy", "check"], ["audit", "verify", "--anchor"], ["replay", "--policy"]])
def test_a_file_that_is_no_text_is_refused(migrated: Run, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "garbage").write_bytes(b"\xd6\x00\xff")
    (tmp_path / "f.jsonl").write_text(json.dumps(SIGNUP))

    refused = migrated(*arguments, "garbage", *(["f.jsonl"] if arguments[0] == "replay" else []))

    assert (refused.code, refused.err.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--honest-per-day", "inf"],
        ["--days", "nan"],
        ["--start", "9999-12-31"],
        ["--start", "0001-01-01"],
    ],
)
def test_a_world_that_cannot_be_is_wrong_usage(run: Run, wrong: list[str]) -> None:
    assert run("simulate", "--days", "0.01", "--out", "x.jsonl", *wrong).code == 2


@pytest.mark.parametrize("arguments", [["keys", "list"], ["keys", "revoke", "nobody"], ["audit", "verify"]])
def test_a_database_without_tables_says_what_to_do(run: Run, arguments: list[str]) -> None:
    refused = run(*arguments)

    assert refused.code == 1
    assert "run `gatehouse db upgrade`" in refused.err


@pytest.mark.parametrize("name", ["", "two\nlines", "\x1b[31mred"])
def test_a_key_name_that_would_break_the_list_is_refused_by_field(migrated: Run, name: str) -> None:

    refused = migrated("keys", "create", "--name", name, "--owner", "acme", "--scope", "signups")

    assert refused.code == 1
    assert "/name must be 1 to 100 printable characters" in refused.err
    assert "/owner" not in refused.err


@pytest.mark.parametrize("content", ["{", "[]", '{"ENCRYPTION_KEYS": 1}', "\x00"])
def test_damaged_secrets_are_never_replaced_by_new_ones(run: Run, tmp_path: Path, content: str) -> None:
    secrets = tmp_path / "data" / "secrets.json"
    secrets.parent.mkdir()
    secrets.write_text(content)

    refused = run("db", "upgrade")

    assert refused.code == 1
    assert "secrets.json is damaged; restore it" in refused.err
    assert secrets.read_text() == content


def test_a_database_that_is_none_is_named_as_such(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "gatehouse.db").write_bytes(bytes(range(256)) * 80)

    refused = run("audit", "verify")

    assert refused.code == 1
    assert "file is not a database" in refused.err


def _unavailable(cause: Exception) -> UnavailableError:
    error = UnavailableError("The database cannot be used; try again.")
    error.__cause__ = cause
    return error


def test_the_driver_is_quoted_on_connections_and_never_on_rows() -> None:
    refused = OperationalError("SELECT 1", {}, Exception('password authentication failed for user "u"\nmore'))
    row = IntegrityError("INSERT", {}, Exception("Key (name)=(Ada Example) already exists."))

    assert refusal_text(_unavailable(refused)).endswith('(password authentication failed for user "u")')
    assert "Ada" not in refusal_text(_unavailable(row))
