"""What signing in to the console needs from outside: the people, their sessions, and failed attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.reviewer import Reviewer


@dataclass(frozen=True, slots=True)
class Session:
    """A running session. ``token_digest`` is the SHA-256 of what the cookie holds."""

    token_digest: bytes
    reviewer: str
    began_at: datetime
    seen_at: datetime


class Reviewers(Protocol):
    """The console's people."""

    def add(self, reviewer: Reviewer) -> None:
        """Stage a new reviewer.

        Raises:
            ConflictError: (from ``commit``) the name or the identity is taken.
        """
        ...

    def get(self, name: str) -> Reviewer | None:
        """A reviewer by name."""
        ...

    def of_identity(self, digests: Sequence[bytes]) -> Reviewer | None:
        """The reviewer whose identity at the OpenID provider has one of these digests."""
        ...

    def update(self, reviewer: Reviewer) -> None:
        """Stage a reviewer's new role, queues, password or end."""
        ...

    def all(self) -> Sequence[Reviewer]:
        """Everybody, by name."""
        ...

    def begin_session(self, session: Session) -> None:
        """Stage a new session."""
        ...

    def session(self, token_digest: bytes) -> tuple[Session, Reviewer] | None:
        """A session and its reviewer as they are now."""
        ...

    def touch(self, token_digest: bytes, *, at: datetime) -> None:
        """Stage that a session was used."""
        ...

    def end_session(self, token_digest: bytes) -> None:
        """Stage the end of a session."""
        ...

    def end_sessions_of(self, name: str) -> None:
        """Stage the end of every session of a reviewer."""
        ...

    def failures(self, who: bytes, *, since: datetime) -> int:
        """How many attempts failed since an instant."""
        ...

    def add_failure(self, *who: bytes, at: datetime) -> None:
        """Stage a failed attempt."""
        ...

    def purge(self, *, began_before: datetime, failed_before: datetime) -> int:
        """Forget old sessions and failures, at once; how many."""
        ...
