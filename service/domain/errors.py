"""The errors a use case may end in; the edges turn them into answers in exactly one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: a JSON pointer (RFC 6901) and what would be right."""

    pointer: str
    message: str


class GatehouseError(Exception):
    """Something was asked that cannot be done; the text is fit for the person who asked."""


class InvalidError(GatehouseError):
    """What was sent is wrong; every wrong field is named."""

    def __init__(self, message: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class CardNumberError(InvalidError):
    """A card number was sent where only fingerprints may be; it is neither stored nor logged."""


class NotFoundError(GatehouseError):
    """There is no such thing, or not for this caller."""


class ConflictError(GatehouseError):
    """It contradicts what is already recorded."""


class TakenError(ConflictError):
    """Somebody else took the same place at the same moment; the same again may succeed."""


class KeyReusedError(GatehouseError):
    """The Idempotency-Key was used before with another request."""


class StillRunningError(GatehouseError):
    """The first request with this Idempotency-Key has not finished."""


class TooManyError(GatehouseError):
    """It was asked too often, or too soon."""


class UnauthenticatedError(GatehouseError):
    """No API key, or none we know."""


class ForbiddenError(GatehouseError):
    """The caller is known but may not do this."""


class UnavailableError(GatehouseError):
    """The database cannot be used; nothing was decided and nothing recorded."""
