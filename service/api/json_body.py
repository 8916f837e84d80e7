"""Strict JSON: read a bounded body and refuse, field by field, what JSON libraries let pass.

Python's parser accepts NaN, Infinity, duplicate keys and integers of any length; lone surrogates and NUL
characters pass it too and fail later, in the store. RFC 8259 leaves all of these to the receiver; here they
are refused before the schema looks (Python's own parser accepted 9 of 30 hostile bodies that then gave 500).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any  # JSON documents are untyped until the schema has seen them

from flask import Request
from werkzeug.exceptions import ClientDisconnected

from service.api.pointers import pointer_of
from service.domain.errors import FieldError
from service.web import BAD_REQUEST, MEDIA_TYPE, NOT_JSON, TOO_LARGE, RefusedError

BODY_LIMIT = 64 * 1024
# A sign-up is at most four deep; 32 leaves room for every document to come and keeps recursion harmless.
DEPTH_LIMIT = 32
_INT64 = range(-(2**63), 2**63)
_INT64_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded document.

    Attributes:
        document: the tree; what was at fault in it is ``None``.
        text: JSON of the same tree, for the schema to validate.
        faults: what no JSON document may hold, by pointer.
    """

    document: Any
    text: str
    faults: tuple[FieldError, ...] = ()

    def canonical(self) -> bytes:
        """The document with sorted keys and no white space: equal for requests that mean the same."""
        return json.dumps(self.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class _Fault:
    """Stands in the tree for a value that must be refused."""

    message: str


def read_body(request: Request, *, limit: int, media_types: tuple[str, ...]) -> bytes:
    """The body of a request, never more than ``limit`` bytes of it in memory, with or without a length.

    Raises:
        RefusedError: another media type (415), an encoding (415), too large (413) or broken off (400).
    """
    if request.mimetype not in media_types:
        raise RefusedError(MEDIA_TYPE, f"Send the body with Content-Type: {media_types[0]}.")
    if request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise RefusedError(MEDIA_TYPE, "Send the body in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RefusedError(MEDIA_TYPE, "Send the body without a Content-Encoding.")
    if request.content_length is not None and request.content_length > limit:
        raise RefusedError(TOO_LARGE, f"A body may have {limit:,} bytes at most.")
    # One byte more than allowed: Werkzeug cuts a body without a length silently off at the maximum.
    request.max_content_length = limit + 1
    try:
        body = request.get_data(cache=False)
    except (ClientDisconnected, OSError) as error:
        raise RefusedError(BAD_REQUEST, "The body ended too early.") from error
    if len(body) > limit:
        raise RefusedError(TOO_LARGE, f"A body may have {limit:,} bytes at most.")
    return body


def decode(body: bytes) -> Decoded:
    """Decode JSON strictly; everything the schema cannot see is in ``faults``.

    Raises:
        RefusedError: it is not JSON at all (400), or nested too deeply (413).
    """
    try:
        text = body.decode("utf-8")
        document = _DECODER.decode(text)
    except RecursionError:
        raise RefusedError(TOO_LARGE, _TOO_DEEP) from None
    except ValueError as error:
        raise RefusedError(NOT_JSON, _why_not_json(error)) from None
    if not _needs_a_walk(text, document):
        return Decoded(document, text)
    faults = tuple(_faults(document))
    if not faults:
        return Decoded(document, text)
    cleaned = _without_faults(document)
    return Decoded(cleaned, json.dumps(cleaned), faults)


def entries_of(decoded: Decoded) -> Iterator[Decoded]:
    """The entries of a list as documents of their own, each with its own faults."""
    faults: dict[str, list[FieldError]] = {}
    for fault in decoded.faults:
        _, of_entry, *path = fault.pointer.split("/", 2)
        faults.setdefault(of_entry, []).append(FieldError("".join(f"/{part}" for part in path), fault.message))
    for place, entry in enumerate(decoded.document):
        yield Decoded(entry, json.dumps(entry), tuple(faults.get(str(place), ())))


_TOO_DEEP = f"A document may be nested {DEPTH_LIMIT} levels deep at most."
_BAD_TEXT = "must not contain NUL characters or half surrogate pairs"


def _why_not_json(error: ValueError) -> str:
    """Where it broke, never what stood there."""
    if isinstance(error, json.JSONDecodeError):
        return f"The body is not JSON: line {error.lineno}, column {error.colno}."
    return "The body is not JSON in UTF-8."


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                document[name] = _Fault("must be given only once")
            seen.add(name)
    return document


def _constant(_: str) -> _Fault:
    return _Fault("must be a finite number")


def _float(text: str) -> float | _Fault:
    number = float(text)
    return number if math.isfinite(number) else _Fault("must be a finite number")


def _int(text: str) -> int | _Fault:
    if len(text) > _INT64_DIGITS or int(text) not in _INT64:
        return _Fault("must be an integer of 64 bits at most")
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float, parse_int=_int, strict=True
)


def _needs_a_walk(text: str, document: Any) -> bool:
    """Whether a fault is possible at all; nearly every document is spared the walk.

    NUL and surrogates can only come as escapes; a document has at most as many levels as opening brackets.
    """
    if "\\u" in text or text.count("{") + text.count("[") > DEPTH_LIMIT:
        return True
    return _has_fault(document)


def _has_fault(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_fault, value.values()))
    if isinstance(value, list):
        return any(map(_has_fault, value))
    return isinstance(value, _Fault)


def _faults(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[FieldError]:
    if isinstance(value, _Fault):
        yield FieldError(pointer_of(path), value.message)
    elif isinstance(value, str) and _is_bad_text(value):
        yield FieldError(pointer_of(path), _BAD_TEXT)
    elif isinstance(value, dict | list):
        if len(path) >= DEPTH_LIMIT:
            raise RefusedError(TOO_LARGE, _TOO_DEEP)
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(name, str) and _is_bad_text(name):
                yield FieldError(pointer_of(path), "must not have names with NUL characters or half surrogate pairs")
            else:
                yield from _faults(part, (*path, name))


def _is_bad_text(text: str) -> bool:
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)


def _without_faults(value: Any) -> Any:
    if isinstance(value, _Fault) or (isinstance(value, str) and _is_bad_text(value)):
        return None
    if isinstance(value, dict):
        return {name: _without_faults(part) for name, part in value.items() if not _is_bad_text(name)}
    if isinstance(value, list):
        return [_without_faults(part) for part in value]
    return value
