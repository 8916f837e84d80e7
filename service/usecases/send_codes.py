"""Send codes: the mails that are due, each with a code made at the moment of sending and kept as a digest only."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from service.usecases.answer_challenge import MOST_ATTEMPTS
from service.usecases.ports import Begin
from service.usecases.ports_step_up import Mail, StepUpMovedError, StepUpSecrets
from service.usecases.settle_step_up import SettleStepUp
from service.usecases.step_up_methods import StepUpMethods

BATCH = 50
MOST_TRIES = 8
_LEASE = timedelta(minutes=2)
"""Longer than sending takes with all its time-outs: a mail of a killed worker is sent by another after it."""

_FIRST_PAUSE = timedelta(seconds=15)
_HOUR = timedelta(hours=1)
KEPT_FOR = timedelta(days=30)

_log = logging.getLogger(__name__)


class MailNotSentError(Exception):
    """The mail could not be handed over. ``final`` when trying again would not help."""

    def __init__(self, *, final: bool) -> None:
        super().__init__("the mail was not sent")
        self.final = final


class SendCode(Protocol):
    """Hands one mail over."""

    def __call__(self, *, to: str, code: str, language: str, reference: str, minutes: int, mail_id: str) -> None:
        """Send it.

        Raises:
            MailNotSentError: the mail server did not take it.
        """
        ...


@dataclass(frozen=True, slots=True)
class SendCodes:
    """One round of sending; several workers share the mails."""

    begin: Begin
    settle: SettleStepUp
    methods: StepUpMethods
    secrets: StepUpSecrets
    send: SendCode

    def __call__(self, now: datetime) -> int:
        """Send what is due; how many mails were handed over."""
        with self.begin() as work:
            mails = work.mails.claim(now=now, until=now + _LEASE, limit=BATCH)
        sent = 0
        for place, mail in enumerate(mails):
            try:
                sent += self._sent(mail, now)
            except MailNotSentError:
                # The server is likely to treat the others alike: none of them waits for its time-outs in turn.
                for other in mails[place:]:
                    self._put_off(other, now)
                break
        return sent

    def forget(self, now: datetime) -> int:
        """Forget mails that ended long ago; how many."""
        with self.begin() as work:
            return work.mails.purge(before=now - KEPT_FOR)

    def _sent(self, mail: Mail, now: datetime) -> bool:
        ready = self._prepared_unmoved(mail, now)
        if ready is None:
            return False
        address, mailbox, hand_over = ready
        try:
            hand_over(address)
        except MailNotSentError as error:
            if not error.final:
                raise
            self._given_up(mail, now, "the mail server refused it")
            return False
        with self.begin() as work:
            work.mails.done(mail.id, at=now, sent=True, mailbox=mailbox)
            work.commit()
        return True

    def _prepared_unmoved(self, mail: Mail, now: datetime) -> tuple[str, bytes, Callable[[str], None]] | None:
        """The same, again when somebody else was faster: people open the page while the mail is on its way."""
        for _ in range(MOST_ATTEMPTS):
            with contextlib.suppress(StepUpMovedError):
                return self._prepared(mail, now)
        return None  # it comes round again after the lease

    def _prepared(self, mail: Mail, now: datetime) -> tuple[str, bytes, Callable[[str], None]] | None:
        """Make the code and keep its digest; ``None`` when nothing is to be sent any more."""
        with self.begin() as work:
            step_up = work.step_ups.of_challenge(None, mail.challenge_id)
            found = () if step_up is None else work.ledger.many(step_up.owner, [step_up.record_id])
            recorded = next(iter(found), None)
            if step_up is None or recorded is None:
                self._given_up(mail, now, "the challenge is gone")
                return None
            challenge = step_up.challenge(mail.challenge_id)
            method = self.methods.mailed_code(challenge.method)
            if not challenge.pending or challenge.expires_at <= now or method is None:
                self._given_up(mail, now, "the challenge has ended")
                return None
            address = challenge.address or method.known_address(self.settle.person(recorded))
            if address is None:
                self._given_up(mail, now, "no mailbox is known")
                return None
            section = self.settle.plan.terms().section
            mailbox = self.secrets.digest("mailbox", address.casefold())
            if work.mails.sent_to(mailbox, since=now - _HOUR) >= section.codes_per_mailbox_hour:
                # Whoever signs up with somebody else's address must not fill their mailbox.
                self._given_up(mail, now, "the mailbox was sent many codes")
                return None
            code = self.secrets.code()
            coded = challenge.with_code(
                self.secrets.digest("code", challenge.id, code),
                now=now,
                good_for=timedelta(minutes=section.code_minutes),
            )
            self.settle.save(work, step_up, step_up.with_challenge(coded), now=now, actor="gatehouse")
            work.commit()

        def hand_over(to: str) -> None:
            self.send(
                to=to,
                code=code,
                language=mail.language,
                reference=step_up.reference,
                minutes=section.code_minutes,
                mail_id=mail.id,
            )

        return address, mailbox, hand_over

    def _put_off(self, mail: Mail, now: datetime) -> None:
        if mail.tries >= MOST_TRIES:
            self._given_up(mail, now, "the mail server did not take it")
            return
        with self.begin() as work:
            work.mails.put_off(mail.id, until=now + _FIRST_PAUSE * 2 ** (mail.tries - 1))
            work.commit()

    def _given_up(self, mail: Mail, now: datetime, why: str) -> None:
        _log.warning("a code was not sent", extra={"challenge": mail.challenge_id, "why": why, "tries": mail.tries})
        with self.begin() as work:
            work.mails.done(mail.id, at=now, sent=False)
            work.commit()
