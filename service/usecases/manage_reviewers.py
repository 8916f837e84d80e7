"""Manage the console's people: create them, change what they may do, end their access."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.errors import ConflictError, FieldError, InvalidError, NotFoundError
from service.domain.reviewer import Reviewer, Role
from service.usecases.passwords import digest_of_password
from service.usecases.ports import AuditEntry, Begin
from service.usecases.sign_in import actor_of

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_QUEUE = re.compile(r"[a-z][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True, repr=False)
class NewReviewer:
    """A new reviewer with the password that works once; ``repr`` must not show it."""

    reviewer: Reviewer
    password: str


@dataclass(frozen=True, slots=True)
class ManageReviewers:
    """Every change leaves an audit entry and ends the sessions it makes wrong."""

    begin: Begin
    new_password: Callable[[], str] = lambda: secrets.token_urlsafe(15)

    def create(
        self, name: str, role: Role, *, actor: str, now: datetime, queues: frozenset[str] = frozenset()
    ) -> NewReviewer:
        """A new reviewer; the password must be changed at the first sign-in.

        Raises:
            InvalidError: the name or a queue is not of the form that is.
            ConflictError: the name is taken.
        """
        errors = []
        if _NAME.fullmatch(name) is None:
            errors.append(FieldError("/name", "must be lower-case letters, digits, '.', '_' or '-', 64 at most"))
        if any(_QUEUE.fullmatch(queue) is None for queue in queues):
            errors.append(FieldError("/queues", "must be names of queues"))
        if errors:
            raise InvalidError("The reviewer cannot be created.", tuple(errors))
        password = self.new_password()
        reviewer = Reviewer(name, role, queues, digest_of_password(password), must_change=True, created_at=now)
        with self.begin() as work:
            if work.reviewers.get(name) is not None:
                raise ConflictError(f"There is a reviewer called {name} already.")
            work.reviewers.add(reviewer)
            detail: dict[str, object] = {"role": role.value, "queues": sorted(queues)}
            work.audit.add(AuditEntry(now, actor, "reviewer.created", actor_of(name), detail))
            work.commit()
        return NewReviewer(reviewer, password)

    def reset_password(self, name: str, *, actor: str, now: datetime) -> NewReviewer:
        """A fresh password that works once; every session of the reviewer ends.

        Raises:
            NotFoundError: there is no such reviewer.
        """
        password = self.new_password()
        changed = replace(self._known(name), password_digest=digest_of_password(password), must_change=True)
        self._change(changed, "reviewer.password_reset", actor, now)
        return NewReviewer(changed, password)

    def set_role(self, name: str, role: Role, *, actor: str, now: datetime) -> Reviewer:
        """Another role, from the next request on."""
        changed = replace(self._known(name), role=role)
        self._change(changed, "reviewer.role_changed", actor, now, role=role.value)
        return changed

    def set_identity(self, name: str, identity: bytes | None, *, actor: str, now: datetime) -> Reviewer:
        """Who they are at the OpenID provider, as a keyed digest; ``None`` ends signing in there.

        Raises:
            NotFoundError: there is no such reviewer.
            ConflictError: another reviewer is that already.
        """
        with self.begin() as work:
            other = None if identity is None else work.reviewers.of_identity((identity,))
        if other is not None and other.name != name:
            raise ConflictError("Another reviewer signs in as that already.")
        changed = replace(self._known(name), identity=identity)
        self._change(changed, "reviewer.identity_set", actor, now, known=identity is not None)
        return changed

    def disable(self, name: str, *, actor: str, now: datetime) -> Reviewer:
        """No access any more; what the reviewer did stays on record under the name.

        Raises:
            NotFoundError: there is no such reviewer.
            ConflictError: it would leave nobody who may manage the others.
        """
        reviewer = self._known(name)
        with self.begin() as work:
            others = [each for each in work.reviewers.all() if each.role is Role.ADMIN and each.disabled_at is None]
        if reviewer.role is Role.ADMIN and [each.name for each in others] == [name]:
            raise ConflictError("The last admin cannot be disabled.")
        changed = replace(reviewer, disabled_at=now)
        self._change(changed, "reviewer.disabled", actor, now)
        return changed

    def _known(self, name: str) -> Reviewer:
        with self.begin() as work:
            reviewer = work.reviewers.get(name)
        if reviewer is None or reviewer.disabled_at is not None:
            raise NotFoundError("There is no such reviewer.")
        return reviewer

    def _change(self, reviewer: Reviewer, action: str, actor: str, now: datetime, **detail: object) -> None:
        with self.begin() as work:
            work.reviewers.update(reviewer)
            work.reviewers.end_sessions_of(reviewer.name)
            work.audit.add(AuditEntry(now, actor, action, actor_of(reviewer.name), detail))
            work.commit()
