"""Sign in to the console: from a name and a password to a session, and from its token to the reviewer."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.domain.errors import FieldError, InvalidError, TooManyError, UnauthenticatedError
from service.domain.reviewer import Acting, Reviewer
from service.usecases.passwords import LEAST_LENGTH, MOST_LENGTH, NOBODY, digest_of_password, is_password
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_reviewers import Session

LASTS = timedelta(hours=12)
"""A session ends after a working day, whatever happens."""

IDLE = timedelta(hours=1)
"""A session that nobody uses ends sooner: facts about people are on the screen."""

TOUCH_EVERY = timedelta(minutes=1)
"""How often its use is written down."""

WINDOW = timedelta(minutes=15)
FAILURES_OF_A_NAME = 10
FAILURES_OF_AN_ADDRESS = 50
"""A school's reviewers may share one address; guessing a password of twelve characters needs far more."""


@dataclass(frozen=True, slots=True, repr=False)
class SignedIn:
    """Who is signed in, and the token of their session, which ``repr`` must not show."""

    reviewer: Reviewer
    token: str

    @property
    def acting(self) -> Acting:
        """As cases know them."""
        return Acting(name=actor_of(self.reviewer.name), role=self.reviewer.role, queues=self.reviewer.queues)

    @property
    def form_token(self) -> str:
        """What every form must carry: bound to the session, and telling nothing of it."""
        return hashlib.sha256(b"form:" + self.token.encode()).hexdigest()


def actor_of(name: str) -> str:
    """How audit entries and cases name a reviewer."""
    return f"reviewer:{name}"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Sessions of the console. ``digest`` is a keyed digest, under which attempts are counted."""

    begin: Begin
    digest: Callable[[str], bytes]
    new_token: Callable[[], str] = lambda: secrets.token_hex(32)

    def __call__(self, name: str, password: str, *, address: str, now: datetime) -> SignedIn:
        """A new session.

        Raises:
            UnauthenticatedError: name or password is wrong; the text does not say which.
            TooManyError: too many attempts failed within the last quarter of an hour.
        """
        counted = (self.digest(f"name:{name.lower()}"), self.digest(f"address:{address}"))
        with self.begin() as work:
            limits = zip(counted, (FAILURES_OF_A_NAME, FAILURES_OF_AN_ADDRESS), strict=True)
            if any(work.reviewers.failures(who, since=now - WINDOW) >= limit for who, limit in limits):
                raise TooManyError("Too many attempts failed; try again in a quarter of an hour.")
            reviewer = work.reviewers.get(name)
            known = reviewer is not None and reviewer.disabled_at is None
            right = is_password(password[:MOST_LENGTH], reviewer.password_digest if known and reviewer else NOBODY)
            if reviewer is None or not known or not right:
                work.reviewers.add_failure(*counted, at=now)
                if known:
                    work.audit.add(AuditEntry(now, actor_of(name), "reviewer.sign_in_failed", actor_of(name), {}))
                work.commit()
                raise UnauthenticatedError("Name or password is wrong.")
            signed_in = self.begin_session(work, reviewer, now=now, by="password")
            work.commit()
        return signed_in

    def begin_session(self, work: UnitOfWork, reviewer: Reviewer, *, now: datetime, by: str) -> SignedIn:
        """Stage a new session of somebody who has shown who they are, and its entry in the audit record."""
        token, name = self.new_token(), actor_of(reviewer.name)
        work.reviewers.begin_session(Session(_digest(token), reviewer.name, now, now))
        work.audit.add(AuditEntry(now, name, "reviewer.signed_in", name, {"by": by}))
        return SignedIn(reviewer, token)

    def of_token(self, token: str, *, now: datetime) -> SignedIn | None:
        """Who is behind a session's token; ``None`` when it has ended."""
        with self.begin() as work:
            found = work.reviewers.session(_digest(token))
            if found is None:
                return None
            session, reviewer = found
            if reviewer.disabled_at is not None or now >= min(session.began_at + LASTS, session.seen_at + IDLE):
                return None
            if now - session.seen_at >= TOUCH_EVERY:
                work.reviewers.touch(session.token_digest, at=now)
                work.commit()
        return SignedIn(reviewer, token)

    def sign_out(self, signed_in: SignedIn, *, now: datetime) -> None:
        """End the session."""
        name = signed_in.acting.name
        with self.begin() as work:
            work.reviewers.end_session(_digest(signed_in.token))
            work.audit.add(AuditEntry(now, name, "reviewer.signed_out", name, {}))
            work.commit()

    def change_password(self, signed_in: SignedIn, old: str, new: str, *, now: datetime) -> None:
        """Take another password; every other session of the reviewer ends.

        Raises:
            UnauthenticatedError: the old one is wrong.
            InvalidError: the new one will not do.
        """
        reviewer = signed_in.reviewer
        if not is_password(old[:MOST_LENGTH], reviewer.password_digest):
            raise UnauthenticatedError("The present password is wrong.")
        if not LEAST_LENGTH <= len(new) <= MOST_LENGTH or new == old:
            wanted = f"must be another one of {LEAST_LENGTH} to {MOST_LENGTH} characters"
            raise InvalidError(f"The new password {wanted}.", (FieldError("/new", wanted),))
        with self.begin() as work:
            work.reviewers.update(replace(reviewer, password_digest=digest_of_password(new), must_change=False))
            work.reviewers.end_sessions_of(reviewer.name)
            work.reviewers.begin_session(Session(_digest(signed_in.token), reviewer.name, now, now))
            work.audit.add(
                AuditEntry(now, signed_in.acting.name, "reviewer.password_changed", signed_in.acting.name, {})
            )
            work.commit()


def _digest(token: str) -> bytes:
    # 256 random bits: a plain SHA-256 cannot be searched.
    return hashlib.sha256(token.encode()).digest()
