"""``gatehouse outcomes import``: a file of what turned out to be true."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from service.api.schemas.examples import SIGNUP_EXAMPLE

SAID = {"label": "fraud", "source": "reviewer", "reason": "seen"}


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
