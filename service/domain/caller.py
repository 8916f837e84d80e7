"""Who is calling: the owner of an API key, and what the key may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.domain.errors import ForbiddenError


class Scope(StrEnum):
    """What an API key may be used for."""

    SIGNUPS = "signups"
    OUTCOMES = "outcomes"
    REVIEW = "review"
    INDICATORS = "indicators"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. ``owner`` is whose records it sees; ``key_id`` is public and fit for logs."""

    owner: str
    key_id: str
    scopes: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Let the caller pass only with a scope.

        Raises:
            ForbiddenError: the key does not carry it.
        """
        if scope not in self.scopes:
            raise ForbiddenError(f"The API key needs the scope '{scope}' for this.")
