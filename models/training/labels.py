"""Labels as they come: who said what of a sign-up, how well it is known, and what a model may learn from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal  # Any: a line is an untyped document until it is checked

from models.training.dataset import DatasetError
from models.whole_files import written_whole

SMALLEST_PROPENSITY = 0.05
"""A row stands for twenty at most: rarer explorations would let a single person decide a figure."""


class Grade(StrEnum):
    """How well a label is known."""

    CONFIRMED = "A"
    """Two reviewers agree, a partner or a court confirms, or it was admitted; of a good one: cleared or long proven."""

    EVIDENCED = "B"
    """One reviewer with evidence of the cluster, or a ban that was upheld."""

    REPORTED = "C"
    """A chargeback with a fraud code, a card reported stolen."""

    CONTAINED = "D"
    """Contained with its whole cluster; nobody looked at the account itself."""

    FAILED_CHALLENGE = "E"
    """A challenge failed or was abandoned: a feature, never a label."""


GRADE_WEIGHTS: Mapping[Grade, float] = {
    Grade.CONFIRMED: 1.0,
    Grade.EVIDENCED: 0.8,
    Grade.REPORTED: 0.7,
    Grade.CONTAINED: 0.4,
    Grade.FAILED_CHALLENGE: 0.0,
}


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What one source said of one sign-up.

    Attributes:
        source: who said it, such as ``reviewers`` or ``chargebacks``.
        known_at: when it became known.
        confidence: the source's own, 0 to 1.
        propensity: the chance with which the sign-up was let in when it would otherwise have been stopped, so that
            it stands for those that were; ``None`` for one that was let in anyway.
        cluster: the contained cluster that it was labelled with.
        keys: by kind (``institution``, ``network``), the digest that a flood of labels would share.
        superseded: a later label of the same source took its place.
        rank: of labels that are known equally well, that of the lowest rank counts: whose word goes first.
    """

    signup_id: str
    label: Literal["fraud", "legitimate"]
    source: str
    grade: Grade
    known_at: datetime
    confidence: float = 1.0
    propensity: float | None = None
    cluster: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    superseded: bool = False
    rank: int = 0

    @property
    def weight(self) -> float:
        """What it weighs in training, before its source's trust."""
        return GRADE_WEIGHTS[self.grade] * self.confidence

    @property
    def stands_for(self) -> float:
        """How many sign-ups it stands for."""
        return stands_for(self.propensity)


def stands_for(propensity: float | None) -> float:
    """How many sign-ups one stands for that was let in with a chance; ``None`` is one that nobody drew."""
    return 1.0 if propensity is None else 1.0 / max(propensity, SMALLEST_PROPENSITY)


_WANTED = 'write {"signup_id": "...", "label": "fraud" or "legitimate", "known_at": "2026-01-31T12:00:00Z"}'
_FURTHER = {"source", "grade", "confidence", "propensity", "cluster", "keys", "superseded", "rank"}


def read_labels(path: Path, *, known_by: datetime) -> Iterator[LabelRow]:
    """Labels known by an instant, from JSON lines; a line without a grade is taken as confirmed.

    Raises:
        DatasetError: a line that is none, with its number.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    row = _row(line, f"{path.name}, line {number}")
                    if row.known_at <= known_by:
                        yield row
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path.name} cannot be read: {error}") from error


def write_labels(rows: Iterable[LabelRow], path: Path) -> int:
    """Write labels as ``read_labels`` reads them; returns how many."""
    written = 0
    with written_whole(path) as beside, beside.open("w", encoding="utf-8") as file:
        for row in rows:
            document = asdict(row) | {"grade": row.grade.value, "known_at": row.known_at.isoformat()}
            file.write(json.dumps(document) + "\n")
            written += 1
    return written


def _row(line: str, where: str) -> LabelRow:
    try:
        document = json.loads(line)
        known_at = datetime.fromisoformat(document["known_at"])
        further = {name: document[name] for name in _FURTHER & set(document)}
        row = LabelRow(
            signup_id=document["signup_id"],
            label=document["label"],
            known_at=known_at,
            **{"source": "outcomes", **further, "grade": Grade(further.get("grade", Grade.CONFIRMED))},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{where} is no outcome: {_WANTED}") from error
    if not _sound(row):
        raise DatasetError(f"{where} is no outcome: {_WANTED}")
    return row


def _sound(row: LabelRow) -> bool:
    return (
        row.label in ("fraud", "legitimate")
        and isinstance(row.signup_id, str)
        and isinstance(row.source, str)
        and row.known_at.tzinfo is not None
        and _share(row.confidence)
        and (row.propensity is None or (_share(row.propensity) and row.propensity > 0))
        and isinstance(row.cluster, str | None)
        and isinstance(row.keys, dict)
        and isinstance(row.rank, int)
    )


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1
