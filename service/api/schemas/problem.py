"""Problem answers (RFC 9457) as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from service.web import PROBLEM_KINDS


class WrongField(BaseModel):
    """One wrong field."""

    pointer: Annotated[str, Field(description="A JSON pointer (RFC 6901) into the body.", examples=["/email"])]
    message: Annotated[str, Field(description="What would be right; never what was sent.")]


class ProblemAnswer(BaseModel):
    """Why a request was refused."""

    type: Annotated[
        str,
        Field(
            description="Stable, for machines.",
            json_schema_extra={"format": "uri", "enum": [kind.type for kind in PROBLEM_KINDS]},
        ),
    ]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    request_id: Annotated[str, Field(description="As in the header X-Request-Id; name it when you ask for help.")]
    detail: str | None = None
    errors: Annotated[tuple[WrongField, ...], Field(description="Every wrong field, for bad input.")] = ()
