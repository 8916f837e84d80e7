"""The registry of models, for callers: who scores, who is in the shadow, and every card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from models import registry
from models.card import Card, CardInvalidError
from models.kept_judgement import KeptJudgement, judgement_of
from models.registry import RegistryError, UnknownModelError
from service.domain.errors import ConflictError, NotFoundError
from service.usecases.ports import Begin
from service.usecases.promote import RollBack
from service.usecases.promote_judged import NO_MODEL, OverrideRequest, PromoteJudged
from service.usecases.shadow import StartShadow, StopShadow


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model and how it stands: the ``champion`` scores, one in the shadow scores beside it and decides nothing."""

    card: Card
    champion: bool
    shadow_since: datetime | None
    shipped: bool
    judgement: KeptJudgement | None


@dataclass(frozen=True, slots=True)
class KeepModels:
    """What may be read and done from a distance. Gates are not asked here: they want data and minutes."""

    begin: Begin
    directory: Path
    catalogue: Sequence[str]

    def all(self) -> tuple[ModelView, ...]:
        """The shipped model first, then those of the registry, oldest first."""
        shipped = registry.baseline_card()
        return tuple(self._views([shipped, *registry.list_cards(self.directory)], shipped))

    def one(self, version: str) -> ModelView:
        """One model.

        Raises:
            NotFoundError: there is none, or its card cannot be read.
        """
        shipped = registry.baseline_card()
        try:
            card = registry.card_by_name(self.directory, version)
        except (RegistryError, CardInvalidError):
            raise NotFoundError(NO_MODEL) from None
        return self._views([card], shipped)[0]

    def start_shadow(self, version: str, *, actor: str, now: datetime) -> ModelView:
        """Let a model score beside the champion.

        Raises:
            NotFoundError: there is no such model in the registry.
            ConflictError: it is in the shadow already, or cannot serve.
        """
        try:
            StartShadow(self.begin, self.directory, self.catalogue)(version, actor=actor, now=now)
        except UnknownModelError:
            raise NotFoundError(NO_MODEL) from None
        except (RegistryError, CardInvalidError) as error:
            raise ConflictError(f"The model cannot serve: {error}.") from error
        return self.one(version)

    def stop_shadow(self, version: str, *, actor: str, now: datetime) -> ModelView:
        """Take it out again; what it scored stays.

        Raises:
            NotFoundError: there is no such model, or it is in no shadow.
        """
        view = self.one(version)
        StopShadow(self.begin)(view.card.version, actor=actor, now=now)
        return self.one(version)

    def promote(self, version: str, *, actor: str, now: datetime) -> ModelView:
        """Make a model score that was judged against the champion. Raises as ``PromoteJudged`` does."""
        return self.one(self._promotion()(version, actor=actor, now=now).version)

    def override(self, version: str, *, reason: str, actor: str, now: datetime) -> ModelView | OverrideRequest:
        """Make it score against its gates, or ask a second person. Raises as ``PromoteJudged.override`` does."""
        found = self._promotion().override(version, reason=reason, actor=actor, now=now)
        return found if isinstance(found, OverrideRequest) else self.one(found.version)

    def roll_back(self, *, actor: str, now: datetime) -> ModelView:
        """Have the model score again that scored before.

        Raises:
            ConflictError: there is nothing to go back to, or it cannot serve; nothing changed.
        """
        try:
            card = RollBack(self.begin, self.directory, self.catalogue)(actor=actor, now=now)
        except (RegistryError, CardInvalidError) as error:
            raise ConflictError(f"Nothing was rolled back: {error}.") from error
        return self.one(card.version)

    def _promotion(self) -> PromoteJudged:
        return PromoteJudged(self.begin, self.directory, self.catalogue)

    def _views(self, cards: Sequence[Card], shipped: Card) -> list[ModelView]:
        champion = registry.active(self.directory).version or shipped.version
        with self.begin() as work:
            since = {each.model.version: each.started_at for each in work.shadows.running()}
        return [
            ModelView(
                card=card,
                champion=card.version == champion,
                shadow_since=since.get(card.version),
                shipped=card.model_sha256 == shipped.model_sha256,
                judgement=judgement_of(self.directory, card.version),
            )
            for card in cards
        ]
