"""A data set that was kept is the one that was made, and it is made again when what decides it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from models.reference.events import AnnouncedEvent, AnnouncedEvents
from models.reference.reference import Reference
from models.training.dataset import Dataset, DatasetError, Probes
from models.training.fit import FitSettings
from models.training.replayed import ReplaySettings
from models.training.stored import kept, kept_path, read_dataset, write_dataset
from models.training.train import TrainSettings, train

QUICK = TrainSettings(fit=FitSettings(trees=20, patience=10, threads=1), seed=3)


@pytest.fixture
def whole(dataset: Dataset) -> Dataset:
    """With everything a data set may have."""
    random = np.random.default_rng(1)
    vectors = random.normal(size=(4, 2, 6)).astype(np.float32)
    vectors[0, 0, 3] = np.nan
    return replace(
        dataset,
        labels=np.where(np.arange(len(dataset)) % 7 == 0, -1, dataset.labels).astype(np.int8),
        augmented=np.where(random.random(dataset.matrix.shape) < 0.2, np.nan, dataset.matrix).astype(np.float32),
        held_out=np.arange(len(dataset)) % 5 == 0,
        probes=Probes(("phone", "payment"), np.array([3, 10, 500, 5_999]), vectors),
    )


@pytest.mark.parametrize("whole_one", [True, False])
def test_a_written_data_set_reads_back_the_same(
    whole_one: bool, whole: Dataset, dataset: Dataset, tmp_path: Path
) -> None:
    written = whole if whole_one else dataset
    write_dataset(written, tmp_path / "new" / "data.parquet")

    back = read_dataset(tmp_path / "new" / "data.parquet")

    assert back.sha256() == written.sha256()
    assert back.features == written.features
    assert (back.truth == written.truth).all()
    assert (back.source, back.description) == (written.source, written.description)
    assert {name: column.tolist() for name, column in back.slices.items()} == {
        name: column.tolist() for name, column in written.slices.items()
    }
    assert (back.probes is None) == (written.probes is None)
    if back.probes is not None and written.probes is not None:
        assert back.probes.fields == written.probes.fields
        np.testing.assert_array_equal(back.probes.rows, written.probes.rows)
        np.testing.assert_array_equal(back.probes.vectors, written.probes.vectors)


def test_a_folder_of_parts_reads_back_the_same(whole: Dataset, tmp_path: Path) -> None:
    write_dataset(whole, tmp_path / "parts", part_rows=2_500)

    back = read_dataset(tmp_path / "parts")

    assert sorted(each.name for each in (tmp_path / "parts").iterdir()) == [
        "part-00000.parquet", "part-00001.parquet", "part-00002.parquet"
    ]  # fmt: skip
    assert back.sha256() == whole.sha256()
    assert back.probes is not None
    assert whole.probes is not None
    np.testing.assert_array_equal(back.probes.rows, whole.probes.rows)


def test_parts_partitioned_anew_are_put_in_time_order_and_others_notes_are_left_alone(
    whole: Dataset, tmp_path: Path
) -> None:
    write_dataset(whole, tmp_path / "one.parquet")
    table = pq.read_table(tmp_path / "one.parquet")
    for name, first in (("week=2", 0), ("week=1", 4_000)):
        (tmp_path / "parts" / name).mkdir(parents=True)
        pq.write_table(table.slice(first, 4_000), tmp_path / "parts" / name / "rows.parquet")
    (tmp_path / "parts" / "_SUCCESS").write_text("")
    (tmp_path / "parts" / "_delta" / "log.parquet").parent.mkdir()
    (tmp_path / "parts" / "_delta" / "log.parquet").write_text("not ours")

    back = read_dataset(tmp_path / "parts")

    assert back.sha256() == whole.sha256()
    assert back.probes is not None
    assert whole.probes is not None
    np.testing.assert_array_equal(back.probes.vectors, whole.probes.vectors)


def test_a_folder_that_is_no_data_set_is_refused(whole: Dataset, dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_dataset(whole, tmp_path / "mixed")
    write_dataset(dataset, tmp_path / "mixed" / "other.parquet")

    with pytest.raises(DatasetError, match=r"empty holds no \.parquet file"):
        read_dataset(tmp_path / "empty")
    with pytest.raises(DatasetError, match=r"different data sets: other\.parquet and part-00000\.parquet"):
        read_dataset(tmp_path / "mixed")
    with pytest.raises(DatasetError, match="mixed is not empty"):
        write_dataset(dataset, tmp_path / "mixed")


def test_a_data_set_read_back_trains_the_same_bytes(whole: Dataset, tmp_path: Path) -> None:
    created = datetime(2026, 11, 1, tzinfo=UTC)
    write_dataset(whole, tmp_path / "parts", part_rows=999)

    first, again = (train(each, QUICK, created=created) for each in (whole, read_dataset(tmp_path / "parts")))

    assert first.model == again.model
    assert first.card == again.card


def test_probes_follow_their_rows(whole: Dataset) -> None:
    taken = whole.take(np.array([10, 4, 3]))

    assert taken.probes is not None
    assert taken.probes.rows.tolist() == [0, 2]
    assert whole.probes is not None
    np.testing.assert_array_equal(taken.probes.vectors, whole.probes.vectors[[1, 0]])
    assert whole.take(np.array([1, 2])).probes.rows.tolist() == []  # type: ignore[union-attr]
    assert whole.without_features(["f0"]).probes.vectors.shape == (4, 2, 5)  # type: ignore[union-attr]


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"hello")

    with pytest.raises(DatasetError, match=r"x\.parquet"):
        read_dataset(tmp_path / "x.parquet")


def test_a_kept_data_set_is_made_once(dataset: Dataset, tmp_path: Path) -> None:
    made: list[Dataset] = []

    def make() -> Dataset:
        made.append(dataset)
        return dataset

    first, second = (kept(tmp_path / "kept.parquet", make) for _ in range(2))
    kept(None, make)

    assert len(made) == 2
    assert first.sha256() == second.sha256()
    assert [each.name for each in tmp_path.iterdir()] == ["kept.parquet"]


def test_what_decides_a_replay_decides_where_it_is_kept(tmp_path: Path, reference: Reference) -> None:
    event = AnnouncedEvent("release", datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC), 3.0)
    with_events = replace(reference, events=AnnouncedEvents([event]))
    signups, truth = tmp_path / "week.jsonl", tmp_path / "week.truth.jsonl"
    signups.write_text("a\n")
    truth.write_text("b\n")
    plain = kept_path(tmp_path, signups, ReplaySettings(), reference)

    again = kept_path(tmp_path, signups, ReplaySettings(), reference)
    other_settings = kept_path(tmp_path, signups, ReplaySettings(omission_rate=0.0), reference)
    other_reference = kept_path(tmp_path, signups, ReplaySettings(), with_events)
    truth.write_text("c\n")
    other_truth = kept_path(tmp_path, signups, ReplaySettings(), reference)

    assert plain == again
    assert len({plain, other_settings, other_reference, other_truth}) == 4
    assert kept_path(None, signups, ReplaySettings(), reference) is None
    with pytest.raises(DatasetError, match=r"none\.jsonl|none\.truth"):
        kept_path(tmp_path, tmp_path / "none.jsonl", ReplaySettings(), reference)
