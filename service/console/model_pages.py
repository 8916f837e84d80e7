"""The models: which scores, which watch from the shadow, what their cards say, and how one gives way to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.card import Card, CardInvalidError, Metric
from models.kept_judgement import KeptJudgement, judgement_of
from models.registry import BASELINE, Active, RegistryError, active, baseline_card, card_by_name, list_cards
from service.console.dependencies import ConsoleDependencies
from service.console.door import signed_in
from service.console.pages import page, words_of
from service.domain.errors import ConflictError, InvalidError, NotFoundError
from service.domain.reviewer import Role
from service.usecases.promote_judged import Prospect

MAIN_FIGURES = ("pr_auc", "recall_at_fpr_1.0%", "calibration_error")
"""Figures of a card that the list of models shows, where the card has them."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One version and the part it plays now."""

    card: Card
    scores: bool
    shadowed: bool
    before: bool
    shipped: bool
    judgement: KeptJudgement | None


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure of two cards; ``None`` where a card does not have it."""

    name: str
    champion: Metric | None
    challenger: Metric | None


@dataclass(frozen=True, slots=True)
class ModelPages:
    """Everybody reads; admins promote what was judged, roll back and use the shadow. Gates are asked elsewhere."""

    deps: ConsoleDependencies

    def models(self) -> AnyResponse:
        """Every version with the part it plays."""
        return self._page()

    def model(self, version: str) -> AnyResponse:
        """One card in full, and what was done with the model."""
        return self._model(version)

    def comparison(self, version: str) -> AnyResponse:
        """A version beside the one that scores: both cards' figures, and what the shadow found."""
        now, known = self.deps.clock(), self._known(version)
        champion = next(each for each in self._all()[0] if each.scores)
        found = self.deps.models.compare(known.card.version, now=now)
        return page(
            "model_comparison.html",
            now=now,
            model=known,
            champion=champion.card,
            figures=_figures(champion.card, known.card),
            found=found if found.rows else None,
        )

    def shadow(self, version: str) -> AnyResponse:
        """Put it into the shadow, or take it out."""
        known, now, actor = self._known(version), self.deps.clock(), signed_in().acting.name
        if request.form.get("stop"):
            return self._tried(version, lambda: self.deps.models.stop_shadow(version, actor=actor, now=now))
        if known.shipped or known.scores:
            return self._model(version, problem="Only a model of the registry that does not score can be its shadow.")
        return self._tried(version, lambda: self.deps.models.start_shadow(version, actor=actor, now=now))

    def promotion(self, version: str) -> AnyResponse:
        """What the gates said and what a promotion would do, before it is done."""
        known, now = self._known(version), self.deps.clock()
        try:
            prospect = self.deps.models.promote.prospect(version, now=now)
        except ConflictError as error:
            return self._model(version, problem=str(error))
        return page("model_promotion.html", now=now, model=known, prospect=prospect)

    def promote(self, version: str) -> AnyResponse:
        """Let it score, if every gate held."""
        now, actor = self.deps.clock(), signed_in().acting.name
        return self._tried(version, lambda: self.deps.models.promote(version, actor=actor, now=now))

    def override(self, version: str) -> AnyResponse:
        """Let it score against its gates, or ask a second admin."""
        now, actor, reason = self.deps.clock(), signed_in().acting.name, request.form.get("reason", "").strip()[:500]
        return self._tried(
            version, lambda: self.deps.models.promote.override(version, reason=reason, actor=actor, now=now)
        )

    def roll_back(self) -> AnyResponse:
        """Back to the model that scored before."""
        now, actor = self.deps.clock(), signed_in().acting.name
        try:
            self.deps.models.roll_back(actor=actor, now=now, leaving=request.form.get("leaving", ""))
        except (RegistryError, CardInvalidError, ConflictError) as error:
            return self._page(problem=str(error))
        return redirect(url_for("console.models"), 303)

    def _tried(self, version: str, do: Callable[[], object]) -> AnyResponse:
        try:
            do()
        except InvalidError as error:
            return self._model(version, problem=words_of(error))
        except (RegistryError, CardInvalidError, ConflictError, NotFoundError) as error:
            return self._model(version, problem=str(error))
        return redirect(url_for("console.model", version=version), 303)

    def _page(self, *, problem: str | None = None) -> AnyResponse:
        known, pointer = self._all()
        loaded = self.deps.model()
        return page(
            "models.html",
            now=self.deps.clock(),
            status=200 if problem is None else 409,
            problem=problem,
            models=known,
            main=MAIN_FIGURES,
            figures={each.card.version: {one.name: one for one in each.card.metrics} for each in known},
            loaded=None if loaded is None else loaded.card,
            broken=pointer is None,
            leaving=None if pointer is None else pointer.version,
            back_to=pointer.replaced[-1] or BASELINE if pointer is not None and pointer.replaced else None,
            is_admin=signed_in().acting.role.covers(Role.ADMIN),
        )

    def _model(self, version: str, *, problem: str | None = None) -> AnyResponse:
        known = self._known(version)
        with self.deps.begin() as work:
            entries = work.audit.entries(subject=known.card.version, action="model.")
        return page(
            "model.html",
            now=self.deps.clock(),
            status=200 if problem is None else 409,
            problem=problem,
            model=known,
            parts=_parts(known.card),
            prospect=self._prospect(known),
            entries=entries,
            is_admin=signed_in().acting.role.covers(Role.ADMIN),
        )

    def _prospect(self, known: KnownModel) -> Prospect | None:
        """How it stands to the champion; ``None`` for the champion and for the shipped model."""
        if known.scores or known.shipped:
            return None
        try:
            return self.deps.models.promote.prospect(known.card.version, now=self.deps.clock())
        except (ConflictError, NotFoundError):
            return None  # promoted or removed since the list was read

    def _known(self, version: str) -> KnownModel:
        found = next((each for each in self._all()[0] if each.card.version == version), None)
        if found is None:
            raise NotFoundError("There is no such model.")
        return found

    def _all(self) -> tuple[list[KnownModel], Active | None]:
        """Every version, newest first and the shipped one last, and the pointer if it can be read."""
        directory = self.deps.models.directory
        try:
            pointer = active(directory)
        except RegistryError:
            pointer = None
        with self.deps.begin() as work:
            shadowed = {each.model.version for each in work.shadows.running()}
        cards: list[tuple[str | None, Card]] = [(each.version, each) for each in reversed(list_cards(directory))]
        shipped = baseline_card()
        if all(each.version != shipped.version for _, each in cards):
            cards.append((None, shipped))
        scoring = self._scoring(pointer)
        return [
            KnownModel(
                card=card,
                scores=card.version == scoring,
                shadowed=card.version in shadowed,
                before=pointer is not None and name in pointer.replaced and card.version != scoring,
                shipped=name is None,
                judgement=None if name is None else judgement_of(directory, name),
            )
            for name, card in cards
        ], pointer

    def _scoring(self, pointer: Active | None) -> str:
        """What the pointer says, not what this process has noticed so far."""
        version = None if pointer is None else pointer.version
        try:
            return card_by_name(self.deps.models.directory, version or BASELINE).version
        except (RegistryError, CardInvalidError):
            return baseline_card().version


def _parts(card: Card) -> list[tuple[str, Sequence[Metric]]]:
    """A card's figures under headings, without the empty ones."""
    parts: list[tuple[str, Sequence[Metric]]] = [
        ("On sign-ups it never saw", card.metrics),
        ("What its decisions cost whom", card.operations),
        ("What is lost under attack and omission", card.robustness),
    ]
    return [part for part in parts if part[1]]


def _figures(champion: Card, challenger: Card) -> list[FigureRow]:
    def by_name(card: Card) -> dict[str, Metric]:
        return {each.name: each for _, metrics in _parts(card) for each in metrics}

    one, other = by_name(champion), by_name(challenger)
    return [FigureRow(name, one.get(name), other.get(name)) for name in dict.fromkeys((*other, *one))]


def figure(metric: Metric | None) -> str:
    """A figure with its interval, as cards print it."""
    if metric is None or metric.value is None:
        return "not measured"
    if metric.low is None or metric.high is None:
        return f"{metric.value:.4f}"
    return f"{metric.value:.4f} ({metric.low:.4f} to {metric.high:.4f})"
