"""Sign in to the console at an OpenID provider: whoever it vouches for must have an account here already."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol  # Any: claims are the provider's own JSON

from service.domain.errors import TooManyError, UnauthenticatedError
from service.domain.reviewer import Reviewer
from service.usecases.passwords import NOBODY
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_idempotency import Fingerprint
from service.usecases.reviewer_identity import Identities
from service.usecases.sign_in import FAILURES_OF_AN_ADDRESS, WINDOW, SignedIn, SignIn
from service.usecases.step_up_methods import SignInBrokenError, SignInSecrets

WITHIN = timedelta(minutes=10)
"""How long the way there and back may take."""

SOMEBODY, CONSOLE = "somebody", "console"
_REFUSED = "No account here belongs to whom you signed in as. An admin can enter your e-mail address under People."
_BROKEN = "The sign-in at the provider could not be finished; try again."


class OpenIdProvider(Protocol):
    """One provider, met over the network."""

    def address(self, secrets: SignInSecrets, /) -> str:
        """Where to send the browser.

        Raises:
            SignInBrokenError: the provider cannot be used.
        """
        ...

    def claims(self, code: str, secrets: SignInSecrets, /, *, now: datetime) -> Mapping[str, Any]:
        """Exchange the code for verified claims.

        Raises:
            SignInBrokenError: the provider cannot be used, or its answer is not to be trusted.
        """
        ...


@dataclass(frozen=True, slots=True)
class SignInElsewhere:
    """The way there and back.

    A ticket in the browser's cookie ties the two together. State, nonce and verifier are keyed digests of it: nothing
    is stored, and the cookie alone tells none of them.
    """

    begin: Begin
    sign_in: SignIn
    provider: OpenIdProvider
    identities: Identities
    digest: Callable[[str], Fingerprint]
    random: Callable[[], str] = lambda: secrets.token_urlsafe(32)

    def start(self, *, now: datetime) -> tuple[str, str]:
        """Where to send the browser, and the ticket it must come back with.

        Raises:
            UnauthenticatedError: the provider cannot be used now.
        """
        ticket = f"{int(now.timestamp())}.{self.random()}"
        try:
            return self.provider.address(self._secrets(ticket)), ticket
        except SignInBrokenError as error:
            raise UnauthenticatedError("The provider cannot be reached now; sign in with your password.") from error

    def finish(self, code: str, state: str, ticket: str, *, address: str, now: datetime) -> SignedIn:
        """A new session for the reviewer that the provider vouches for.

        Raises:
            UnauthenticatedError: the way back is not of this browser, the provider does not vouch, or for nobody here.
            TooManyError: too many attempts from this address failed within the last quarter of an hour.
        """
        counted = self.sign_in.digest(f"address:{address}")
        with self.begin() as work:
            if work.reviewers.failures(counted, since=now - WINDOW) >= FAILURES_OF_AN_ADDRESS:
                raise TooManyError("Too many attempts failed; try again in a quarter of an hour.")
        known = self._secrets(ticket)
        if not _fresh(ticket, now) or not hmac.compare_digest(state.encode(), known.state.encode()):
            raise self._refused("state", counted, now, _BROKEN)
        try:
            claims = self.provider.claims(code, known, now=now)
        except SignInBrokenError as error:
            raise self._refused("provider", counted, now, _BROKEN) from error
        with self.begin() as work:
            reviewer = self._known(work, claims)
            if reviewer is not None:
                return self._let_in(work, reviewer, now)
        raise self._refused("no account", counted, now, _REFUSED)

    def _known(self, work: UnitOfWork, claims: Mapping[str, Any]) -> Reviewer | None:
        for fingerprint in self.identities.of_claims(claims):
            reviewer = work.reviewers.of_identity((fingerprint.newest, *fingerprint.older))
            if reviewer is not None and reviewer.disabled_at is None:
                # Keys rotate: what is found under an old one is kept under the newest from now on.
                return replace(reviewer, identity=fingerprint.newest)
        return None

    def _let_in(self, work: UnitOfWork, reviewer: Reviewer, now: datetime) -> SignedIn:
        if reviewer.must_change:
            # The first password was never used and never need be: it opens nothing any more.
            reviewer = replace(reviewer, password_digest=NOBODY, must_change=False)
        work.reviewers.update(reviewer)
        signed_in = self.sign_in.begin_session(work, reviewer, now=now, by="openid")
        work.commit()
        return signed_in

    def _refused(self, why: str, counted: bytes, now: datetime, words: str) -> UnauthenticatedError:
        with self.begin() as work:
            work.reviewers.add_failure(counted, at=now)
            work.audit.add(AuditEntry(now, SOMEBODY, "reviewer.sign_in_refused", CONSOLE, {"why": why}))
            work.commit()
        return UnauthenticatedError(words)

    def _secrets(self, ticket: str) -> SignInSecrets:
        def part(name: str) -> str:
            digest = self.digest(f"sign-in {name}\n{ticket}").newest
            return base64.urlsafe_b64encode(digest).decode().rstrip("=")

        return SignInSecrets(state=part("state"), nonce=part("nonce"), verifier=part("verifier"))


def _fresh(ticket: str, now: datetime) -> bool:
    began = ticket.partition(".")[0]
    if not (began.isascii() and began.isdecimal()) or len(began) > 12:
        return False
    return timedelta() <= now - datetime.fromtimestamp(int(began), UTC) <= WITHIN
