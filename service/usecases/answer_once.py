"""Answer every Idempotency-Key once: claim it, wait for the one who holds it, or give the stored answer again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.domain.errors import KeyReusedError, StillRunningError
from service.usecases.ports import Begin
from service.usecases.ports_idempotency import Fingerprint, IdempotencyClaim, StoredAnswer
from service.usecases.views import Answer

# Longer than any decision takes, shorter than the patience of a sign-up form.
WAIT_S = 2.0
_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class AnswerOnce:
    """Runs a request at most once per Idempotency-Key of an owner.

    ``monotonic`` is a clock in seconds, ``sleep`` waits for so many of them.
    """

    begin: Begin
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    wait_s: float = WAIT_S

    def __call__(
        self, claim: IdempotencyClaim, work: Callable[[], Answer], *, fingerprint: Fingerprint, now: datetime
    ) -> Answer:
        """The answer of ``work``, or the one an earlier request with the same key and body got.

        ``work`` stores a fresh answer in its own transaction, under the claim. When it fails the key is given
        back, so that nothing but a recorded answer is ever kept.

        Raises:
            KeyReusedError: the key came with another request before.
            StillRunningError: the first request has not finished after ``wait_s``.
            UnavailableError: the database cannot be used.
        """
        stored = self._claim(claim, now)
        if stored is not None:
            if not fingerprint.matches(stored.fingerprint):
                raise KeyReusedError("The Idempotency-Key was used before with another request.")
            return Answer(status=200, body=stored.body, replayed=True)
        try:
            answer = work()
            if answer.replayed:  # known by its signup_id: nothing was appended, so nothing answered the claim
                self._keep(claim, answer)
        except BaseException:  # even a killed thread gives the key back; the error itself goes on
            self._release(claim)
            raise
        return answer

    def _claim(self, claim: IdempotencyClaim, now: datetime) -> StoredAnswer | None:
        deadline = self.monotonic() + self.wait_s
        while True:
            try:
                with self.begin() as work:
                    return work.idempotency.claim(claim, now=now)
            except StillRunningError:
                if self.monotonic() >= deadline:
                    raise
            self.sleep(_PAUSE_S)

    def _keep(self, claim: IdempotencyClaim, answer: Answer) -> None:
        with self.begin() as work:
            work.idempotency.answer(claim, status=answer.status, body=answer.body)
            work.commit()

    def _release(self, claim: IdempotencyClaim) -> None:
        with self.begin() as work:
            work.idempotency.release(claim)
