"""Lists: which of block, allow and exempt list wins where several hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from service.domain.policy_sections.section import Section
from service.domain.standing import ListName


class Lists(Section):
    """The lists in the order in which the first hit decides: block denies, allow and exempt allow."""

    precedence: Annotated[tuple[Annotated[ListName, Field(strict=False)], ...], Field(strict=False)] = tuple(ListName)

    @field_validator("precedence")
    @classmethod
    def _complete(cls, order: tuple[ListName, ...]) -> tuple[ListName, ...]:
        if sorted(order) != sorted(ListName):
            raise ValueError(f"must name each of {', '.join(ListName)} once")
        return order
