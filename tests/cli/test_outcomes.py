"""``gatehouse outcomes import``: a file of what turned out to be true."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.api.schemas.examples import SIGNUP_EXAMPLE
from service.usecases import record_outcome

SAID = {"label": "fraud", "source": "reviewer", "reason": "seen"}


def test_a_line_too_many_of_one_sign_up_is_refused_and_the_next_is_read(
    migrated: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_outcome, "MOST_OUTCOMES", 1)
    signups, outcomes = tmp_path / "signups.jsonl", tmp_path / "outcomes.jsonl"
    signups.write_text("\n".join(json.dumps(SIGNUP_EXAMPLE | {"signup_id": each}) for each in ("su_1", "su_2")))
    said = [("su_1", "law"), ("su_1", "partner"), ("su_2", "law")]
    outcomes.write_text("\n".join(json.dumps(SAID | {"signup_id": each, "source": by}) for each, by in said))
    assert migrated("signups", "import", str(signups)).code == 0

    imported = migrated("outcomes", "import", str(outcomes))

    assert "2 outcomes recorded, 0 known already, 1 refused" in imported.out
    assert "line 2: This sign-up has 1 outcomes" in imported.err


def test_outcomes_of_a_file_are_imported_and_may_be_again(migrated: Callable[..., Any], tmp_path: Path) -> None:
    signups, outcomes = tmp_path / "signups.jsonl", tmp_path / "outcomes.jsonl"
    signups.write_text(json.dumps(SIGNUP_EXAMPLE))
    lines = [SAID | {"signup_id": "su_8131"}, SAID | {"signup_id": "su_2"}, {"signup_id": "su_8131"}]
    outcomes.write_text("\n".join(map(json.dumps, lines)))
    assert migrated("signups", "import", str(signups)).code == 0

    first, again = migrated("outcomes", "import", str(outcomes)), migrated("outcomes", "import", str(outcomes))

    assert (first.code, again.code) == (1, 1)
    assert "1 outcomes recorded, 0 known already, 2 refused" in first.out
    assert "line 2: There is no such sign-up." in first.err
    assert "line 3: /label is required" in first.err
    assert "0 outcomes recorded, 1 known already, 2 refused" in again.out
