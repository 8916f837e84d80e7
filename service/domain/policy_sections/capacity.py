"""Capacity: how much work there are people for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.domain.policy_sections.section import Section


class Capacity(Section):
    """Reviews a day that people can do; ``None`` where nobody has said."""

    reviews_a_day: Annotated[int | None, Field(ge=0)] = None
