"""The policy's section ``[second_look]``: when accounts that were let in are looked at again as history grows."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.domain.policy_sections.section import Section

Hours = Annotated[float, Field(gt=0.0, le=24.0, strict=False)]


class SecondLook(Section):
    """Looks within the first day, each by the rules of a first decision and the history of its own instant."""

    after_hours: Annotated[tuple[Hours, ...], Field(strict=False, max_length=6)] = (1.0, 6.0, 24.0)
    """How long after it was recorded a sign-up is looked at; none turns it off."""
    a_round: Annotated[int, Field(ge=1, le=10_000)] = 200
    """Looks of one round of the worker at most: some seconds of work."""
