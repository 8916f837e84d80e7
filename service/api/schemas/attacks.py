"""The attacks as the API lists them: a key by its kind and a name that says nothing of its value."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from models.linkage.identifier import IdentifierKind
from service.api.schemas.decision import Answered


class AttackKeyAnswer(Answered):
    """What the sign-ups of an attack share."""

    kind: IdentifierKind
    id: Annotated[str, Field(description="The same for the same key; nothing leads from it to the value.")]


class AttackAnswer(Answered):
    """Sign-ups that share one key, far more than its own past explains, with another sign against them."""

    id: str
    key: AttackKeyAnswer
    surprise: Annotated[float, Field(description="The largest, in powers of ten: 6 is one in a million.")]
    signups: Annotated[int, Field(description="How many reached the line of surprise on the key.")]
    first_seen_at: datetime
    last_seen_at: datetime
    started_at: datetime
    ended_at: Annotated[datetime | None, Field(description="When it had been quiet for six hours; null till then.")]


class AttacksAnswer(Answered):
    """The attacks that go on, then those that ended, newest first."""

    items: tuple[AttackAnswer, ...]
