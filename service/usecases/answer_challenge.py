"""Answer a challenge: a result, a code, another mailbox or another method, each idempotent and counted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from service.domain.challenge import Challenge, ChallengeMethod, ChallengeStatus, ClosedBy
from service.domain.errors import ConflictError, FieldError, InvalidError, NotFoundError, TakenError, UnavailableError
from service.domain.step_up import StepUp
from service.usecases.ports import Begin, Recorded, UnitOfWork
from service.usecases.ports_step_up import Mail, StepUpMovedError, StepUpSecrets
from service.usecases.settle_step_up import SettleStepUp
from service.usecases.step_up_methods import Checked, Person, StepUpMethods

T = TypeVar("T")

MOST_ATTEMPTS = 5
"""Of a change that somebody else was faster with; more would mean a stampede on one person's challenges."""

_YEAR = timedelta(days=365)
_TERM = timedelta(days=182)

Find = Callable[[UnitOfWork], StepUp | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A challenge after an answer: ``accepted`` says whether a code was right; the step-up is as it stands now."""

    step_up: StepUp
    challenge: Challenge
    accepted: bool


@dataclass(frozen=True, slots=True)
class Open:
    """What an answer is about, read in its unit of work."""

    work: UnitOfWork
    step_up: StepUp
    recorded: Recorded
    person: Person


@dataclass(frozen=True, slots=True)
class AnswerChallenge:
    """Takes answers from the API and from the hosted page; ``find`` says whose challenge it may be."""

    begin: Begin
    settle: SettleStepUp
    methods: StepUpMethods
    secrets: StepUpSecrets
    new_id: Callable[[datetime], str]

    def result(
        self,
        find: Find,
        challenge_id: str,
        status: ChallengeStatus,
        evidence: Mapping[str, object],
        *,
        now: datetime,
        actor: str,
    ) -> Answer:
        """The result that a sign-up flow reports of a method it ran.

        The same result again is the same answer; another one contradicts what stands.

        Raises:
            NotFoundError: there is no such challenge.
            ConflictError: it ended otherwise or in time, or is run by this service.
            InvalidError: the evidence is not what the method needs.
        """

        def answer(open_: Open) -> Answer:
            challenge = open_.step_up.challenge(challenge_id)
            if challenge.status is status and challenge.closed_by in {ClosedBy.RESULT, ClosedBy.CANNOT}:
                return Answer(open_.step_up, challenge, accepted=True)
            challenge.require_open(now)
            after = self._reported(open_, challenge, status, evidence, now)
            return self._settled(open_, after, now=now, actor=actor)

        return self._changing(find, answer)

    def code(self, find: Find, challenge_id: str, code: str, *, now: datetime, actor: str) -> Answer:
        """The code that a person typed. A wrong one costs a try, durably, before it is answered.

        Raises:
            NotFoundError: there is no such challenge.
            ConflictError: it has ended, or no code belongs to it.
        """

        def answer(open_: Open) -> Answer:
            challenge = open_.step_up.challenge(challenge_id)
            mailed = self.methods.mailed_code(challenge.method)
            if mailed is None:
                raise ConflictError("No code belongs to this challenge.")
            if challenge.closed_by is ClosedBy.CODE and challenge.status is ChallengeStatus.PASSED:
                return Answer(open_.step_up, challenge, accepted=True)
            challenge.require_open(now)
            live = challenge.live_codes(now)
            if not live:
                raise ConflictError("No code is good at the moment; ask for a new one.")
            typed = "".join(code.split())
            if any(self.secrets.matches(each.digest, "code", challenge_id, typed) for each in live):
                mailbox = challenge.address or mailed.known_address(open_.person) or ""
                checked = Checked(passed=True, proof=f"mailbox:{mailbox.casefold()}")
                after = self._proven(open_, challenge, checked, ClosedBy.CODE, now)
            else:
                after = challenge.wrong(ClosedBy.CODE, now=now)
            return self._settled(open_, after, now=now, actor=actor)

        return self._changing(find, answer)

    def send(self, find: Find, challenge_id: str, address: str | None, *, now: datetime, actor: str) -> Answer:
        """Send another code, to another mailbox if one is given.

        Raises:
            NotFoundError: there is no such challenge.
            ConflictError: it has ended, or no code belongs to it.
            InvalidError: the mailbox is needed, or would prove nothing.
            TooManyError: no further code is sent, or not yet.
        """

        def answer(open_: Open) -> Answer:
            challenge = open_.step_up.challenge(challenge_id)
            mailed = self.methods.mailed_code(challenge.method)
            if mailed is None:
                raise ConflictError("No code belongs to this challenge.")
            challenge.require_open(now)
            if address is not None and not mailed.takes(address, open_.person):
                raise _wrong_mailbox("must be a mailbox at the institution that the person named")
            if address is None and (challenge.address or mailed.known_address(open_.person)) is None:
                raise _wrong_mailbox("is needed: no mailbox at the institution is known")
            pause = timedelta(seconds=self.settle.plan.terms().section.resend_pause_s)
            after = challenge.asked_again(now=now, pause=pause, address=address)
            language = self.settle.plan.language_of(open_.recorded.signup.device.accept_language)
            mail = Mail(self.new_id(now), challenge_id, language, now)
            changed = open_.step_up.with_challenge(after)
            saved = self.settle.save(open_.work, open_.step_up, changed, now=now, actor=actor, mails=(mail,))
            return Answer(saved, after, accepted=True)

        return self._changing(find, answer)

    def another(
        self, find: Find, challenge_id: str, method: ChallengeMethod | None, *, now: datetime, actor: str
    ) -> Answer:
        """The person cannot do it and chooses another method, or (``None``) can do none of them.

        Raises:
            NotFoundError: there is no such challenge.
            ConflictError: it has ended, or the method would lead nowhere.
        """

        def answer(open_: Open) -> Answer:
            plan = self.settle.plan
            challenge = open_.step_up.challenge(challenge_id)
            without = open_.step_up.with_challenge(challenge.cannot(now))
            if method is None:
                # Nothing else is asked: everything pending is given up, without blame, and a person decides.
                given_up = without.each(lambda each: each.cannot(now) if each.pending else each)
                return self._settled(open_, given_up.challenge(challenge_id), now=now, actor=actor, whole=given_up)
            if method not in plan.choices(without, open_.person):
                raise ConflictError("This method is not offered for this sign-up.")
            asked, mails = plan.ask(without, open_.person, now=now, including=method)
            saved = self.settle.save(open_.work, open_.step_up, asked, now=now, actor=actor, mails=mails)
            return Answer(saved, saved.challenge(challenge_id), accepted=True)

        return self._changing(find, answer)

    def sign_in(self, find: Find, challenge_id: str, checked: Checked, *, now: datetime, actor: str) -> Answer:
        """What a sign-in at another service proved, or did not.

        Raises:
            NotFoundError: there is no such challenge.
            ConflictError: it has ended.
        """

        def answer(open_: Open) -> Answer:
            challenge = open_.step_up.challenge(challenge_id)
            challenge.require_open(now)
            if checked.passed:
                after = self._proven(open_, challenge, checked, ClosedBy.SIGN_IN, now)
            else:
                after = challenge.wrong(ClosedBy.SIGN_IN, now=now, evidence=checked.evidence)
            return self._settled(open_, after, now=now, actor=actor)

        return self._changing(find, answer)

    def _reported(
        self,
        open_: Open,
        challenge: Challenge,
        status: ChallengeStatus,
        evidence: Mapping[str, object],
        now: datetime,
    ) -> Challenge:
        if status is ChallengeStatus.ABANDONED:
            if evidence.get("cannot") is True:
                return challenge.cannot(now)
            return challenge.answered(status, ClosedBy.RESULT, now=now)
        run = self.methods.run_by_caller(challenge.method)
        if run is None:
            raise ConflictError("Gatehouse runs this method itself; only its abandonment may be reported.")
        if status is ChallengeStatus.FAILED:
            return challenge.answered(status, ClosedBy.RESULT, now=now, evidence=_plain(evidence))
        return self._proven(open_, challenge, run.check(evidence), ClosedBy.RESULT, now)

    def _proven(self, open_: Open, challenge: Challenge, checked: Checked, by: ClosedBy, now: datetime) -> Challenge:
        """The challenge passed, or failed: also where the very same proof has served as many people as it may."""
        section = self.settle.plan.terms().section
        proof = None if checked.proof is None else self.secrets.digest("proof", checked.proof)
        status = ChallengeStatus.PASSED if checked.passed else ChallengeStatus.FAILED
        evidence = dict(checked.evidence)
        if checked.passed and proof is not None:
            limit, since = section.people_per_proof, now - _YEAR
            if checked.attests:
                limit, since = section.people_per_attester, now - _TERM
            if open_.work.step_ups.people_proven(proof, since=since, besides=open_.step_up.record_id) >= limit:
                status, evidence = ChallengeStatus.FAILED, {"proof_used_up": True}
        kept = proof if status is ChallengeStatus.PASSED else None
        return challenge.answered(status, by, now=now, evidence=evidence, proof=kept)

    def _settled(
        self, open_: Open, challenge: Challenge, *, now: datetime, actor: str, whole: StepUp | None = None
    ) -> Answer:
        after = open_.step_up.with_challenge(challenge) if whole is None else whole
        if challenge.pending:
            saved = self.settle.save(open_.work, open_.step_up, after, now=now, actor=actor)
        else:
            saved = self.settle(
                open_.work,
                open_.step_up,
                after,
                recorded=open_.recorded,
                now=now,
                actor=actor,
                ask_more=whole is None,
            )
        accepted = challenge.status is ChallengeStatus.PASSED or challenge.closed_by not in {
            None, ClosedBy.CODE, ClosedBy.SIGN_IN,
        }  # fmt: skip
        return Answer(saved, saved.challenge(challenge.id), accepted=accepted)

    def _changing(self, find: Find, answer: Callable[[Open], T]) -> T:
        """Read, answer and commit; again when somebody else was faster, so that no try and no result is lost."""
        for _ in range(MOST_ATTEMPTS):
            with self.begin() as work:
                step_up = find(work)
                recorded = None if step_up is None else work.ledger.get(step_up.owner, step_up.record_id)
                if step_up is None or recorded is None:
                    raise NotFoundError("There is no such challenge.")
                result = answer(Open(work, step_up, recorded, self.settle.person(recorded)))
                try:
                    work.commit()
                except (StepUpMovedError, TakenError):
                    continue
            return result
        raise UnavailableError("This challenge is being answered many times at once; try again.")


def _plain(evidence: Mapping[str, object]) -> dict[str, object]:
    """What is kept of a failed proof: that it failed for a reason out of a closed set, never free text."""
    reason = evidence.get("reason")
    return {"reason": reason} if isinstance(reason, str) and reason.isidentifier() and len(reason) <= 64 else {}


def _wrong_mailbox(message: str) -> InvalidError:
    return InvalidError(f"The mailbox {message}.", (FieldError("/email", message),))
