"""The parts of step-up, made once from the settings: for the web application, and for the worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from models.reference.reference import Reference
from service.challenges.catalogue import methods_of
from service.challenges.mail import SmtpSendCode
from service.challenges.pages import PREFIX, RETURN
from service.challenges.texts import language_of
from service.config import Settings
from service.connections import PleasBecomeCases
from service.domain.policy import Policy
from service.storage.step_up_secrets import StepUpSecrets
from service.usecases.answer_challenge import AnswerChallenge
from service.usecases.estimate_rates import EstimateRates, RatesInForce
from service.usecases.expire_challenges import ExpireChallenges
from service.usecases.limit_visits import LimitVisits
from service.usecases.plan_step_up import PlanStepUp
from service.usecases.ports import Begin
from service.usecases.send_codes import SendCodes
from service.usecases.settle_step_up import SettleStepUp
from service.usecases.step_up_page import StepUpPage


@dataclass(frozen=True, slots=True)
class StepUpParts:
    """What the composition hands out. ``send_codes`` is ``None`` without a mail server."""

    plan: PlanStepUp
    settle: SettleStepUp
    answer: AnswerChallenge
    page: StepUpPage
    visits: LimitVisits
    expire: ExpireChallenges
    estimate: EstimateRates
    send_codes: SendCodes | None
    secrets: StepUpSecrets
    pages: str


def step_up_parts(
    settings: Settings,
    *,
    begin: Begin,
    policy: Callable[[], Policy],
    reference: Reference,
    new_id: Callable[[datetime], str],
) -> StepUpParts:
    """The parts. Nothing connects yet: mail servers and providers are met when they are first needed."""
    secrets = StepUpSecrets((key.version, key.key) for key in settings.pseudonym_keys)
    methods = methods_of(
        reference,
        sends_mail=settings.smtp is not None,
        providers=settings.oidc_providers,
        redirect_uri=settings.public_url + RETURN,
        monotonic=time.monotonic,
    )
    plan = PlanStepUp(
        policy=policy,
        rates=RatesInForce(begin, time.monotonic),
        methods=methods,
        secrets=secrets,
        language_of=language_of,
        new_id=new_id,
    )
    settle = SettleStepUp(plan=plan, reference=reference, new_id=new_id)
    answer = AnswerChallenge(begin=begin, settle=settle, methods=methods, secrets=secrets, new_id=new_id)
    send_codes = None
    if settings.smtp is not None:
        send = SmtpSendCode(settings.smtp, settings.mail_from)
        send_codes = SendCodes(begin=begin, settle=settle, methods=methods, secrets=secrets, send=send)
    return StepUpParts(
        plan=plan,
        settle=settle,
        answer=answer,
        page=StepUpPage(
            begin=begin, answer=answer, secrets=secrets, new_id=new_id, tell=PleasBecomeCases(policy, new_id)
        ),
        visits=LimitVisits(begin),
        expire=ExpireChallenges(begin, settle),
        estimate=EstimateRates(begin, policy),
        send_codes=send_codes,
        secrets=secrets,
        pages=settings.public_url + PREFIX,
    )
