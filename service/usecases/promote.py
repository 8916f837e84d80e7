"""Promotion and rollback: the pointer moves and the audit record says who moved it, or neither happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from models import registry
from models.card import Card
from models.kept_judgement import JudgedModel, KeptJudgement
from models.registry import Active, RegistryError
from service.domain.errors import ConflictError, ForbiddenError
from service.usecases.ports import AuditEntry, Begin


class GatesRefuseError(ConflictError):
    """A gate does not hold; the champion goes on scoring."""


@dataclass(frozen=True, slots=True)
class Override:
    """Two people who promote a model against its gates, and why; ``seconded`` is the second one's own reason."""

    by: str
    approved_by: str
    reason: str
    seconded: str | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ForbiddenError("an override needs a reason")
        names = {" ".join(name.split()).casefold() for name in (self.by, self.approved_by)}
        if len(names) != 2 or "" in names:
            raise ForbiddenError("an override needs two people: --by and --approved-by must name different ones")


@dataclass(frozen=True, slots=True)
class Promote:
    """Make a version score, once its gates hold or two people say so."""

    begin: Begin
    directory: Path
    catalogue: Sequence[str]

    def __call__(
        self,
        version: str,
        *,
        actor: str,
        now: datetime,
        refused_by: Sequence[str] | None,
        judged_on: str | None = None,
        against: JudgedModel | None = None,
        override: Override | None = None,
    ) -> Card:
        """Promote ``version``; running services notice within seconds.

        Args:
            version: of the registry.
            actor: who does it.
            now: the time.
            refused_by: the gates that do not hold; ``None`` when none was asked.
            judged_on: what the gates were asked on, for the record.
            against: the champion it was compared with; ``None`` is whichever scores.
            override: by whom, if the gates do not matter.

        Raises:
            GatesRefuseError: a gate does not hold, or none was asked, and nobody overrides; nothing changed but the
                audit record, which knows by which gates.
            ConflictError: another model than ``against`` scores by now; nothing changed.
            RegistryError, CardInvalidError: the model cannot serve; nothing changed. No override helps.
            UnavailableError: it cannot be recorded; nothing changed.
        """
        if override is None and refused_by is None:
            raise GatesRefuseError("no gate was asked: name the data to judge on")
        if override is None and refused_by:
            self._record_refusal(version, refused_by, judged_on, actor, now)
            raise GatesRefuseError(f"{version} is not promoted: refused by {', '.join(refused_by)}")
        detail: dict[str, object] = {"judged_on": judged_on, "gates_asked": refused_by is not None}
        if override is not None:
            detail |= {
                "overridden": list(refused_by or ()),
                "approved_by": override.approved_by,
                "reason": override.reason,
            }
            if override.seconded is not None:
                detail["seconded"] = override.seconded
        with registry.alone(self.directory), self.begin() as work:
            before = _pointer(self.directory)
            self._require_champion(against)
            card = registry.promote(self.directory, version, catalogue=self.catalogue)
            detail |= {"sha256": card.model_sha256, "replaced": before.version}
            work.audit.add(
                AuditEntry(now, actor if override is None else override.by, "model.promoted", version, detail)
            )
            _commit_or_restore(work.commit, self.directory, before)
        return card

    def _require_champion(self, against: JudgedModel | None) -> None:
        if against is None:
            return
        scores = JudgedModel.of(registry.champion_card(self.directory))
        if scores != against:
            raise ConflictError(
                f"It was judged against {against.version}, and {scores.version} scores by now: judge it again."
            )

    def _record_refusal(
        self, version: str, refused_by: Sequence[str], judged_on: str | None, actor: str, now: datetime
    ) -> None:
        detail: dict[str, object] = {"judged_on": judged_on, "refused_by": list(refused_by)}
        with self.begin() as work:
            work.audit.add(AuditEntry(now, actor, "model.promotion_refused", version, detail))
            work.commit()


@dataclass(frozen=True, slots=True)
class RecordJudgement:
    """Say in the audit record that gates were asked, where no promotion says so."""

    begin: Begin

    def __call__(self, judgement: KeptJudgement, *, actor: str, now: datetime) -> None:
        """Record it."""
        detail: dict[str, object] = {
            "judged_on": judgement.data,
            "refused_by": list(judgement.refused_by),
            "sha256": judgement.challenger.sha256,
            "champion": judgement.champion.version,
        }
        with self.begin() as work:
            work.audit.add(AuditEntry(now, actor, "model.judged", judgement.challenger.version, detail))
            work.commit()


@dataclass(frozen=True, slots=True)
class RollBack:
    """Go back to the model that scored before."""

    begin: Begin
    directory: Path
    catalogue: Sequence[str]

    def __call__(self, *, actor: str, now: datetime, leaving: str | None = None) -> Card:
        """Roll back.

        Args:
            actor: who does it.
            now: the time.
            leaving: the version to leave, so that nobody rolls back another than they meant; ``None`` is whichever.

        Raises:
            RegistryError: nothing to go back to, or it cannot serve; nothing changed.
            ConflictError: another model than ``leaving`` scores; nothing changed.
            UnavailableError: it cannot be recorded; nothing changed.
        """
        with registry.alone(self.directory), self.begin() as work:
            before = registry.active(self.directory)
            if leaving is not None and leaving != before.version:
                raise ConflictError(
                    f"{leaving or 'That model'} does not score: {before.version or 'the shipped one'} does."
                )
            card = registry.rollback(self.directory, catalogue=self.catalogue)
            detail: dict[str, object] = {"sha256": card.model_sha256, "replaced": before.version}
            work.audit.add(AuditEntry(now, actor, "model.rolled_back", card.version, detail))
            _commit_or_restore(work.commit, self.directory, before)
        return card


def _pointer(directory: Path) -> Active:
    try:
        return registry.active(directory)
    except RegistryError:
        return Active(None)  # promotion is the way out of a broken pointer


def _commit_or_restore(commit: Callable[[], None], directory: Path, before: Active) -> None:
    try:
        commit()
    except BaseException:
        registry.restore(directory, before)
        raise
