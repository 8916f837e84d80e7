"""Promotion from the command line: gates first, two people to override them, and a way back; all of it recorded."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models import registry
from models.features.catalogue import FEATURES
from models.kept_judgement import judgement_of
from models.training.fit import FitSettings
from models.training.recorded import read_outcomes, read_rows, recorded_dataset
from models.training.stored import read_dataset, write_dataset
from models.training.train import TrainedModel, TrainSettings, train
from service.cli.context import settings_here, store_of
from service.usecases.ports import AuditEntry
from service.usecases.promote_judged import PromoteJudged

Run = Callable[..., Any]
CATALOGUE = [feature.name for feature in FEATURES]
START = datetime(2026, 1, 5, tzinfo=UTC)
PEOPLE = ["--override", "--by", "Ann", "--approved-by", "Ben", "--reason", "the first model of our own"]


@dataclass(frozen=True)
class Learnt:
    """Decisions as exported, what became known of them, the data set they make, and models that learnt from it."""

    directory: Path
    models: dict[str, TrainedModel]

    def on(self) -> list[str]:
        return ["--on", str(self.directory / "v.parquet"), "--outcomes", str(self.directory / "o.jsonl")]

    def kept(self) -> str:
        return str(self.directory / "kept.parquet")


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    """The first two features tell; ``one`` and ``two`` learnt that, ``bad`` learnt from labels of somebody else."""
    directory = tmp_path_factory.mktemp("learnt")
    write_decisions(directory, rows=8_000)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    dataset = recorded_dataset(
        read_rows(directory / "v.parquet"),
        read_outcomes(directory / "o.jsonl", known_by=now),
        description="decisions",
        known_by=now,
    )
    write_dataset(dataset, directory / "kept.parquet")
    wrong = replace(dataset, labels=np.roll(dataset.labels, 1_000))
    models = {}
    for version, rows, trees in (("one", dataset, 30), ("two", dataset, 35), ("bad", wrong, 30)):
        settings = TrainSettings(fit=FitSettings(trees=trees, patience=5, threads=1), seed=3)
        models[version] = train(rows, settings, created=now, version=version)
    return Learnt(directory, models)


def write_decisions(directory: Path, *, rows: int) -> None:
    random = np.random.default_rng(1)
    matrix = random.normal(size=(rows, len(FEATURES))).astype(np.float32)
    fraud = random.random(rows) < 1 / (1 + np.exp(3 - 2 * matrix[:, 0] - matrix[:, 1]))
    when = [START + timedelta(minutes=15 * at) for at in range(rows)]
    about = {
        "signup_id": [f"su_{at}" for at in range(rows)],
        "occurred_at": pa.array(when, pa.timestamp("us", tz="UTC")),
        "account_type": ["research" if at % 5 == 0 else "educational" for at in range(rows)],
        "decision": ["allow"] * rows,
        "score": [0.01] * rows,
    }
    named = {feature.name: matrix[:, at] for at, feature in enumerate(FEATURES)}
    pq.write_table(pa.table({**about, **named}), directory / "v.parquet")
    with (directory / "o.jsonl").open("w") as file:
        for at in np.flatnonzero(fraud).tolist():
            known = (when[at] + timedelta(days=3)).isoformat()
            file.write(json.dumps({"signup_id": f"su_{at}", "label": "fraud", "known_at": known}) + "\n")


@pytest.fixture
def migrated(migrated: Run, learnt: Learnt) -> Run:
    """A migrated database, and a registry that holds the three models; none is active."""
    for each in learnt.models.values():
        each.save(settings_here().model_dir)
    return migrated


def active() -> str | None:
    return registry.active(settings_here().model_dir).version


def entries(subject: str) -> list[AuditEntry]:
    with store_of(settings_here()).begin() as work:
        return list(work.audit.entries(subject=subject))


def test_a_refused_promotion_shows_its_figures_and_changes_nothing_until_two_people_override_it(
    migrated: Run, learnt: Learnt
) -> None:
    assert migrated("model", "promote", "one", *PEOPLE).code == 0

    refused = migrated("model", "promote", "bad", *learnt.on())
    after_refusal = active()
    overridden = migrated("model", "promote", "bad", *learnt.on(), *PEOPLE)

    assert refused.code == 1
    assert "REFUSES  recall" in refused.out
    assert "false positives: champion 0." in refused.out
    assert refused.err.splitlines()[-1].startswith("gatehouse: bad is not promoted: refused by recall")
    assert after_refusal == "one"
    assert overridden.code == 0
    assert active() == "bad"
    entry, refusal = entries("bad")
    assert (refusal.action, refusal.detail["refused_by"][0]) == ("model.promotion_refused", "recall")
    assert (entry.actor, entry.action) == ("Ann", "model.promoted")
    assert "recall" in entry.detail["overridden"]  # type: ignore[operator]  # a list of names
    assert (entry.detail["approved_by"], entry.detail["replaced"]) == ("Ben", "one")


def test_a_challenger_as_good_as_the_champion_is_promoted_and_rolled_back(migrated: Run, learnt: Learnt) -> None:
    assert migrated("model", "promote", "one", *PEOPLE).code == 0

    promoted = migrated("model", "promote", "two", *learnt.on())
    scoring = active()
    back = migrated("model", "rollback")

    assert promoted.code == 0, promoted.out + promoted.err
    assert "REFUSES" not in promoted.out
    assert promoted.out.endswith("two scores now\n")
    assert (scoring, active()) == ("two", "one")
    assert back.out == "one scores again\n"
    assert [entry.action for entry in entries("two")] == ["model.promoted"]
    assert [entry.action for entry in entries("one")] == ["model.rolled_back", "model.promoted"]


def test_gates_asked_without_promoting_leave_what_they_said_beside_the_card(migrated: Run, learnt: Learnt) -> None:
    assert migrated("model", "promote", "one", *PEOPLE).code == 0

    judged = migrated("model", "promote", "two", *learnt.on(), "--judge-only")
    refused = migrated("model", "promote", "bad", *learnt.on())
    good, bad = (judgement_of(settings_here().model_dir, version) for version in ("two", "bad"))
    store = store_of(settings_here())
    promoted = PromoteJudged(store.begin, settings_here().model_dir, CATALOGUE)(
        "two", actor="key:1", now=datetime.now(UTC)
    )
    store.dispose()

    assert (judged.code, refused.code) == (0, 1)
    assert judged.out.endswith("two is judged, not promoted\n")
    assert good is not None
    assert bad is not None
    assert (good.refused_by, good.champion.version) == ((), "one")
    assert good.champion.sha256 == learnt.models["one"].card.model_sha256
    assert good.challenger.sha256 == learnt.models["two"].card.model_sha256
    assert all(figure in judged.out for gate in good.gates for figure in gate.figures)
    assert bad.refused_by[0] == "recall"
    assert good.data_sha256 == bad.data_sha256 == read_dataset(Path(learnt.kept())).sha256()
    assert [entry.action for entry in entries("two")] == ["model.promoted", "model.judged"]
    assert (promoted.version, active()) == ("two", "two")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "--on is needed"),
        (["--judge-only"], 2, "--judge-only goes with --on"),
        (["--override", "--by", "Ann"], 2, "--approved-by"),
        (["--override", "--by", "Ann", "--approved-by", " ann", "--reason", "r"], 1, "two people"),
        (["--override", "--by", "Ann", "--approved-by", "Ben", "--reason", " "], 1, "reason"),
    ],
)
def test_nobody_overrides_alone(migrated: Run, arguments: list[str], code: int, said: str) -> None:
    refused = migrated("model", "promote", "one", *arguments)

    assert refused.code == code
    assert said in refused.err
    assert active() is None


def test_a_slice_too_small_to_judge_promotes_nothing(migrated: Run, learnt: Learnt) -> None:
    pq.write_table(pq.read_table(learnt.kept()).slice(0, 1_000), "small.parquet")

    refused = migrated("model", "promote", "one", "--on", "small.parquet")

    assert refused.code == 1
    assert "too few to judge" in refused.err
    assert active() is None


def test_a_damaged_model_is_refused_whoever_agrees(migrated: Run) -> None:
    file = settings_here().model_dir / "one" / "model.ubj"
    file.write_bytes(file.read_bytes()[:-1])

    refused = migrated("model", "promote", "one", *PEOPLE)

    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "digest" in refused.err
    assert active() is None
    assert entries("one") == []


def test_data_without_a_feature_that_the_model_reads_promote_nothing(migrated: Run, learnt: Learnt) -> None:
    table = pq.read_table(learnt.kept())
    about = json.loads(table.schema.metadata[b"gatehouse.dataset"])
    gone = about["features"].pop(0)["name"]
    fewer = table.drop_columns([gone]).replace_schema_metadata({b"gatehouse.dataset": json.dumps(about).encode()})
    pq.write_table(fewer, "fewer.parquet")

    refused = migrated("model", "promote", "one", "--on", "fewer.parquet")

    assert refused.code == 1
    assert gone in refused.err
    assert active() is None


def test_a_promotion_that_cannot_be_recorded_does_not_happen(
    migrated: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEHOUSE_DATABASE_URL", f"sqlite:///{tmp_path / 'nobody-migrated.db'}")

    refused = migrated("model", "promote", "one", *PEOPLE)

    assert (refused.code, active()) == (1, None)
    assert "db upgrade" in refused.err


def test_a_full_disk_leaves_no_half_of_anything(migrated: Run, learnt: Learnt, monkeypatch: pytest.MonkeyPatch) -> None:
    def files() -> list[Path]:
        return sorted(each for each in Path().rglob("*") if "gatehouse.db" not in each.name)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "disk")

    before, late = files(), learnt.models["one"].card.model_copy(update={"version": "late"})
    data = learnt.on()[1:]
    monkeypatch.setattr(os, "fsync", full)
    trained = migrated("model", "train", "--vectors", *data, "--version", "late", "--dataset-out", "new.parquet")
    with pytest.raises(OSError, match="No space left"):
        replace(learnt.models["one"], card=late).save(settings_here().model_dir)
    promoted = migrated("model", "promote", "one", *PEOPLE)

    assert [each.code for each in (trained, promoted)] == [1, 1]
    assert all("No space left on device" in each.err for each in (trained, promoted))
    assert active() is None
    assert files() == before


def test_a_model_is_rebuilt_from_its_card_to_the_byte_and_from_nothing_else(migrated: Run, learnt: Learnt) -> None:
    place = settings_here().model_dir / "one"

    rebuilt = migrated("model", "rebuild", str(place / "card.json"), "--dataset", learnt.kept(), "--out", "again.ubj")
    absent = migrated("model", "rebuild", "one")
    pq.write_table(pq.read_table(learnt.kept()).slice(1), "fewer.parquet")
    foreign = migrated("model", "rebuild", "one", "--dataset", "fewer.parquet")

    assert rebuilt.code == 0, rebuilt.err
    assert Path("again.ubj").read_bytes() == (place / "model.ubj").read_bytes()
    assert Path("again.ubj").read_bytes() != (place.with_name("two") / "model.ubj").read_bytes()
    assert (absent.code, foreign.code) == (1, 1)
    assert "--dataset" in absent.err
    assert "is not what one learnt from" in foreign.err


def test_a_card_with_other_settings_does_not_come_out_again(migrated: Run, learnt: Learnt) -> None:
    card = learnt.models["one"].card
    Path("card.json").write_bytes(card.model_copy(update={"settings": {**card.settings, "depth": 2}}).to_json())

    refused = migrated("model", "rebuild", "card.json", "--dataset", learnt.kept())

    assert refused.code == 1
    assert "does not come out again" in refused.err


def test_a_card_of_a_later_format_is_refused(migrated: Run, learnt: Learnt) -> None:
    document = json.loads(learnt.models["one"].card.to_json()) | {"format": 2}
    (settings_here().model_dir / "one" / "card.json").write_text(json.dumps(document))

    refused = migrated("model", "promote", "one", *learnt.on())

    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "upgrade first" in refused.err
