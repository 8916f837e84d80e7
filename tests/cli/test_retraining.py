"""One command retrains: it goes on where it was killed, never runs twice at once, promotes nothing, and reports."""

from __future__ import annotations

import fcntl
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import registry
from models.features.catalogue import FEATURES
from models.kept_judgement import judgement_of
from models.training.stored import read_dataset
from service.cli import retraining, signups
from service.cli.context import settings_here, store_of
from service.domain.decision import Assessment, Decision, ModelReference
from service.usecases.ports import AuditEntry, NewRecord

Run = Callable[..., Any]
ROWS = 5_000
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=150)


@pytest.fixture
def decided(migrated: Run, few_trees: None, make_record: Callable[..., NewRecord]) -> Run:
    """A database of decisions by the shipped model, whose first two features tell, and ``outcomes.jsonl``."""
    random = np.random.default_rng(1)
    matrix = random.normal(size=(ROWS, len(FEATURES))).astype("<f4")
    fraud = random.random(ROWS) < 1 / (1 + np.exp(3 - 2 * matrix[:, 0] - matrix[:, 1]))
    shipped = registry.baseline(catalogue=[feature.name for feature in FEATURES])
    model = ModelReference(shipped.card.version, shipped.card.model_sha256)
    scores = [each.probability for each in shipped.scorer.score_rows(matrix)]
    store = store_of(settings_here())
    with store.begin() as work, Path("outcomes.jsonl").open("w") as outcomes:
        for at in range(ROWS):
            when = START + timedelta(minutes=25 * at)
            record_id = str(uuid.uuid4())
            assessment = Assessment(
                id=f"a{at:05}", decided_at=when, decision=Decision.ALLOW, score=scores[at], reasons=(), rules=(),
                vector=matrix[at].tobytes(), signals={}, linkage={}, model=model, policy_version=1,
            )  # fmt: skip
            audit = AuditEntry(when, "key:k1", "signup.assessed", record_id, {})
            work.ledger.append(make_record(f"su_{at}", at=when, id=record_id, assessment=assessment, audit=audit))
            if fraud[at]:
                known = (when + timedelta(days=3)).isoformat()
                outcomes.write(json.dumps({"signup_id": f"su_{at}", "label": "fraud", "known_at": known}) + "\n")
        work.commit()
    store.dispose()
    return migrated


def reports() -> list[Path]:
    return sorted((settings_here().data_dir / "retraining").glob("*/report.md"))


def test_a_run_that_was_killed_goes_on_and_ends_in_the_shadow_with_a_report(
    decided: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(retraining, "StartShadow", lambda *_: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception, match="killed"):
            decided("model", "retrain", "--outcomes", "outcomes.jsonl")
    after_kill = (reports(), len(registry.list_cards(settings_here().model_dir)))
    monkeypatch.setattr(signups, "export_vectors", lambda *_: pytest.fail("exported again"))

    went_on = decided("model", "retrain", "--outcomes", "outcomes.jsonl")

    (card,) = registry.list_cards(settings_here().model_dir)
    assert after_kill == ([], 1)
    assert went_on.code == 0, went_on.err
    (report,) = reports()
    text = report.read_text()
    assert text.startswith(f"# Model {card.version}")
    assert "5,000 decisions exported" in text
    assert f"{card.version} against baseline-1" in text
    assert f"{card.version} is in the shadow" in text
    kept = judgement_of(settings_here().model_dir, card.version)
    assert kept is not None
    assert kept.data_sha256 == card.data.sha256
    assert kept.champion.sha256 == registry.baseline_card().model_sha256
    assert (report.parent / "report.html").read_text().startswith("<!doctype html>")
    assert registry.active(settings_here().model_dir).version is None
    assert decided("model", "shadow").out.startswith(card.version)
    rebuilt = decided("model", "rebuild", card.version)
    assert rebuilt.code == 0, rebuilt.err


def test_outcomes_that_were_recorded_are_learnt_from_as_they_stood_at_the_cut_off(decided: Run) -> None:
    lines = [json.loads(line) for line in Path("outcomes.jsonl").read_text().splitlines()]
    said = [
        {"signup_id": each["signup_id"], "label": "fraud", "reason": "resale", "source": "partner"} for each in lines
    ]
    Path("said.jsonl").write_text("".join(json.dumps(each) + "\n" for each in said))
    assert decided("outcomes", "import", "said.jsonl", "--owner", "acme").code == 0

    nothing_yet = decided("model", "train", "--from-decisions", "--until", f"{datetime.now(UTC):%Y-%m-%d}")
    retrained = decided("model", "retrain", "--version", "mine", "--ripen-days", "75")
    trained = decided("model", "train", "--from-decisions", "--version", "by-hand", "--dataset-out", "kept.parquet")

    assert (nothing_yet.code, "every known outcome is legitimate" in nothing_yet.err) == (1, True), nothing_yet.err
    assert retrained.code == 0, retrained.err
    card = registry.card_of(settings_here().model_dir, "mine")
    ripe = [each for each in lines if datetime.fromisoformat(each["known_at"]) < datetime.now(UTC) - timedelta(72)]
    assert card.data.fraud == len(ripe)
    assert f"{len(lines):,} labels of them known by" in reports()[0].read_text()
    assert trained.code == 0, trained.err
    assert registry.card_of(settings_here().model_dir, "by-hand").data.fraud == len(lines) > len(ripe)
    weights = read_dataset(Path("kept.parquet")).weights
    assert weights is not None
    assert set(weights.tolist()) == {0.5, 1.0}, "survival is not goodness"


def test_the_challenger_follows_what_is_decided_and_is_compared_verified_and_stopped(decided: Run) -> None:
    assert decided("model", "retrain", "--outcomes", "outcomes.jsonl").code == 0
    (card,) = registry.list_cards(settings_here().model_dir)
    nothing_yet = decided("model", "compare", card.version)
    worked = decided("worker", "--once")

    compared = decided("model", "compare", card.version, "--outcomes", "outcomes.jsonl")
    verified = decided("model", "verify", "baseline", "--sample", "300")
    drift = decided("model", "drift", "--days", "100", "--before-days", "100", "--outcomes", "outcomes.jsonl", "--json")
    stopped = decided("model", "shadow", card.version, "--stop")

    assert (nothing_yet.code, nothing_yet.err.count("\n")) == (1, 1)
    assert "5,000 decisions scored in the shadow" in worked.out
    assert compared.out.startswith("5,000 decisions scored by both")
    assert "recall at 1.00% false positives" in compared.out
    assert (verified.code, "300 recorded decisions scored again, equal to the last bit" in verified.out) == (0, True)
    measured = json.loads(drift.out)
    assert (measured["rows_before"] + measured["rows_now"], len(measured["features"])) == (ROWS, len(FEATURES))
    # Random numbers that never move, scored by a model that knows nothing of them.
    assert all(each.startswith("calibration") for each in measured["alarms"])
    assert stopped.code == 0
    assert decided("model", "shadow").out == ""


def test_a_decision_that_does_not_come_out_again_is_told(
    migrated: Run, make_record: Callable[..., NewRecord], noon: datetime
) -> None:
    card = registry.baseline_card()
    record_id = str(uuid.uuid4())
    assessment = Assessment(
        id="a1", decided_at=noon, decision=Decision.ALLOW, score=0.123, reasons=(), rules=(),
        vector=np.zeros(len(FEATURES), "<f4").tobytes(), signals={}, linkage={},
        model=ModelReference(card.version, card.model_sha256), policy_version=1,
    )  # fmt: skip
    store = store_of(settings_here())
    with store.begin() as work:
        audit = AuditEntry(noon, "key:k1", "signup.assessed", record_id, {})
        work.ledger.append(make_record("su_1", at=noon, id=record_id, assessment=assessment, audit=audit))
        work.commit()
    store.dispose()

    refused = migrated("model", "verify", "baseline")

    assert refused.code == 1
    assert "a1 was recorded as 0.123" in refused.err


def test_two_never_run_at_once(migrated: Run) -> None:
    Path("outcomes.jsonl").touch()
    place = settings_here().data_dir / "retraining"
    place.mkdir(parents=True)
    with (place / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        refused = migrated("model", "retrain", "--outcomes", "outcomes.jsonl")

    assert (refused.code, refused.err) == (1, "gatehouse: another retraining is running; let it end first\n")


def test_nothing_to_learn_from_is_one_line_and_the_next_run_begins_anew(migrated: Run) -> None:
    Path("outcomes.jsonl").touch()

    refused = migrated("model", "retrain", "--outcomes", "outcomes.jsonl")

    assert refused.code == 1
    assert refused.err.splitlines()[-1] == "Error: there are no recorded decisions with a logged vector"
    assert registry.list_cards(settings_here().model_dir) == ()
    assert not (settings_here().data_dir / "retraining" / "run.json").exists()
