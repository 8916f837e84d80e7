"""Judge: from facts to an assessment, whether the sign-up is new or looked at again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.features.campaign import Campaign, campaign_of
from models.features.catalogue import Vector, vector_of
from models.features.facts import Facts
from models.features.feature import Group
from models.reasons import strongest_reasons
from models.reference.reference import Reference
from models.registry import LoadedModel
from models.signals.signals import Signals
from models.signup_document import document_of_signup
from service.domain.decision import Assessment, Decision, ModelReference, Reason, harsher
from service.domain.habits import SignalsDocument
from service.domain.policy import NEVER, Policy, Ruling
from service.domain.standing import ListHit
from service.usecases.standing import standing_of
from service.usecases.stopwatch import NULL_STOPWATCH, Stopwatch

MODEL_UNAVAILABLE = "model_unavailable"
SCORING_FAILED = "scoring_failed"

SUSPECTED_CAMPAIGN = "SUSPECTED_CAMPAIGN"
_CAMPAIGN_TEXT = (
    "At least three habits (mailbox pattern, browser on a network, card range, pace and language of the form) came "
    "far more often than ever at once: a campaign may be under way."
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """Something that asks for a proof after a ban: its name among the rules, and the reason that is given."""

    rule: str
    reason: Reason


LookOut = Callable[[float | None, SignalsDocument], Sequence[Held]]
"""From a score and the signals to what holds after the bans of the last days."""


def look_out_for_nobody(score: float | None, signals: SignalsDocument) -> Sequence[Held]:
    """Look out for nobody."""
    del score, signals
    return ()


@dataclass(frozen=True, slots=True)
class Judge:
    """Features, score, policy: one assessment, which the caller records.

    ``model`` and ``policy`` are asked at every judgement, because either may be replaced while the service
    runs; one judgement never mixes two.

    Attributes:
        lists: the entries of lists that a sign-up is on at an instant; of none where nobody keeps lists.
        chance: a uniform draw in [0, 1) for exploration; by default one that explores nothing.
        alarm: told which rules could not run.
    """

    reference: Reference
    model: Callable[[], LoadedModel | None]
    policy: Callable[[], Policy]
    new_id: Callable[[datetime], str]
    lists: Callable[[Callable[[], Signals], datetime], tuple[ListHit, ...]] = lambda *_: ()
    chance: Callable[[], float] = lambda: NEVER
    alarm: Callable[[Sequence[str]], None] = lambda _: None

    def __call__(
        self,
        facts: Facts,
        *,
        now: datetime,
        stopwatch: Stopwatch = NULL_STOPWATCH,
        look_out: LookOut = look_out_for_nobody,
    ) -> Assessment:
        """Judge the facts at ``now``; never raises for want of a model, but says so and falls back on the policy.

        ``look_out`` says for whom people look out after a ban: then a proof is the least that is asked.
        """
        vector = vector_of(facts)
        stopwatch.lap("features")
        model = self.model()
        score, degraded_reason = _score(model, vector)
        stopwatch.lap("score")
        policy = self.policy()
        campaign = campaign_of(vector, facts.linkage)
        signals, linkage = facts.signals.as_document(), facts.linkage.as_document()
        if campaign.surprises:
            linkage["campaign"] = campaign.as_document()
        ruling = policy.rule_on(
            account_type=facts.signup.account_type,
            score=score,
            signup=document_of_signup(facts.signup, only=policy.of_signup),
            signals=signals,
            linkage=linkage,
            now=now,
            standing=standing_of(linkage, self.lists(lambda: facts.signals, now), signals),
            chance=self.chance(),
        )
        if ruling.failed_rules:
            self.alarm(ruling.failed_rules)
        for held in look_out(score, signals):
            ruling = _looked_out_for(ruling, held)
        stopwatch.lap("policy")
        reasons = (*tags_of(campaign), *ruling.reasons)
        if model is not None and score is not None and ruling.decision is not Decision.ALLOW:
            # An allowed sign-up needs no reasons at once: they are computed from the stored vector when asked for.
            reasons = (*explained(model, vector), *reasons)
            stopwatch.lap("explain")
        return Assessment(
            id=self.new_id(now),
            decided_at=now,
            decision=ruling.decision,
            score=score,
            reasons=reasons,
            rules=ruling.rules,
            vector=vector.astype("<f4", copy=False).tobytes(),
            signals=signals,
            linkage=linkage,
            model=None if model is None or score is None else reference_of(model),
            policy_version=policy.version,
            degraded=degraded_reason is not None,
            degraded_reason=degraded_reason,
            silent_rules=ruling.silent_rules,
            failed_rules=ruling.failed_rules,
            hits=ruling.hits,
            explored=ruling.explored,
            grant=ruling.grant,
        )


def _looked_out_for(ruling: Ruling, held: Held) -> Ruling:
    return replace(
        ruling,
        decision=harsher(ruling.decision, Decision.STEP_UP),
        rules=(*ruling.rules, held.rule),
        reasons=(*ruling.reasons, held.reason),
        # Nobody who is looked out for is let in at random, and a grant is for those who are let in.
        explored=None,
        grant=None,
    )


def reference_of(model: LoadedModel) -> ModelReference:
    """Which model it is, as assessments name it."""
    return ModelReference(version=model.card.version, sha256=model.card.model_sha256)


def tags_of(campaign: Campaign) -> tuple[Reason, ...]:
    """What a reviewer is told of a suspected campaign: a reason that weighs nothing and raises no decision."""
    if not campaign.suspected:
        return ()
    return (Reason(code=SUSPECTED_CAMPAIGN, group=Group.LINKAGE.value, text=_CAMPAIGN_TEXT),)


def explained(model: LoadedModel, vector: Vector) -> tuple[Reason, ...]:
    """The strongest reasons for the model's score, in the order of their weight."""
    explanation = model.scorer.explain(vector)
    return tuple(
        Reason(code=each.code, group=each.group, text=each.text, contribution=each.contribution)
        for each in strongest_reasons(explanation.contributions, vector)
    )


def _score(model: LoadedModel | None, vector: Vector) -> tuple[float | None, str | None]:
    if model is None:
        return None, MODEL_UNAVAILABLE
    try:
        return model.scorer.score(vector).probability, None
    except Exception as error:
        # No message and no traceback: either may hold what the person told us.
        _log.error("scoring failed", extra={"error_type": type(error).__name__})
        return None, SCORING_FAILED
