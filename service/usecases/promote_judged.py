"""Promotion on a kept judgement: what was judged elsewhere is promoted from a distance, or two people override it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from models import registry
from models.card import Card, CardInvalidError
from models.kept_judgement import JudgedModel, KeptJudgement, judgement_of
from models.registry import RegistryError, UnknownModelError
from service.domain.errors import ConflictError, FieldError, InvalidError, NotFoundError
from service.usecases.ports import AuditEntry, Begin
from service.usecases.promote import Override, Promote

NO_MODEL = "There is no such model."

JUDGEMENT_HOLDS = timedelta(days=14)
"""Attackers change weekly: what held on data of a fortnight ago may no longer hold."""

REQUEST_WAITS = timedelta(hours=24)
"""How long an override waits for its second person: both have to be looking at the same day's figures."""

_REQUESTED, _PROMOTED = "model.override_requested", "model.promoted"


@dataclass(frozen=True, slots=True)
class OverrideRequest:
    """Somebody wants a model promoted against its gates; another has to want the same before ``until``."""

    by: str
    at: datetime
    reason: str

    @property
    def until(self) -> datetime:
        """When it lapses."""
        return self.at + REQUEST_WAITS


@dataclass(frozen=True, slots=True)
class Prospect:
    """How a version stands to the champion.

    Attributes:
        champion: what scores now; ``None`` when nobody can tell.
        judgement: the newest on record, whatever it is worth now.
        obstacle: why it is not promoted as it stands; ``None`` when it may be.
        refused_by: the gates that refuse it, where the judgement counts.
        request: an override that waits for a second person.
    """

    card: Card
    champion: JudgedModel | None
    judgement: KeptJudgement | None
    obstacle: str | None
    refused_by: tuple[str, ...] = ()
    request: OverrideRequest | None = None


@dataclass(frozen=True, slots=True)
class PromoteJudged:
    """Make a version score whose gates were asked elsewhere."""

    begin: Begin
    directory: Path
    catalogue: Sequence[str]

    def prospect(self, version: str, *, now: datetime) -> Prospect:
        """Whether a version may be promoted, and what speaks against it.

        Raises:
            NotFoundError: there is no such model, or its card cannot be read.
            ConflictError: it scores already, or it is the shipped one, which nothing is promoted to.
        """
        card = self._challenger(version)
        champion = self._champion()
        if champion is not None and champion.version == card.version:
            raise ConflictError(f"{version} scores already.")
        judgement = judgement_of(self.directory, version)
        obstacle = _obstacle(card, champion, judgement, now)
        counts = judgement is not None and obstacle is None
        refused_by = judgement.refused_by if judgement is not None and counts else ()
        if refused_by:
            obstacle = f"Refused by {', '.join(refused_by)}."
        return Prospect(card, champion, judgement, obstacle, refused_by, self._request(card, champion, now))

    def __call__(self, version: str, *, actor: str, now: datetime) -> Card:
        """Promote it; running services notice within seconds.

        Raises:
            NotFoundError, ConflictError: as ``prospect``.
            GatesRefuseError: a gate does not hold; the audit record says which.
            ConflictError: it was not judged, or not against this champion, or too long ago, or it cannot serve.
        """
        found = self.prospect(version, now=now)
        if found.obstacle is not None and not found.refused_by:
            raise ConflictError(found.obstacle)
        return self._promote(found, actor=actor, now=now)

    def override(self, version: str, *, reason: str, actor: str, now: datetime) -> Card | OverrideRequest:
        """Promote it against its gates, or unjudged, once two people want that of the same champion.

        Returns:
            The card of what scores now, or the request that waits for somebody else. Where nothing stands against
            the promotion there is nothing to override: it is promoted.

        Raises:
            NotFoundError, ConflictError: as ``prospect``, or it cannot serve.
            InvalidError: no reason.
        """
        if not reason.strip():
            raise InvalidError("An override needs a reason.", (FieldError("/reason", "must say why"),))
        found = self.prospect(version, now=now)
        if found.obstacle is None:
            return self._promote(found, actor=actor, now=now)
        request = found.request
        if request is None:
            return self._ask(found, reason=reason, actor=actor, now=now)
        if request.by == actor:
            return request
        people = Override(request.by, actor, request.reason, seconded=reason)
        return self._promote(found, actor=actor, now=now, override=people)

    def _promote(self, found: Prospect, *, actor: str, now: datetime, override: Override | None = None) -> Card:
        judgement = found.judgement
        judged = judgement is not None and (found.obstacle is None or bool(found.refused_by))
        try:
            return Promote(self.begin, self.directory, self.catalogue)(
                found.card.version,
                actor=actor,
                now=now,
                refused_by=found.refused_by if judged else None,
                judged_on=judgement.data if judgement is not None and judged else None,
                against=found.champion,
                override=override,
            )
        except (RegistryError, CardInvalidError) as error:
            raise ConflictError(f"The model cannot serve: {error}.") from error

    def _ask(self, found: Prospect, *, reason: str, actor: str, now: datetime) -> OverrideRequest:
        detail: dict[str, object] = {**_pair(found.card, found.champion), "reason": reason}
        if found.refused_by:
            detail["refused_by"] = list(found.refused_by)
        with self.begin() as work:
            work.audit.add(AuditEntry(now, actor, _REQUESTED, found.card.version, detail))
            work.commit()
        return OverrideRequest(actor, now, reason)

    def _request(self, card: Card, champion: JudgedModel | None, now: datetime) -> OverrideRequest | None:
        """The newest request, read from the record of who asked: nobody can ask without leaving it there."""
        with self.begin() as work:
            asked = work.audit.entries(subject=card.version, action=_REQUESTED, limit=1)
            done = work.audit.entries(subject=card.version, action=_PROMOTED, limit=1)
        if not asked or asked[0].at + REQUEST_WAITS <= now or (done and done[0].at >= asked[0].at):
            return None
        found = asked[0]
        if any(found.detail.get(name) != value for name, value in _pair(card, champion).items()):
            return None
        return OverrideRequest(found.actor, found.at, str(found.detail["reason"]))

    def _challenger(self, version: str) -> Card:
        try:
            return registry.card_of(self.directory, version)
        except CardInvalidError:
            raise NotFoundError(NO_MODEL) from None
        except UnknownModelError:
            if version in {registry.BASELINE, registry.baseline_card().version}:
                raise ConflictError("The shipped model is not promoted: roll back to it.") from None
            raise NotFoundError(NO_MODEL) from None

    def _champion(self) -> JudgedModel | None:
        try:
            return JudgedModel.of(registry.champion_card(self.directory))
        except (RegistryError, CardInvalidError):
            return None


def _pair(card: Card, champion: JudgedModel | None) -> dict[str, object]:
    """What a request speaks of: these two files and no others."""
    return {
        "sha256": card.model_sha256,
        "champion": None if champion is None else champion.version,
        "champion_sha256": None if champion is None else champion.sha256,
    }


def _obstacle(card: Card, champion: JudgedModel | None, judgement: KeptJudgement | None, now: datetime) -> str | None:
    """Why what was judged says nothing about a promotion now; ``None`` when it does."""
    if champion is None:
        return "Which model scores cannot be read: promote on the command line, which writes the pointer anew."
    command = f"run gatehouse model promote {card.version} --on DATA --judge-only"
    if judgement is None or judgement.champion != champion:
        return f"Not judged against champion {champion.version}: {command}."
    if judgement.challenger != JudgedModel.of(card):
        return f"The judgement is of another file than the model's: {command}."
    if judgement.age(now) > JUDGEMENT_HOLDS:
        return f"The judgement is {judgement.age(now).days} days old, more than {JUDGEMENT_HOLDS.days}: {command}."
    return None
