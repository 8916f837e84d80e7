"""A data set from recorded decisions: the vectors as they were logged, joined with outcomes known by a cut-off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal  # Any: pyarrow ships no types; a line is an untyped document until it is checked

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # the same
from numpy.typing import NDArray

from models.card import DataSource, FeatureEntry
from models.features.catalogue import FEATURES
from models.training.dataset import Dataset, DatasetError
from models.training.influence import SOURCE
from models.training.labels import LabelRow, read_labels, stands_for
from models.training.progress import Progress, silent
from models.training.replayed import MATURITY
from models.whole_files import written_whole

_ABOUT = ("signup_id", "occurred_at", "account_type", "decision", "score")
_FURTHER = ("propensity",)
"""What exports of earlier releases lack."""
_PAGE = 10_000

WIDELY_LOGGED = 0.5
"""A feature that fewer rows logged is too young to learn from yet; rows that lack an older one are left out."""


@dataclass(frozen=True, slots=True)
class RecordedRow:
    """One decision as it was logged.

    Attributes:
        features: the names of the vector's entries, as the release that logged it had them.
        vector: float32; missing is NaN.
        propensity: the chance with which it was let in when it would otherwise have been stopped, so that it stands
            for those that were; ``None`` for one whose decision nobody drew.
    """

    signup_id: str
    occurred_at: datetime
    account_type: str
    decision: str
    score: float | None
    features: tuple[str, ...]
    vector: NDArray[np.float32]
    propensity: float | None = None

    @property
    def stands_for(self) -> float:
        """How many sign-ups it stands for by its own draw."""
        return stands_for(self.propensity)

    @classmethod
    def of_bytes(cls, vector: bytes, *, features: tuple[str, ...], **about: Any) -> RecordedRow:
        """From the logged bytes (float32, little-endian).

        Raises:
            DatasetError: the bytes do not hold as many numbers as features are named.
        """
        if len(vector) != 4 * len(features):
            raise DatasetError(f"a vector of {len(vector)} bytes does not hold {len(features)} features")
        return cls(features=features, vector=np.frombuffer(vector, "<f4").astype(np.float32), **about)


@dataclass(frozen=True, slots=True)
class KnownOutcome:
    """What somebody said of a sign-up, and when that was known.

    Attributes:
        weight: how far the label is trusted, above 0 up to 1.
        stands_for: how many sign-ups this one stands for; see ``models.training.labels.LabelRow``.
        source: who said it.
    """

    label: Literal["fraud", "legitimate"]
    known_at: datetime
    weight: float = 1.0
    stands_for: float = 1.0
    source: str = ""

    @classmethod
    def of_label(cls, row: LabelRow, weight: float) -> KnownOutcome:
        """Of a label that the guards let through, with what it weighs."""
        return cls(row.label, row.known_at, weight, row.stands_for, row.source)


def recorded_dataset(
    rows: Iterable[RecordedRow],
    outcomes: Mapping[str, KnownOutcome],
    *,
    description: str,
    known_by: datetime,
    doubted: Collection[str] = (),
    survivors_count: bool = True,
    survivor_weight: float = 1.0,
    ripening: timedelta = MATURITY,
    progress: Progress = silent,
) -> Dataset:
    """Join logged vectors with the outcomes known by ``known_by``.

    A sign-up that was let in and of which nobody said anything for the time of ``ripening`` counts as legitimate,
    exactly as in a replay, with ``survivor_weight``; without ``survivors_count`` it does not, because survival proves
    little: then somebody must have said so. Those who are ``doubted`` do not survive. One that was not let in counts
    only where somebody found out: nothing is inferred of those whom nobody saw. Nobody's operator is known, so that no
    rows are kept together.

    Raises:
        DatasetError: no rows, or an outcome of a sign-up that was never recorded.
    """
    taken: list[RecordedRow] = []
    for row in rows:
        taken.append(row)
        progress("reading decisions", len(taken), None)
    taken.sort(key=lambda row: row.occurred_at)
    strangers = sorted(set(outcomes) - {row.signup_id for row in taken})
    if strangers:
        raise DatasetError(
            f"{len(strangers):,} outcomes are of sign-ups without a logged vector, the first is {strangers[0]}: "
            "export the vectors of the whole time that the outcomes cover"
        )
    names = _widely_logged(taken)
    taken = [row for row in taken if set(names) <= set(row.features)]
    known = [outcomes.get(row.signup_id) for row in taken]
    labels = np.array(
        [
            _label(
                row,
                outcome,
                known_by - ripening,
                known_by,
                survivors_count=survivors_count and row.signup_id not in doubted,
            )
            for row, outcome in zip(taken, known, strict=True)
        ],
        np.int8,
    )
    sources = np.array(["" if each is None else each.source for each in known], np.str_)
    directions = {each.name: int(each.direction) for each in FEATURES}
    return Dataset(
        features=tuple(FeatureEntry(name=name, direction=_sign(directions.get(name, 0))) for name in names),
        matrix=np.stack([_ordered(row, names) for row in taken]),
        labels=labels,
        truth=labels,
        times=np.array([row.occurred_at.astimezone(UTC).replace(tzinfo=None) for row in taken], "datetime64[us]"),
        entities=np.full(len(taken), -1, np.int64),
        source=DataSource.RECORDED,
        description=description,
        slices={
            "account type": np.array([row.account_type for row in taken]),
            "decision": np.array([row.decision for row in taken]),
            **({SOURCE: sources} if (sources != "").any() else {}),
        },
        weights=_unless_all_one([survivor_weight if each is None else each.weight for each in known]),
        stands_for=_unless_all_one(
            [
                max(row.stands_for, 1.0 if each is None else each.stands_for)
                for row, each in zip(taken, known, strict=True)
            ]
        ),
    )


def _unless_all_one(column: list[float]) -> NDArray[np.float64] | None:
    values = np.array(column, np.float64)
    return None if (values == 1.0).all() else values


def write_rows(rows: Iterable[RecordedRow], path: Path) -> int:
    """Write logged decisions as Parquet; returns how many. Null is "not logged", NaN is "missing when logged"."""
    pages = list(_pages(rows))
    names = sorted({name for page in pages for name in page.column_names} - {*_ABOUT, *_FURTHER})
    schema = pa.schema(
        [
            ("signup_id", pa.string()),
            ("occurred_at", pa.timestamp("us", tz="UTC")),
            ("account_type", pa.string()),
            ("decision", pa.string()),
            ("score", pa.float64()),
            ("propensity", pa.float64()),
            *((name, pa.float32()) for name in names),
        ]
    )
    table = pa.concat_tables([schema.empty_table(), *pages], promote_options="default").select(schema.names)
    with written_whole(path) as beside:
        pq.write_table(table.cast(schema), beside, compression="zstd")
    return int(table.num_rows)


def read_rows(path: Path) -> Iterator[RecordedRow]:
    """What ``write_rows`` wrote.

    Raises:
        DatasetError: the file is no such export.
    """
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DatasetError(f"{path.name} is not a readable Parquet file: {error}") from error
    absent = [name for name in _ABOUT if name not in file.schema_arrow.names]
    if absent:
        raise DatasetError(f"{path.name} has no column {', '.join(absent)}: make it with `gatehouse signups export`")
    further = [name for name in _FURTHER if name in file.schema_arrow.names]
    names = [name for name in file.schema_arrow.names if name not in (*_ABOUT, *_FURTHER)]
    for page in file.iter_batches(_PAGE):
        logged = np.stack([page[name].is_valid().to_numpy(zero_copy_only=False) for name in names], axis=1)
        values = np.stack([page[name].to_numpy(zero_copy_only=False).astype(np.float32) for name in names], axis=1)
        for at, about in enumerate(page.select([*_ABOUT, *further]).to_pylist()):
            features = tuple(name for name, there in zip(names, logged[at], strict=True) if there)
            yield RecordedRow(**about, features=features, vector=values[at][logged[at]])


def ids_of(path: Path) -> frozenset[str]:
    """The names of the sign-ups in what ``write_rows`` wrote."""
    return frozenset(pq.read_table(path, columns=["signup_id"])["signup_id"].to_pylist())


def read_outcomes(path: Path, *, known_by: datetime) -> dict[str, KnownOutcome]:
    """Outcomes from JSON lines of ``signup_id``, ``label`` and ``known_at``; of several the last known one counts.

    Whoever said it and however well it is known: ``models.training.guards`` weighs them.

    Raises:
        DatasetError: a line that is none, with its number.
    """
    found: dict[str, KnownOutcome] = {}
    for row in read_labels(path, known_by=known_by):
        earlier = found.get(row.signup_id)
        if not row.superseded and (earlier is None or earlier.known_at <= row.known_at):
            found[row.signup_id] = KnownOutcome(row.label, row.known_at)
    return found


def _widely_logged(rows: list[RecordedRow]) -> tuple[str, ...]:
    """The features to learn from, in the order of the newest row's vector."""
    if not rows:
        raise DatasetError("there are no recorded decisions with a logged vector")
    counts: Counter[tuple[str, ...]] = Counter(row.features for row in rows)
    logged: Counter[str] = Counter()
    for features, count in counts.items():
        logged.update(dict.fromkeys(features, count))
    enough = {name for name, count in logged.items() if count >= WIDELY_LOGGED * len(rows)}
    ordered = dict.fromkeys(name for row in (rows[-1], *rows) for name in row.features if name in enough)
    catalogue = [feature.name for feature in FEATURES]
    return tuple(sorted(ordered, key=lambda name: catalogue.index(name) if name in catalogue else len(catalogue)))


def _label(
    row: RecordedRow, outcome: KnownOutcome | None, ripe_until: datetime, known_by: datetime, *, survivors_count: bool
) -> int:
    if row.occurred_at > ripe_until:
        return -1
    if outcome is not None and outcome.known_at <= known_by:
        return int(outcome.label == "fraud")
    return 0 if survivors_count and row.decision == "allow" else -1


def _ordered(row: RecordedRow, names: tuple[str, ...]) -> NDArray[np.float32]:
    if row.features == names:
        return row.vector
    place = {name: at for at, name in enumerate(row.features)}
    ordered: NDArray[np.float32] = row.vector[[place[name] for name in names]]
    return ordered


def _sign(direction: int) -> Literal[-1, 0, 1]:
    return 0 if direction == 0 else 1 if direction > 0 else -1


def _pages(rows: Iterable[RecordedRow]) -> Iterator[Any]:
    """Tables of rows that logged the same features, so that a feature a row never had stays null."""
    page: list[RecordedRow] = []
    for row in rows:
        if page and (row.features != page[0].features or len(page) == _PAGE):
            yield _page(page)
            page = []
        page.append(row)
    if page:
        yield _page(page)


def _page(rows: list[RecordedRow]) -> Any:
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in (*_ABOUT, *_FURTHER)}
    for name in ("score", *_FURTHER):
        columns[name] = pa.array(columns[name], pa.float64())
    columns["occurred_at"] = pa.array(columns["occurred_at"], pa.timestamp("us", tz="UTC"))
    matrix = np.stack([row.vector for row in rows])
    columns.update({name: pa.array(matrix[:, at]) for at, name in enumerate(rows[0].features)})
    return pa.table(columns)
