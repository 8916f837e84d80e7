"""The console's people in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.errors import ConflictError
from service.domain.reviewer import Reviewer
from service.storage.memory.shelves import Shelves, Undo, Write
from service.usecases.ports_reviewers import Session


class MemoryReviewers:
    """See ``service.usecases.ports_reviewers.Reviewers``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, reviewer: Reviewer) -> None:
        """See the port."""

        def write() -> Undo:
            if reviewer.name in self._shelves.reviewers:
                raise ConflictError("There is a reviewer of this name already.")
            self._require_own_identity(reviewer)
            self._shelves.reviewers[reviewer.name] = reviewer
            return lambda: self._shelves.reviewers.pop(reviewer.name)

        self._staged.append(write)

    def get(self, name: str) -> Reviewer | None:
        """See the port."""
        with self._shelves.lock:
            return self._shelves.reviewers.get(name)

    def of_identity(self, digests: Sequence[bytes]) -> Reviewer | None:
        """See the port."""
        with self._shelves.lock:
            return next((each for each in self._shelves.reviewers.values() if each.identity in digests), None)

    def update(self, reviewer: Reviewer) -> None:
        """See the port."""

        def write() -> Undo:
            self._require_own_identity(reviewer)
            before = self._shelves.reviewers[reviewer.name]
            self._shelves.reviewers[reviewer.name] = reviewer
            return lambda: self._shelves.reviewers.__setitem__(reviewer.name, before)

        self._staged.append(write)

    def all(self) -> Sequence[Reviewer]:
        """See the port."""
        with self._shelves.lock:
            return tuple(self._shelves.reviewers[name] for name in sorted(self._shelves.reviewers))

    def _require_own_identity(self, reviewer: Reviewer) -> None:
        others = (each for each in self._shelves.reviewers.values() if each.name != reviewer.name)
        if reviewer.identity is not None and any(each.identity == reviewer.identity for each in others):
            raise ConflictError("Another reviewer has this identity already.")

    def begin_session(self, session: Session) -> None:
        """See the port."""

        def write() -> Undo:
            self._shelves.sessions[session.token_digest] = session
            return lambda: self._shelves.sessions.pop(session.token_digest)

        self._staged.append(write)

    def session(self, token_digest: bytes) -> tuple[Session, Reviewer] | None:
        """See the port."""
        with self._shelves.lock:
            session = self._shelves.sessions.get(token_digest)
            return None if session is None else (session, self._shelves.reviewers[session.reviewer])

    def touch(self, token_digest: bytes, *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            before = self._shelves.sessions.get(token_digest)
            if before is None:
                return lambda: None
            self._shelves.sessions[token_digest] = replace(before, seen_at=at)
            return lambda: self._shelves.sessions.__setitem__(token_digest, before)

        self._staged.append(write)

    def end_session(self, token_digest: bytes) -> None:
        """See the port."""
        self._end(lambda session: session.token_digest == token_digest)

    def end_sessions_of(self, name: str) -> None:
        """See the port."""
        self._end(lambda session: session.reviewer == name)

    def failures(self, who: bytes, *, since: datetime) -> int:
        """See the port."""
        with self._shelves.lock:
            return sum(each == who and at >= since for each, at in self._shelves.sign_in_failures)

    def add_failure(self, *who: bytes, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            before = len(self._shelves.sign_in_failures)
            self._shelves.sign_in_failures.extend((each, at) for each in who)
            return lambda: self._shelves.sign_in_failures.__delitem__(slice(before, None))

        self._staged.append(write)

    def purge(self, *, began_before: datetime, failed_before: datetime) -> int:
        """See the port."""
        with self._shelves.lock:
            sessions, failures = self._shelves.sessions, self._shelves.sign_in_failures
            before = len(sessions) + len(failures)
            kept = {digest: each for digest, each in sessions.items() if each.began_at >= began_before}
            self._shelves.sessions = kept
            self._shelves.sign_in_failures = [each for each in failures if each[1] >= failed_before]
            return before - len(kept) - len(self._shelves.sign_in_failures)

    def _end(self, over: Callable[[Session], bool]) -> None:
        def write() -> Undo:
            before = self._shelves.sessions
            self._shelves.sessions = {digest: each for digest, each in before.items() if not over(each)}

            def undo() -> None:
                self._shelves.sessions = before

            return undo

        self._staged.append(write)
