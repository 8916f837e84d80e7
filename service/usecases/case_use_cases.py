"""The use cases about cases, made together: the API and the console call the very same ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.domain.policy import Policy
from service.domain.policy_sections.review import ReviewPolicy
from service.usecases.bulk_verdicts import BulkVerdicts
from service.usecases.decide_by_person import AskMore, TellOutcome, VerdictOutcome
from service.usecases.give_verdict import GiveVerdict
from service.usecases.handle_cases import HandleCases
from service.usecases.open_case import OpenAppeal, OpenCase
from service.usecases.ports import Begin, Recorded, UnitOfWork
from service.usecases.read_cases import ReadCases
from service.usecases.take_back import TakeBack
from service.usecases.views import ChallengeView


@dataclass(frozen=True, slots=True)
class CaseUseCases:
    """What can be done with cases."""

    read: ReadCases
    handle: HandleCases
    open: OpenCase
    appeal: OpenAppeal
    verdict: GiveVerdict
    take_back: TakeBack
    bulk: BulkVerdicts


def tell_nobody(work: UnitOfWork, outcome: VerdictOutcome) -> None:
    """For a service that records no outcomes."""
    del work, outcome


def ask_nothing(work: UnitOfWork, recorded: Recorded, now: datetime) -> tuple[ChallengeView, ...]:
    """For a service that runs no challenges itself: the sign-up flow is told ``step_up`` and asks on its own."""
    del work, recorded, now
    return ()


def case_use_cases(
    begin: Begin,
    *,
    policy: Callable[[], Policy],
    new_id: Callable[[datetime], str],
    tell_outcome: TellOutcome = tell_nobody,
    ask_more: AskMore = ask_nothing,
) -> CaseUseCases:
    """The use cases over a store and the policy in force.

    Args:
        tell_outcome: stages the outcome of a verdict, or its withdrawal, in the verdict's transaction.
        ask_more: stages the challenges that the verdict ``ask_more`` asks for.
    """

    def review() -> ReviewPolicy:
        return policy().document.review

    def version() -> int:
        return policy().version

    read, handle = ReadCases(begin), HandleCases(begin, review)
    verdict = GiveVerdict(begin, review, version, new_id, tell_outcome, ask_more)
    take_back = TakeBack(begin, review, version, new_id, tell_outcome)
    return CaseUseCases(
        read=read,
        handle=handle,
        open=OpenCase(begin, review, new_id),
        appeal=OpenAppeal(begin, review, new_id),
        verdict=verdict,
        take_back=take_back,
        bulk=BulkVerdicts(begin, review, new_id, read, handle, verdict, take_back),
    )
