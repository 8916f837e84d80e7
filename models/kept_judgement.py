"""The newest judgement of a version, kept beside its card: gate by gate, against which champion, on which data.

Gates read whole data sets, so they are asked where the training libraries are; what they said is read where models
are promoted. It names the models by digest, so that it speaks for these files and no others.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from models.card import Card, Sha256, Version
from models.whole_files import written_whole

JUDGEMENT_FILE = "judgement.json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JudgedModel(_Part):
    """A model by its name and the digest of its file."""

    version: Version
    sha256: Sha256

    @classmethod
    def of(cls, card: Card) -> JudgedModel:
        """The model that a card describes."""
        return cls(version=card.version, sha256=card.model_sha256)


class KeptGate(_Part):
    """One gate: whether it held, and the figures as they were shown."""

    name: str
    holds: bool
    figures: tuple[str, ...]


class KeptJudgement(_Part):
    """All gates of one comparison.

    ``judged_on`` is the kind of data in words; its digest is that of the whole data set, of which the newest slice
    that was new to both models was judged: ``rows``, ``fraud`` of them fraud.
    """

    format: Literal[1] = 1
    challenger: JudgedModel
    champion: JudgedModel
    judged_on: str
    data_sha256: Sha256
    rows: Annotated[int, Field(ge=0)]
    fraud: Annotated[int, Field(ge=0)]
    judged_at: AwareDatetime
    gates: Annotated[tuple[KeptGate, ...], Field(min_length=1)]

    @property
    def refused_by(self) -> tuple[str, ...]:
        """The gates that did not hold."""
        return tuple(gate.name for gate in self.gates if not gate.holds)

    @property
    def data(self) -> str:
        """What it was judged on, for the record."""
        return f"{self.judged_on}, sha256 {self.data_sha256}"

    def age(self, now: datetime) -> timedelta:
        """How long ago it was judged; a clock that ran ahead makes nothing younger than new."""
        return max(now - self.judged_at, timedelta(0))


def keep_judgement(directory: Path, judgement: KeptJudgement) -> None:
    """Keep it beside the challenger's card, in place of an older one.

    Raises:
        OSError: it could not be written; the older one stands.
    """
    with written_whole(directory / judgement.challenger.version / JUDGEMENT_FILE) as beside:
        beside.write_text(judgement.model_dump_json(indent=1) + "\n", encoding="utf-8")


def judgement_of(directory: Path, version: str) -> KeptJudgement | None:
    """The newest judgement of a version of the registry; ``None`` when there is none that this release can read."""
    try:
        return KeptJudgement.model_validate_json((directory / version / JUDGEMENT_FILE).read_bytes())
    except (OSError, ValidationError):
        return None
