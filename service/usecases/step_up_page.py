"""The hosted page: what a person sees of their sign-up, and may do there. Found by its token alone.

Who is asked for a proof sees the challenges; who was held or declined at once sees why, and may ask for a human.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from service.domain.challenge import Challenge, ChallengeMethod, ChallengeStatus
from service.domain.decision import Decision
from service.domain.errors import ConflictError, NotFoundError
from service.domain.step_up import StepUp
from service.usecases.answer_challenge import Answer, AnswerChallenge
from service.usecases.open_case import appeal_subject
from service.usecases.plan_step_up import reference_of
from service.usecases.ports import AuditEntry, Begin, Recorded, UnitOfWork
from service.usecases.ports_step_up import Appeal, AppealKind, StepUpMovedError, StepUpSecrets
from service.usecases.step_up_methods import Checked, Person, SignIn, SignInSecrets

ACTOR = "person"
MOST_APPEALS = 5
_SIGN_IN_WITHIN = timedelta(minutes=15)


class Conduct(StrEnum):
    """How a challenge is done: with a code from a mailbox, by a sign-in elsewhere, or where the person signed up."""

    CODE = "code"
    SIGN_IN = "sign_in"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Asked:
    """One challenge as the page shows it. ``address`` is masked; ``None`` when the person must name one."""

    challenge: Challenge
    conduct: Conduct
    address: str | None
    code_sent: bool


class Plea(StrEnum):
    """Where the wish for a human stands."""

    NONE = "none"
    HEARD = "heard"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows. ``groups`` are the groups of reasons, never which identifier matched."""

    reference: str
    decision: Decision | None
    asked: tuple[Asked, ...]
    passed: int
    choices: tuple[ChallengeMethod, ...]
    groups: tuple[str, ...]
    plea: Plea


@dataclass(frozen=True, slots=True)
class StepUpPage:
    """The use cases behind the page. ``tell`` connects appeals to whoever works on them, in the same transaction."""

    begin: Begin
    answer: AnswerChallenge
    secrets: StepUpSecrets
    new_id: Callable[[datetime], str]
    tell: Callable[[UnitOfWork, Appeal], None] = lambda work, appeal: None  # noqa: ARG005 - nobody is told

    def show(self, token: str, *, now: datetime) -> Page:
        """The page; what is pending counts as opened from now on.

        Raises:
            NotFoundError: there is no such page.
        """
        find = self._finder(token)
        with self.begin() as work:
            step_up = find(work)
            recorded = None if step_up is None else work.ledger.get(step_up.owner, step_up.record_id)
            if step_up is None or recorded is None:
                raise NotFoundError("There is no such page.")
            person = self.answer.settle.person(recorded)
            plea = _plea(work, step_up)
            opened = step_up.each(lambda each: replace(each, opened=True) if each.pending else each)
            if opened != step_up:
                self.answer.settle.save(work, step_up, opened, now=now, actor=ACTOR)
                with contextlib.suppress(StepUpMovedError):  # the next look counts
                    work.commit()
        shown = step_up.each(lambda each: each.expired(now))
        return Page(
            reference=shown.reference,
            decision=recorded.assessments[-1].decision if recorded.assessments else None,
            asked=tuple(self._asked(each, person) for each in shown.pending),
            passed=sum(each.status is ChallengeStatus.PASSED for each in shown.challenges),
            choices=self._choices(shown, person, now),
            groups=shown.doubt.groups,
            plea=plea,
        )

    def enter_code(self, token: str, challenge_id: str, code: str, *, now: datetime) -> Answer:
        """The code the person typed; see ``AnswerChallenge.code``."""
        return self.answer.code(self._finder(token), challenge_id, code, now=now, actor=ACTOR)

    def send_code(self, token: str, challenge_id: str, address: str | None, *, now: datetime) -> Answer:
        """Send a code; see ``AnswerChallenge.send``."""
        return self.answer.send(self._finder(token), challenge_id, address, now=now, actor=ACTOR)

    def another(self, token: str, challenge_id: str, method: ChallengeMethod | None, *, now: datetime) -> Answer:
        """Choose another method, or none; see ``AnswerChallenge.another``."""
        return self.answer.another(self._finder(token), challenge_id, method, now=now, actor=ACTOR)

    def appeal(
        self, token: str, kind: AppealKind, *, message: str | None, institution: str | None, now: datetime
    ) -> Appeal:
        """Record that the person asks for a human, or misses their institution.

        Raises:
            NotFoundError: there is no such page.
            ConflictError: they asked often enough; what they wrote first is being read.
        """
        with self.begin() as work:
            step_up = self._finder(token)(work)
            if step_up is None:
                raise NotFoundError("There is no such page.")
            if len(work.appeals.of_record(step_up.record_id)) >= MOST_APPEALS:
                raise ConflictError("This was asked before, and is being looked at.")
            appeal = Appeal(
                id=self.new_id(now),
                record_id=step_up.record_id,
                owner=step_up.owner,
                reference=step_up.reference,
                kind=kind,
                at=now,
                message=message,
                institution=institution,
            )
            work.appeals.add(appeal)
            detail: dict[str, object] = {"appeal": appeal.id, "kind": kind.value, "reference": appeal.reference}
            work.audit.add(AuditEntry(now, ACTOR, "appeal.made", step_up.record_id, detail))
            self.tell(work, appeal)
            work.commit()
        return appeal

    def start_sign_in(self, token: str, challenge_id: str, browser: str, *, now: datetime) -> str:
        """Where to send the browser that carries ``browser``, a fresh secret in a cookie.

        Raises:
            NotFoundError: there is no such page or challenge.
            ConflictError: it has ended, or is no sign-in.
            SignInBrokenError: the provider cannot be used.
        """
        with self.begin() as work:
            step_up = self._finder(token)(work)
            recorded = None if step_up is None else work.ledger.get(step_up.owner, step_up.record_id)
        if step_up is None or recorded is None:
            raise NotFoundError("There is no such page.")
        challenge = step_up.challenge(challenge_id)
        challenge.require_open(now)
        until = str(int((now + _SIGN_IN_WITHIN).timestamp()))
        state = f"{challenge_id}.{until}.{self._mac('state', challenge_id, until, browser)}"
        return self._sign_in(challenge).start(self._secrets(state, browser), self.answer.settle.person(recorded))

    def finish_sign_in(self, state: str, browser: str, code: str | None, *, now: datetime) -> tuple[str, bool]:
        """The way back: the token of the page to show, and whether the challenge passed.

        Without a code the person turned back, which costs nothing.

        Raises:
            NotFoundError: the way back does not fit the way there, or took too long.
            ConflictError: the challenge has ended in the meantime.
            SignInBrokenError: the provider cannot be used.
        """
        step_up, recorded, token, challenge_id = self._came(state, browser, now)
        if code is None:
            return token, False
        challenge = step_up.challenge(challenge_id)
        challenge.require_open(now)
        person = self.answer.settle.person(recorded)
        checked: Checked = self._sign_in(challenge).finish(code, self._secrets(state, browser), person, now=now)

        def find(work: UnitOfWork) -> StepUp | None:
            return work.step_ups.of_record(step_up.record_id)

        return token, self.answer.sign_in(find, challenge_id, checked, now=now, actor=ACTOR).accepted

    def come_from(self, state: str, browser: str, *, now: datetime) -> str:
        """The token of the page that a sign-in was begun on.

        Raises:
            NotFoundError: the way back does not fit the way there, or took too long.
        """
        return self._came(state, browser, now)[2]

    def _came(self, state: str, browser: str, now: datetime) -> tuple[StepUp, Recorded, str, str]:
        challenge_id, _, rest = state.partition(".")
        until, _, mac = rest.partition(".")
        expected = self._mac("state", challenge_id, until, browser)
        fits = browser and until.isdecimal() and hmac.compare_digest(mac.encode(), expected.encode())
        if not fits or now.timestamp() > int(until):
            raise NotFoundError("This sign-in was not begun here, or took too long; begin again.")
        with self.begin() as work:
            step_up = work.step_ups.of_challenge(None, challenge_id)
            recorded = None if step_up is None else work.ledger.get(step_up.owner, step_up.record_id)
        if step_up is None or recorded is None:
            raise NotFoundError("There is no such challenge.")
        token = self.secrets.token(step_up.record_id, step_up.page.version)
        if token is None:
            raise NotFoundError("There is no such page any more.")
        return step_up, recorded, token, challenge_id

    def _finder(self, token: str) -> Callable[[UnitOfWork], StepUp | None]:
        digest, record_id = self.secrets.token_digest(token), self.secrets.record_of(token)

        def find(work: UnitOfWork) -> StepUp | None:
            return work.step_ups.of_page(digest) if record_id is None else self._of_decision(work, record_id)

        return find

    def _of_decision(self, work: UnitOfWork, record_id: str) -> StepUp | None:
        """What was asked of a sign-up in the meantime; else a step-up that asks nothing, and is nowhere recorded."""
        asked = work.step_ups.of_record(record_id)
        recorded = None if asked is not None else work.ledger.get(None, record_id)
        if recorded is None or not recorded.assessments:
            return asked
        person = self.answer.settle.person(recorded)
        judged = next((each for each in reversed(recorded.assessments) if each.vector is not None), None)
        return StepUp(
            record_id=record_id,
            owner=recorded.owner,
            reference=reference_of(record_id),
            page=self.secrets.seal(record_id),
            doubt=self.answer.settle.plan.doubt(person, judged or recorded.assessments[-1]),
        )

    def _asked(self, challenge: Challenge, person: Person) -> Asked:
        mailed = self.answer.methods.mailed_code(challenge.method)
        if mailed is not None:
            address = challenge.address or mailed.known_address(person)
            sent = challenge.sent_at is not None
            return Asked(challenge, Conduct.CODE, None if address is None else masked(address), code_sent=sent)
        signed = self.answer.methods.sign_in(challenge.method)
        conduct = Conduct.ELSEWHERE if signed is None else Conduct.SIGN_IN
        return Asked(challenge, conduct, None, code_sent=False)

    def _choices(self, step_up: StepUp, person: Person, now: datetime) -> tuple[ChallengeMethod, ...]:
        if not step_up.pending:
            return ()
        first = step_up.pending[0]
        return self.answer.settle.plan.choices(step_up.with_challenge(first.cannot(now)), person)

    def _sign_in(self, challenge: Challenge) -> SignIn:
        sign_in = self.answer.methods.sign_in(challenge.method)
        if sign_in is None:
            raise ConflictError("This challenge is not done by signing in.")
        return sign_in

    def _secrets(self, state: str, browser: str) -> SignInSecrets:
        return SignInSecrets(state, self._mac("nonce", state, browser), self._mac("verifier", state, browser))

    def _mac(self, purpose: str, *parts: str) -> str:
        return base64.urlsafe_b64encode(self.secrets.digest(purpose, *parts)).decode().rstrip("=")


def _plea(work: UnitOfWork, step_up: StepUp) -> Plea:
    if all(each.kind is not AppealKind.HUMAN for each in work.appeals.of_record(step_up.record_id)):
        return Plea.NONE
    waiting = work.cases.of_subject(step_up.owner, appeal_subject(step_up.record_id))
    return Plea.ANSWERED if waiting is None else Plea.HEARD


def masked(address: str) -> str:
    """A mailbox that its owner recognises and nobody else learns."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
