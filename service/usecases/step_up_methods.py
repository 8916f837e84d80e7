"""The methods of step-up as plug-ins: three ways to run a proof, one protocol each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from models.signals.signals import Signals
from models.signup import Signup
from service.domain.challenge import ChallengeMethod


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asked: what they sent, and what is derived from it. Personal."""

    signup: Signup
    signals: Signals


@dataclass(frozen=True, slots=True)
class Checked:
    """A proof as a method took it.

    Attributes:
        passed: whether it proves what it should.
        evidence: what is kept of it; nothing personal.
        proof: what was proven (an account, a mailbox), to be kept as a keyed digest. Personal.
        attests: whether ``proof`` is a person who vouches for others, who may do so more often.
    """

    passed: bool
    evidence: Mapping[str, object] = field(default_factory=dict)
    proof: str | None = None
    attests: bool = False


class Method(Protocol):
    """What every method answers."""

    @property
    def method(self) -> ChallengeMethod:
        """Which."""
        ...

    def possible(self, person: Person) -> bool:
        """Whether this person may be asked for it, as far as we know."""
        ...


class CallerRun(Method, Protocol):
    """A method that the sign-up flow runs by itself, and whose result it reports."""

    def check(self, evidence: Mapping[str, object]) -> Checked:
        """Take the evidence of a pass.

        Raises:
            InvalidError: it names what the method does not know, or lacks what it needs; pointers begin at the
                evidence itself.
        """
        ...


class MailedCode(Method, Protocol):
    """A code sent to a mailbox."""

    def known_address(self, person: Person) -> str | None:
        """The mailbox to send to; ``None`` when the person must name it."""
        ...

    def takes(self, address: str, person: Person) -> bool:
        """Whether control of the mailbox would prove something of this person."""
        ...


class SignInBrokenError(Exception):
    """The provider could not be reached, or did not keep to the protocol: nothing was proven or disproven."""


@dataclass(frozen=True, slots=True)
class SignInSecrets:
    """What ties the way back to the way there."""

    state: str
    nonce: str
    verifier: str


class SignIn(Method, Protocol):
    """A sign-in at another service (OpenID Connect)."""

    def start(self, secrets: SignInSecrets, person: Person) -> str:
        """The address to send the browser to.

        Raises:
            SignInBrokenError: the provider cannot be used.
        """
        ...

    def finish(self, code: str, secrets: SignInSecrets, person: Person, *, now: datetime) -> Checked:
        """Exchange the code and check the claims.

        Raises:
            SignInBrokenError: the provider cannot be used, or its answer is not to be trusted.
        """
        ...


@dataclass(frozen=True, slots=True)
class StepUpMethods:
    """The methods this service can run, in the order in which equals are preferred."""

    mailed: Sequence[MailedCode] = ()
    sign_ins: Sequence[SignIn] = ()
    caller_run: Sequence[CallerRun] = ()

    def possible(self, person: Person) -> tuple[ChallengeMethod, ...]:
        """The methods that this person may be asked for."""
        every: tuple[Method, ...] = (*self.sign_ins, *self.mailed, *self.caller_run)
        return tuple(each.method for each in every if each.possible(person))

    def mailed_code(self, method: ChallengeMethod) -> MailedCode | None:
        """The method, if it is a mailed code that can be run here."""
        return next((each for each in self.mailed if each.method is method), None)

    def sign_in(self, method: ChallengeMethod) -> SignIn | None:
        """The method, if it is a sign-in that can be run here."""
        return next((each for each in self.sign_ins if each.method is method), None)

    def run_by_caller(self, method: ChallengeMethod) -> CallerRun | None:
        """The method, if the sign-up flow runs it."""
        return next((each for each in self.caller_run if each.method is method), None)
