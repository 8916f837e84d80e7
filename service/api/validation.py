"""From a decoded body to a valid request: every wrong field is named at once, and no value is repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar  # Any: the parts of pydantic's error records have no types

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.datastructures import MultiDict

from service.api.card_numbers import card_number_paths
from service.api.json_body import Decoded
from service.api.pointers import is_field_name, pointer_of
from service.domain.errors import CardNumberError, FieldError, InvalidError

_M = TypeVar("_M", bound=BaseModel)

_ERRORS_LIMIT = 100

# Pydantic's own texts speak of input and of Python; these speak of what would be right.
_MESSAGES: Mapping[str, str] = {
    "missing": "is required",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "string_type": "must be a text",
    "int_type": "must be an integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "string_too_short": "must have {min_length} character or more; leave the field out when it is unknown",
    "string_too_long": "must have {max_length} characters at most",
    "too_long": "must have {max_length} entries at most",
    "too_short": "must have {min_length} entry or more",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "timezone_aware": "must be a time with its offset from UTC, such as 2026-11-23T10:00:00Z",
    "datetime_parsing": "must be a time with its offset from UTC, such as 2026-11-23T10:00:00Z",
    "date_parsing": "must be a day, such as 2026-11-20",
}
_FALLBACK = "is not valid"


def validate(schema: type[_M], decoded: Decoded, *, now: datetime) -> _M:
    """The request in a decoded body.

    Raises:
        CardNumberError: a card number stands in it; no other fault is named then.
        InvalidError: something is wrong; every wrong field is named.
    """
    card_numbers = card_number_paths(decoded.document, decoded.text)
    if card_numbers:
        message = "must not hold a card number; send the processor's fingerprint and the BIN instead"
        raise CardNumberError(
            "A card number was sent. It was neither stored nor logged.",
            _distinct(FieldError(pointer_of(path), message) for path in card_numbers),
        )
    found: tuple[FieldError, ...] = ()
    try:
        valid = schema.model_validate_json(decoded.text, context={"now": now, "document": decoded.document})
    except ValidationError as error:
        found = field_errors(error)
    if decoded.faults or found:
        raise InvalidError("The fields under 'errors' are not valid.", _distinct((*decoded.faults, *found)))
    return valid


def field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    """Every wrong field of what pydantic refused, in our words."""
    return tuple(map(_field_error, error.errors(include_url=False, include_input=False)))


def validate_query(schema: type[_M], values: MultiDict[str, str]) -> _M:
    """The request in a query string; every value is a text that the schema converts.

    Raises:
        InvalidError: something is wrong; every wrong parameter is named.
    """
    twice = tuple(FieldError(f"/{name}", "must be given once") for name in values if len(values.getlist(name)) > 1)
    if twice:
        raise InvalidError("The parameters under 'errors' are not valid.", twice)
    try:
        return schema.model_validate_strings(dict(values.items()))
    except ValidationError as error:
        records = error.errors(include_url=False, include_input=False)
        found = tuple(map(_field_error, records))
    raise InvalidError("The parameters under 'errors' are not valid.", _distinct(found))


def _distinct(errors: Iterator[FieldError] | tuple[FieldError, ...]) -> tuple[FieldError, ...]:
    """One error a pointer, the first one: what stands where JSON was at fault is ``null`` to the schema."""
    by_pointer: dict[str, FieldError] = {}
    for error in errors:
        by_pointer.setdefault(error.pointer, error)
    return tuple(by_pointer.values())[:_ERRORS_LIMIT]


def _field_error(record: ErrorDetails) -> FieldError:
    kind, path = record["type"], tuple(part for part in record["loc"] if part != "[key]")
    if kind == "extra_forbidden":
        return _unknown_field(path)
    if record["loc"] and record["loc"][-1] == "[key]":
        return FieldError(pointer_of(path), "must have a name of 1 to 64 letters, digits, '_', '.' or '-'")
    return FieldError(pointer_of(path), _message(kind, record))


def _unknown_field(path: tuple[str | int, ...]) -> FieldError:
    if isinstance(path[-1], str) and not is_field_name(path[-1]):
        return FieldError(pointer_of(path[:-1]), "must not have fields that the schema does not know")
    return FieldError(pointer_of(path), "is not a field of the schema; 'custom' takes your own")


def _message(kind: str, record: ErrorDetails) -> str:
    context: dict[str, Any] = record.get("ctx", {})
    if kind == "wrong":
        return str(context["message"])
    return _MESSAGES.get(kind, _FALLBACK).format(**context)
