"""Evidence as sign-up flows report it: few known fields of known kinds, and nothing else is taken or kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from service.domain.errors import FieldError, InvalidError


def choice(evidence: Mapping[str, object], name: str, allowed: Iterable[str], *, needed: bool = False) -> str | None:
    """A field out of a closed set.

    Raises:
        InvalidError: it is something else, or missing although it is needed.
    """
    value = evidence.get(name)
    if value is None and not needed:
        return None
    listed = tuple(allowed)
    if value not in listed:
        raise wrong(name, f"must be one of {', '.join(listed)}")
    return str(value)


def flag(evidence: Mapping[str, object], name: str) -> bool | None:
    """A field that is true or false.

    Raises:
        InvalidError: it is something else.
    """
    value = evidence.get(name)
    if value is not None and not isinstance(value, bool):
        raise wrong(name, "must be true or false")
    return value


def only(evidence: Mapping[str, object], *known: str) -> None:
    """Let only known fields pass.

    Raises:
        InvalidError: another one is there; every one is named.
    """
    strangers = [each for each in evidence if each not in known]
    if strangers:
        message = f"is not taken here; this method knows {', '.join(known) or 'no evidence'}"
        raise InvalidError(
            "The evidence holds fields that the method does not know.",
            tuple(FieldError(f"/evidence/{_pointer(each)}", message) for each in strangers),
        )


def wrong(name: str, message: str) -> InvalidError:
    """An error about one field of the evidence."""
    return InvalidError("The evidence is not what the method needs.", (FieldError(f"/evidence/{name}", message),))


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
