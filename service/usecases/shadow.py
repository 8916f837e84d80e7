"""The shadow: challengers score what was decided, after the answer was sent, and decide nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from models import registry
from models.card import CardInvalidError
from models.registry import RegistryError
from service.domain.decision import Decision, ModelReference, harsher, milder
from service.domain.errors import ConflictError, NotFoundError
from service.domain.policy import Policy
from service.usecases.logged_vectors import Rescorer
from service.usecases.ports import AuditEntry, Begin
from service.usecases.ports_learning import Judged, Shadow, ShadowPair, ShadowScore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StartShadow:
    """Put a version of the registry into the shadow."""

    begin: Begin
    directory: Path
    catalogue: Sequence[str]

    def __call__(self, version: str, *, actor: str, now: datetime) -> ModelReference:
        """Start; it scores what is sealed in the audit record from now on.

        Raises:
            RegistryError, CardInvalidError: the model cannot serve.
            ConflictError: it is in the shadow already.
        """
        card = registry.load(self.directory, version, catalogue=self.catalogue).card
        model = ModelReference(card.version, card.model_sha256)
        with self.begin() as work:
            work.shadows.start(model, at=now, seal_no=work.judgements.newest_seal())
            work.audit.add(AuditEntry(now, actor, "model.shadow_started", version, {"sha256": card.model_sha256}))
            work.commit()
        return model


@dataclass(frozen=True, slots=True)
class StopShadow:
    """Take a version out of the shadow; what it scored stays."""

    begin: Begin

    def __call__(self, version: str, *, actor: str, now: datetime) -> None:
        """Stop.

        Raises:
            NotFoundError: it is in no shadow.
        """
        with self.begin() as work:
            if not work.shadows.stop(version, at=now):
                raise NotFoundError(f"{version} is not in the shadow.")
            work.audit.add(AuditEntry(now, actor, "model.shadow_stopped", version, {}))
            work.commit()


@dataclass(slots=True)
class ScoreShadows:
    """The worker's part: every challenger scores what has been sealed since it last did."""

    begin: Begin
    directory: Path
    catalogue: Sequence[str]
    policy: Callable[[], Policy]
    _rescorers: dict[str, Rescorer] = field(default_factory=dict)

    def __call__(self, now: datetime) -> int:
        """Score; how many assessments. A challenger that cannot be loaded waits and keeps no other from scoring."""
        with self.begin() as work:
            running = work.shadows.running()
        self._rescorers = {each.model.version: found for each in running if (found := self._rescorer(each)) is not None}
        return sum(self._catch_up(each, now) for each in running if each.model.version in self._rescorers)

    def _rescorer(self, shadow: Shadow) -> Rescorer | None:
        version = shadow.model.version
        known = self._rescorers.get(version)
        if known is not None:
            return known
        try:
            found = Rescorer(self.directory, version, self.catalogue)
        except (RegistryError, CardInvalidError, ValueError, OSError) as error:
            _log.error("a model in the shadow cannot be loaded: %s", error)
            return None
        if found.loaded.card.model_sha256 != shadow.model.sha256:
            _log.error("a model in the shadow has other bytes than when it was started", extra={"model": version})
            return None
        return found

    def _catch_up(self, shadow: Shadow, now: datetime) -> int:
        rescorer, scored = self._rescorers[shadow.model.version], 0
        while True:
            with self.begin() as work:
                seal_no, judged = work.judgements.after_seal(shadow.seal_no)
                if seal_no == shadow.seal_no:
                    return scored
                scores = tuple(self._scores(rescorer, judged))
                work.shadows.add(shadow, scores, seal_no=seal_no, at=now)
                try:
                    work.commit()
                except ConflictError:
                    return scored  # another worker has taken this step, or somebody stopped the shadow
            scored += len(scores)
            shadow = Shadow(shadow.model, shadow.started_at, seal_no)

    def _scores(self, rescorer: Rescorer, judged: Sequence[Judged]) -> Iterator[ShadowScore]:
        policy = self.policy()
        scores = rescorer.scores((each.vector, each.model) for each in judged)
        for each, score in zip(judged, scores, strict=True):
            if score is not None:
                yield ShadowScore(each.assessment_id, each.signup_no, score, would_decide(policy, each, score))


def would_decide(policy: Policy, judged: Judged, score: float) -> Decision:
    """What another score would have led to, the rules weighing as they did.

    A rule that lifted or lowered the decision above or below what the score asked for does so again.
    """
    if judged.score is None:
        asked = policy.document.fallback.decision
    else:
        asked = policy.document.thresholds[judged.account_type].decision_for(judged.score)
    would = policy.document.thresholds[judged.account_type].decision_for(score)
    if judged.decision.severity > asked.severity:
        return harsher(would, judged.decision)
    if judged.decision.severity < asked.severity:
        return milder(would, judged.decision)
    return would


def pairs_of(begin: Begin, version: str) -> Iterator[ShadowPair]:
    """Every assessment that a challenger scored, beside what was decided; page after page."""
    after = (0, "")
    while True:
        with begin() as work:
            page = work.shadows.pairs(version, after=after)
        yield from page
        if not page:
            return
        after = (page[-1].judged.signup_no, page[-1].judged.assessment_id)
