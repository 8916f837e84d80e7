"""What is wrong with a policy document, in words for its author: the key, its line, and what would be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin  # Any: annotations are untyped

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from service.domain.errors import FieldError
from service.domain.toml_lines import line_of

_MESSAGES: Mapping[str, str] = {
    "missing": "is required",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "string_type": "must be a text in quotes",
    "bool_type": "must be true or false",
    "date_type": "must be a day without quotes, such as 2027-01-31",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "string_too_short": "must have {min_length} character or more",
    "string_too_long": "must have {max_length} characters at most",
    "string_pattern_mismatch": "must match the pattern {pattern}",
}


def field_errors(error: ValidationError, text: str, document: type[BaseModel]) -> tuple[FieldError, ...]:
    """Every wrong key of ``text``, which was to be a ``document``."""
    return tuple(
        FieldError(pointer=_pointer(each["loc"]), message=_at_line(text, each["loc"]) + _message(each, document))
        for each in error.errors(include_url=False, include_input=False)
    )


def _pointer(path: Sequence[str | int]) -> str:
    return "/" + "/".join(str(part) for part in path if part != "[key]")


def _at_line(text: str, path: Sequence[str | int]) -> str:
    line = line_of(text, [part for part in path if part != "[key]"])
    return "" if line is None else f"line {line}: "


def _message(record: ErrorDetails, document: type[BaseModel]) -> str:
    kind = record["type"]
    if kind == "extra_forbidden":
        return f"is no key here; {_known(document, record['loc'][:-1])}"
    if kind == "value_error":
        return str(record["msg"]).removeprefix("Value error, ")
    context: dict[str, Any] = record.get("ctx", {})
    return _MESSAGES.get(kind, record["msg"]).format(**context)


def _known(document: type[BaseModel], path: Sequence[str | int]) -> str:
    """The keys of the table at ``path``."""
    place: Any = document
    for part in path:
        fields: Mapping[Any, Any] = place.model_fields
        place = next(_inner(fields[part].annotation)) if part in fields else place
    return "known are " + ", ".join(sorted(place.model_fields))


def _inner(annotation: Any) -> Iterator[Any]:
    """The sections inside an annotation: of ``tuple[Rule, ...]`` the rule."""
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None:
        for each in get_args(annotation):
            yield from _inner(each)
