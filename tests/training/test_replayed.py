"""A data set by replay holds what the service would have seen, and only what was known of the outcomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from models.features.catalogue import FEATURES
from models.linkage.memory import MemoryHistory
from models.reference.reference import Reference
from models.replay import KnownFeed, replay
from models.simulation.files import write_signups
from models.simulation.imperfect import imperfect
from models.simulation.truth import Outcome, SimulatedSignup, Truth
from models.simulation.world import simulate
from models.training.dataset import Dataset, DatasetError
from models.training.omission import OMISSIONS, omit_at_random
from models.training.pipeline import dataset_of_files
from models.training.replayed import MATURITY, ReplaySettings, becoming_known, dataset_of, label_known_by

DAY = timedelta(days=1)
START = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> list[SimulatedSignup]:
    return list(simulate(days=1, seed=3, start=START, honest_per_day=150, prevalence=0.2))


@pytest.fixture(scope="module")
def replayed(world: list[SimulatedSignup], reference: Reference) -> Dataset:
    return dataset_of(world, reference=reference, settings=ReplaySettings(), description="a small world")


def truth(**changes: object) -> Truth:
    plain = Truth(
        signup_id="su_1",
        fraud=True,
        kind="A1",
        operator="op",
        group=None,
        build="b",
        overlays=(),
        decision="allow",
        let_in=True,
        outcome=None,
    )
    return replace(plain, **changes)


def test_the_vectors_are_those_of_the_replay(
    world: list[SimulatedSignup], reference: Reference, replayed: Dataset
) -> None:
    signups = [each.signup for each in world]

    with_gaps = imperfect(reference, ReplaySettings().gaps_seed or 0)
    feed = KnownFeed()
    for number, each in enumerate(world, start=1):
        for known in becoming_known(each.truth, number):
            feed.add(known)
    replaying = replay(signups, reference=with_gaps, history=MemoryHistory(), feed=feed)
    expected = [row.vector for row in replaying]

    np.testing.assert_array_equal(replayed.matrix, np.stack(expected))
    assert replayed.names == tuple(feature.name for feature in FEATURES)
    assert [each.direction for each in replayed.features] == [int(feature.direction) for feature in FEATURES]


def test_the_model_sees_lists_with_gaps_and_the_service_whole_ones(
    world: list[SimulatedSignup], reference: Reference, replayed: Dataset
) -> None:
    signups = [each.signup for each in world]
    academic = replayed.names.index("email_academic")

    whole = np.stack([row.vector for row in replay(signups, reference=reference, history=MemoryHistory())])

    missing = whole[:, academic].sum() - replayed.matrix[:, academic].sum()
    assert 0 < missing < 0.3 * whole[:, academic].sum()


def test_a_variant_of_a_family_is_held_out_by_its_own_name(replayed: Dataset) -> None:
    rows = np.arange(len(replayed))
    kinds = np.where(rows < 20, "A3", "H1")
    variants = np.select([rows < 10, rows < 20], ["A3-aligned", "A3-crossed"], "H1")
    dataset = replace(replayed, slices={**replayed.slices, "kind": kinds, "variant": variants})

    aligned, family = dataset.holding_out(["A3-aligned"]), dataset.holding_out(["A3"])

    assert aligned.held_out is not None
    assert family.held_out is not None
    assert (aligned.held_out == (rows < 10)).all()
    assert aligned.held_out_names() == ("A3-aligned",)
    assert (family.held_out == (rows < 20)).all()
    assert family.held_out_names() == ("A3",)


def test_augmentation_changes_vectors_but_never_the_history(replayed: Dataset) -> None:
    assert replayed.augmented is not None
    changed = (~np.isclose(replayed.matrix, replayed.augmented, equal_nan=True)).any(axis=1)

    assert 0.6 < changed.mean() < 1.0
    # What others left behind is read as before wherever the field that carries it is still there.
    device = replayed.names.index("device_signups_24h")
    kept = ~np.isnan(replayed.augmented[:, device])
    np.testing.assert_array_equal(replayed.augmented[kept, device], replayed.matrix[kept, device])


def test_both_classes_lose_fields_at_the_same_rate(world: list[SimulatedSignup]) -> None:
    signup = next(each.signup for each in world if each.signup.phone and each.signup.device.device_id)
    random = np.random.default_rng(1)

    thinned = [omit_at_random(signup, rate=0.1, random=random) or signup for _ in range(2_000)]

    assert np.mean([each.phone is None for each in thinned]) == pytest.approx(0.1, abs=0.03)
    assert np.mean([each.device.device_id is None for each in thinned]) == pytest.approx(0.1, abs=0.03)
    assert omit_at_random(signup, rate=0.0, random=random) is None


@pytest.mark.parametrize("omission", OMISSIONS, ids=lambda omission: omission.field)
def test_every_omission_leaves_a_valid_signup_without_its_field(world: list[SimulatedSignup], omission: object) -> None:
    dropped = [OMISSIONS[OMISSIONS.index(omission)].drop(each.signup) for each in world]  # type: ignore[arg-type]

    for before, after in zip(world, dropped, strict=True):
        assert after.signup_id == before.signup.signup_id
        assert OMISSIONS[OMISSIONS.index(omission)].drop(after) == after  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "age", "label"),
    [
        (truth(outcome=Outcome("fraud", START + DAY)), 60 * DAY, 1),
        (truth(outcome=Outcome("fraud", START + 70 * DAY)), 60 * DAY, 0),
        (truth(outcome=Outcome("fraud", START + DAY, START + 5 * DAY)), 60 * DAY, 0),
        (truth(outcome=Outcome("fraud", START + DAY, START + 70 * DAY)), 60 * DAY, 1),
        (truth(outcome=Outcome("legitimate", START + DAY)), 60 * DAY, 0),
        (truth(outcome=None), 60 * DAY, 0),
        (truth(outcome=None), MATURITY - DAY, -1),
        (truth(outcome=Outcome("fraud", START + DAY)), MATURITY - DAY, -1),
        (truth(let_in=False), 60 * DAY, -1),
    ],
)
def test_a_label_is_what_was_known_when_the_data_were_taken(told: Truth, age: timedelta, label: int) -> None:
    assert label_known_by(told, START, START + age) == label


def test_the_truth_is_kept_apart_from_the_labels(world: list[SimulatedSignup], replayed: Dataset) -> None:
    assert replayed.truth.tolist() == [int(each.truth.fraud) for each in world]
    assert (replayed.labels != replayed.truth).any()


def test_operators_are_entities_and_held_out_kinds_are_marked(world: list[SimulatedSignup], replayed: Dataset) -> None:
    operators = {each.truth.operator for each in world if each.truth.operator}
    kinds = np.array([each.truth.kind for each in world])

    assert len(set(replayed.entities[replayed.truth == 1].tolist())) == len(operators)
    assert replayed.held_out is not None
    assert set(kinds[replayed.held_out].tolist()) <= {*ReplaySettings().hold_out, "A3"}


def test_a_file_gives_the_same_data_set_twice(
    world: list[SimulatedSignup], reference: Reference, replayed: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "world.jsonl.zst"
    write_signups(path, world)

    assert dataset_of_files(signups=path, reference=reference).sha256() == replayed.sha256()


def test_files_that_cannot_be_replayed_say_why(
    world: list[SimulatedSignup], reference: Reference, tmp_path: Path
) -> None:
    path = tmp_path / "world.jsonl"
    with pytest.raises(DatasetError, match=r"world\.jsonl"):
        dataset_of_files(signups=path, reference=reference)

    write_signups(path, world[::-1])
    with pytest.raises(DatasetError, match="not in time order"):
        dataset_of_files(signups=path, reference=reference)

    path.write_text("{]\n")
    with pytest.raises(DatasetError, match="damaged"):
        dataset_of_files(signups=path, reference=reference)

    write_signups(path, [])
    with pytest.raises(DatasetError, match="no sign-ups"):
        dataset_of_files(signups=path, reference=reference)
