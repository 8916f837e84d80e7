"""Estimate pass rates from results and from what became known of people, and give out the estimates in force."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.linkage.marks import Mark
from service.domain.errors import UnavailableError
from service.domain.outcome import Grade, mark_of, standing_of
from service.domain.pass_rates import Answered, PassRate, estimate
from service.domain.policy import Policy
from service.domain.policy_sections.clusters import OutcomeLines
from service.usecases.ports import Begin, UnitOfWork

EVERY = timedelta(days=1)
LOOKS_BACK = timedelta(days=365)
FRESH_FOR_S = 60.0


@dataclass(frozen=True, slots=True)
class EstimateRates:
    """Re-estimates every rate of the policy's table once a day."""

    begin: Begin
    policy: Callable[[], Policy]

    def __call__(self, now: datetime) -> int:
        """Estimate if the last time is a day ago; how many rates."""
        with self.begin() as work:
            last = work.pass_rates.estimated_at()
        return 0 if last is not None and now < last + EVERY else len(self.now(now))

    def now(self, now: datetime) -> Sequence[PassRate]:
        """Estimate at once, and keep the estimates."""
        document = self.policy().document
        with self.begin() as work:
            answers = _labelled(work, work.step_ups.answered(since=now - LOOKS_BACK), document.clusters.outcomes)
            rates = estimate(answers, document.challenges)
            work.pass_rates.put(rates, at=now)
            work.commit()
        return rates


def _labelled(work: UnitOfWork, answers: Sequence[Answered], lines: OutcomeLines) -> list[Answered]:
    """The answers with the truth of whom it is known, as surely as a ban must be.

    That somebody failed a challenge is no truth about them: it would only repeat the answer.
    """
    known: dict[int, bool] = {}
    for signup_no, outcomes in work.outcomes.of_many(sorted({each.signup_no for each in answers})).items():
        told = [each for each in outcomes if each.said.grade is not Grade.E]
        mark = mark_of(standing_of(told, lines.precedence), certain=lines.certain)
        if mark is not None:
            known[signup_no] = mark is Mark.BANNED
    return [replace(each, fraud=known.get(each.signup_no)) for each in answers]


class RatesInForce:
    """The estimates as decisions use them, read again every minute; the table's own values until there are any."""

    def __init__(self, begin: Begin, monotonic: Callable[[], float]) -> None:
        self._begin = begin
        self._monotonic = monotonic
        self._looking = threading.Lock()
        self._due = float("-inf")
        self._rates: Sequence[PassRate] = ()

    def __call__(self) -> Sequence[PassRate]:
        """The estimates. One caller a minute looks again; a database that is away changes nothing."""
        if self._monotonic() >= self._due and self._looking.acquire(blocking=False):
            try:
                with self._begin() as work:
                    self._rates = work.pass_rates.all()
            except UnavailableError:
                pass
            finally:
                self._due = self._monotonic() + FRESH_FOR_S
                self._looking.release()
        return self._rates
