"""Learning from the command line: what was decided is exported and trained on, worlds are trained on and swept."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.features.catalogue import FEATURES
from models.simulation.files import read_signups, write_signups
from models.simulation.world import simulate
from service.app import compose, request_fingerprint
from service.cli.context import settings_here
from service.domain.caller import Caller, Scope

Run = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("few_trees")
START = datetime(2026, 1, 5, tzinfo=UTC)


def table(path: Path, rows: int = 4_000, **columns: Any) -> Path:
    """Rows that can be learnt from: the first two features tell."""
    random = np.random.default_rng(1)
    matrix = random.normal(size=(rows, len(FEATURES))).astype(np.float32)
    fraud = random.random(rows) < 1 / (1 + np.exp(3 - 2 * matrix[:, 0] - matrix[:, 1]))
    named = {feature.name: matrix[:, at] for at, feature in enumerate(FEATURES)}
    when = [START + timedelta(minutes=30 * at) for at in range(rows)]
    about = {
        "signup_id": [f"su_{at}" for at in range(rows)],
        "occurred_at": pa.array(when, pa.timestamp("us", tz="UTC")),
        "account_type": ["research" if at % 5 == 0 else "educational" for at in range(rows)],
        "decision": ["allow"] * rows,
        "score": [0.01] * rows,
    }
    pq.write_table(pa.table({**about, **named, **columns}), path)
    with path.with_name("outcomes.jsonl").open("w") as file:
        for at in np.flatnonzero(fraud).tolist():
            known = (when[at] + timedelta(days=3)).isoformat()
            file.write(json.dumps({"signup_id": f"su_{at}", "label": "fraud", "known_at": known}) + "\n")
    return path


@pytest.fixture
def decided(migrated: Run, tmp_path: Path) -> list[str]:
    """A database in which two hours of sign-ups were decided on and one was only recorded."""
    world = tmp_path / "world.jsonl"
    assert migrated("simulate", "--days", "0.3", "--honest-per-day", "60", "--seed", "3", "--out", str(world)).code == 0
    application = compose(settings_here())
    caller = Caller(owner="default", key_id="test", scopes=frozenset({Scope.SIGNUPS}))
    signups = list(read_signups(world))
    for signup in signups[1:]:
        fingerprint = request_fingerprint(application.pseudonyms, "POST", "/v1/signups", signup.signup_id.encode())
        application.assess(signup, caller=caller, now=signup.occurred_at, fingerprint=fingerprint)
    application.store.dispose()
    line = world.read_text().splitlines()[0]
    (tmp_path / "one.jsonl").write_text(line + "\n")
    assert migrated("signups", "import", str(tmp_path / "one.jsonl")).code == 0
    return [signup.signup_id for signup in signups[1:]]


def test_decisions_are_exported_without_personal_data(run: Run, decided: list[str], tmp_path: Path) -> None:
    exported = run("signups", "export", "--vectors", str(tmp_path / "v.parquet"))

    found = pq.read_table(tmp_path / "v.parquet")
    assert exported.code == 0
    assert exported.out.startswith(f"{len(decided)} vectors in")
    assert "1 sign-ups left out: recorded without a decision" in exported.err
    assert sorted(found["signup_id"].to_pylist()) == sorted(decided)
    assert set(found.column_names) == {
        "signup_id",
        "occurred_at",
        "account_type",
        "decision",
        "score",
        "propensity",
        *(feature.name for feature in FEATURES),
    }
    assert found["score"].null_count == 0


def test_recorded_decisions_train_and_the_report_is_written(run: Run, tmp_path: Path) -> None:
    vectors = table(tmp_path / "v.parquet")
    arguments = ["--vectors", str(vectors), "--outcomes", str(tmp_path / "outcomes.jsonl"), "--until", "2026-12-31"]

    trained = run("model", "train", *arguments, "--version", "mine", "--report", str(tmp_path / "report.html"))

    assert trained.code == 0, trained.err
    assert "recorded decisions" in trained.out
    assert "honest_step_up_or_worse" in trained.out
    assert "<svg" in (tmp_path / "report.html").read_text()
    assert "mine" in run("model", "list").out


def test_an_outcome_too_late_for_the_cut_off_trains_nothing(run: Run, tmp_path: Path) -> None:
    vectors = table(tmp_path / "v.parquet", rows=200)

    refused = run(
        "model", "train", "--vectors", str(vectors), "--outcomes", str(tmp_path / "outcomes.jsonl"),
        "--until", "2026-01-06",
    )  # fmt: skip

    assert refused.code == 1
    assert "no row has a known outcome" in refused.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "--signups, --from-decisions, --vectors, --dataset or --table"),
        (["--vectors", "v.parquet", "--dataset", "v.parquet"], 2, "one source"),
        (["--dataset", "v.parquet", "--dataset-out", "w.parquet"], 2, "--dataset-out goes with"),
        (["--dataset", "v.parquet"], 1, "v.parquet is not a data set that this program wrote"),
        (["--vectors", "v.parquet"], 2, "--outcomes"),
        (["--vectors", "v.parquet", "--table", "v.parquet"], 2, "one source"),
        (["--vectors", "v.parquet", "--outcomes", "outcomes.jsonl", "--scheduler", "h:1"], 2, "--engine dask"),
        (["--vectors", "v.parquet", "--outcomes", "outcomes.jsonl", "--engine", "dask"], 2, "--scheduler"),
        (["--vectors", "v.parquet", "--outcomes", "v.parquet"], 1, "v.parquet"),
    ],
)
def test_what_is_missing_is_named(run: Run, tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    table(tmp_path / "v.parquet", rows=50)

    refused = run("model", "train", *arguments)

    assert refused.code == code
    assert said in refused.err


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some five hundred sign-ups, as ``gatehouse simulate`` writes them."""
    file = tmp_path_factory.mktemp("world") / "world.jsonl"
    start = datetime(2026, 8, 17, tzinfo=UTC)
    write_signups(file, simulate(days=3, seed=3, start=start, honest_per_day=120, prevalence=0.3))
    return file


def test_a_kind_that_is_not_there_cannot_be_held_out(run: Run, world: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    refused = run("model", "train", "--signups", str(world), "--hold-out", "A99", "--cache", str(cache))

    assert refused.code == 1
    assert "A99 cannot be held out" in refused.err
    assert len(list(cache.iterdir())) == 1


def test_a_world_is_replayed_once_and_then_trained_on_swept_and_judged(run: Run, world: Path, tmp_path: Path) -> None:
    cache = ["--cache", str(tmp_path / "cache")]

    trained = run(
        "model", "train", "--signups", str(world), "--judged-on", str(world), "--hold-out", "A1", *cache,
        "--version", "small", "--report", str(tmp_path / "r.html"),
    )  # fmt: skip
    swept = run("model", "sweep", "--signups", str(world), "--family", "A1", *cache)
    judged = run("model", "evaluate", "--signups", str(world), "--model", "small", *cache)

    assert (trained.code, swept.code, judged.code) == (0, 0, 0), trained.err + swept.err + judged.err
    assert "linkage_lift" in trained.out
    assert "replaying" not in swept.err + judged.err
    assert swept.out.startswith("recall of each attack family")
    assert "accounts_let_in_before_first_stop_median" in judged.out
    assert "A1 crude script, held out" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("name", ["kept.parquet", "kept"])
def test_a_kept_data_set_trains_the_same_model_to_the_byte_and_is_judged_on(
    run: Run, world: Path, tmp_path: Path, name: str
) -> None:
    kept, models = tmp_path / name, tmp_path / "models"
    shared = ["--judged-on", str(world), "--cache", str(tmp_path / "cache"), "--out", str(models)]

    first = run(
        "model", "train", "--signups", str(world), "--hold-out", "A1", "--dataset-out", str(kept), *shared,
        "--version", "first",
    )  # fmt: skip
    again = run("model", "train", "--dataset", str(kept), *shared, "--version", "again")
    other = run("model", "train", "--dataset", str(kept), "--hold-out-nothing", *shared, "--version", "other")
    judged = run("model", "evaluate", "--dataset", str(kept), "--model", "baseline")
    absent = run("model", "train", "--dataset", str(kept), "--hold-out", "A99")

    assert (first.code, again.code, other.code, judged.code) == (0, 0, 0, 0), first.err + again.err + judged.err
    assert _model(models / "again") == _model(models / "first")
    assert _figures(models / "again") == _figures(models / "first")
    assert _model(models / "other") != _model(models / "first")
    assert "accounts_let_in_before_first_stop_median" in judged.out
    assert "A99 cannot be held out" in absent.err


def test_a_folder_with_files_in_it_is_refused_before_anything_is_replayed(
    run: Run, world: Path, tmp_path: Path
) -> None:
    refused = run("model", "train", "--signups", str(world), "--dataset-out", str(tmp_path))

    assert refused.code == 1
    assert "is not empty" in refused.err
    assert "replaying" not in refused.err


def _model(place: Path) -> bytes:
    return (place / "model.ubj").read_bytes()


def _figures(place: Path) -> Any:
    card = json.loads((place / "card.json").read_text())
    return {name: value for name, value in card.items() if name not in ("version", "created", "card_sha256")}
