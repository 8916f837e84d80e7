"""What the policy says of learning: how far each source of outcomes is trusted, and how many a day may count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SourceSection(_Strict):
    """One source of outcomes, such as ``reviewers`` or ``chargebacks``.

    ``trust`` multiplies the weight of its labels; beyond ``most_a_day`` they are not learnt from. A source that is
    ``vouched_for`` is reported when its labels look wrong and used all the same; another one is held back.
    """

    trust: Annotated[float, Field(ge=0.0, le=1.0, strict=False)] = 1.0
    most_a_day: Annotated[int, Field(ge=1)] | None = None
    vouched_for: bool = False


class LearningSection(_Strict):
    """The sources by name, and those that nobody has named: half trusted, because anybody may call himself anything."""

    sources: Mapping[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.:-]{0,63}$")], SourceSection] = {}
    unknown: SourceSection = SourceSection(trust=0.5, most_a_day=1_000)
