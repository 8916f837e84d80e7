"""Who reviews: the roles, and the person or key that is acting on a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.domain.errors import ForbiddenError


class Role(StrEnum):
    """What a reviewer may do; each role may do what those before it may."""

    REVIEWER = "reviewer"
    LEAD = "lead"
    ADMIN = "admin"

    def covers(self, other: Role) -> bool:
        """Whether this role may do what ``other`` may."""
        return _ORDER[self] >= _ORDER[other]


_ORDER = {role: place for place, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts on cases, for this one request.

    Attributes:
        name: as audit entries and cases name them: ``reviewer:dana`` or ``key:3f2a``.
        role: what they may do.
        owner: whose cases they see; ``None`` sees every owner's.
        queues: the queues they work in; empty means every queue.
    """

    name: str
    role: Role
    owner: str | None = None
    queues: frozenset[str] = frozenset()

    def works_in(self, queue: str) -> bool:
        """Whether cases of a queue are theirs to see."""
        return not self.queues or queue in self.queues

    def require(self, role: Role) -> None:
        """Let them pass only with a role.

        Raises:
            ForbiddenError: they have a lesser one.
        """
        if not self.role.covers(role):
            raise ForbiddenError(f"This needs the role '{role}'; yours is '{self.role}'.")


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person who signs in to the console.

    Attributes:
        password_digest: argon2id's own text, salt and cost included.
        identity: keyed digest of who they are at the OpenID provider, if they may sign in there.
    """

    name: str
    role: Role
    queues: frozenset[str]
    password_digest: str
    must_change: bool
    created_at: datetime
    disabled_at: datetime | None = None
    identity: bytes | None = None
