"""The parameters behind a path, as strictly as a body: known ones only, each once."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict

from service.api.pointers import is_field_name
from service.api.validation import field_errors
from service.domain.errors import FieldError, InvalidError

_M = TypeVar("_M", bound=BaseModel)


def read_query(schema: type[_M], sent: MultiDict[str, str]) -> _M:
    """The query.

    Raises:
        InvalidError: a parameter is wrong, unknown or sent twice; every one of them is named.
    """
    errors: tuple[FieldError, ...] = tuple(
        FieldError(f"/{name}", "must be sent once") for name in sent if len(sent.getlist(name)) > 1
    )
    unknown = [name for name in sent if name not in schema.model_fields]
    # What is unknown may hold anything; only what looks like a name is repeated.
    errors += tuple(
        FieldError(f"/{name}" if is_field_name(name) else "", "is not a parameter of this address") for name in unknown
    )
    try:
        query = schema.model_validate_strings({name: sent[name] for name in sent if name in schema.model_fields})
    except ValidationError as error:
        errors += field_errors(error)
    if errors:
        raise InvalidError("The parameters under 'errors' are not valid.", errors)
    return query
