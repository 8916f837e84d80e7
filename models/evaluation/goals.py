"""The goals: what was hoped for on simulated worlds, beside what was measured, met or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.card import Card, Metric


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal: where it belongs, a figure's name and words, and the value to be reached or stayed below."""

    group: str
    name: str
    words: str
    value: float
    at_most: bool = False
    digits: int = 2

    def met(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value <= self.value if self.at_most else value >= self.value


@dataclass(frozen=True, slots=True)
class Measured:
    """A goal with its mean and worst value over ``worlds`` worlds; ``None`` where nothing was measured."""

    goal: Goal
    mean: float | None
    worst: float | None
    worlds: int


def _recalls(prefix: str, group: str, **goals: float) -> tuple[Goal, ...]:
    rates = {"p01": "0.1%", "p035": "0.35%", "p05": "0.5%", "p1": "1.0%", "p5": "5.0%"}
    return tuple(
        Goal(group, f"{prefix}_recall_at_fpr_{rates[rate]}", f"at {rates[rate]} of honest people flagged", goal)
        for rate, goal in goals.items()
    )


_HARD = "Fraud caught, the hardest"
_PRECISION = "Precision at recall 0.80"
_LATER = "ROC-AUC 60 days after training"
_TRUE = "Calibration error"
_ASKED = "Honest people"
_EQUAL = "Predictive equality"
_STRAIN = "Under strain"

GOALS: tuple[Goal, ...] = (
    *_recalls("seen", "Fraud caught, families seen", p01=0.60, p035=0.75, p05=0.80, p1=0.88, p5=0.95),
    *_recalls("held_out", "Fraud caught, held-out families", p01=0.35, p035=0.50, p05=0.55, p1=0.65, p5=0.85),
    Goal(_HARD, "worst_held_out_family_recall_at_fpr_1.0%", "worst held-out family, 1.0% flagged", 0.25),
    Goal(_HARD, "stealthy_recall_at_fpr_5.0%", "A7, A9, A16 and A19 together, 5.0% flagged", 0.70),
    Goal(_PRECISION, "precision_at_recall_0.80_prevalence_1%", "where 1% is fraud", 0.618, digits=3),
    Goal(_PRECISION, "precision_at_recall_0.80_prevalence_16%", "where 16% is", 0.968, digits=3),
    Goal(_PRECISION, "precision_at_recall_0.80_prevalence_20%", "where 20% is", 0.96, digits=3),
    Goal(_PRECISION, "precision_at_recall_0.80_prevalence_40%", "where 40% is", 0.97, digits=3),
    Goal(_LATER, "seen_roc_auc_60_days_out", "families seen", 0.97),
    Goal(_LATER, "held_out_roc_auc_60_days_out", "held-out families", 0.92),
    Goal(_TRUE, "calibration_error", "as it is", 0.01, at_most=True, digits=3),
    Goal(_TRUE, "calibration_error_prevalence_1%_after_offset", "moved to 1% fraud by one offset", 0.03, True, 3),
    Goal(_TRUE, "calibration_error_prevalence_20%_after_offset", "to 20%", 0.03, True, 3),
    Goal(_TRUE, "calibration_error_prevalence_40%_after_offset", "to 40%", 0.03, True, 3),
    Goal(_ASKED, "honest_step_up_or_worse", "asked for proof, or worse", 0.03, True, 4),
    Goal(_ASKED, "honest_review_or_worse", "wait for a person, or worse", 0.004, True, 4),
    Goal(_ASKED, "honest_deny_or_worse", "denied", 0.0002, True, 4),
    Goal(_ASKED, "classroom_unlisted_asked_of_60", "of a class of 60 at an unlisted school, asked", 3, True, 1),
    Goal(_ASKED, "classroom_unlisted_held_of_60", "of such a class, held for a person", 0.5, True, 1),
    Goal(_EQUAL, "predictive_equality_country_group", "parts of the world", 0.8),
    Goal(_EQUAL, "predictive_equality_institution_listed", "listed and unlisted institutions", 0.8),
    Goal(_EQUAL, "predictive_equality_free_mail", "free and other mail", 0.8),
    Goal(_EQUAL, "predictive_equality_kind", "kinds of people", 0.8),
    Goal(_EQUAL, "predictive_equality_name_script", "scripts of the name", 0.8),
    Goal(_EQUAL, "predictive_equality_age", "ages", 0.8),
    Goal(_EQUAL, "predictive_equality_shared_address", "own and shared addresses, CGNAT among them", 0.8),
    Goal(_STRAIN, "linkage_lift_recall_at_fpr_0.5%_A3_to_A8", "recall that linkage adds on A3 to A8", 0.25),
    Goal(_STRAIN, "omission_challenged_all_fields", "fraud that leaves everything out, asked for proof", 0.70),
    Goal(_STRAIN, "label_noise_doubled_recall_lost_at_fpr_0.5%", "recall lost to labels twice as wrong", 0.05, True),
)

NOT_HERE = (
    "Clusters, containment, standby exposure, re-entry after bans and the cost of evasion are goals too: they need a "
    "service that bans and contains while attackers react, not a recorded stream: `gatehouse rehearse` measures them, "
    "and `--rehearsal` shows what it found here."
)


def against_goals(card: Card, metrics: Iterable[Metric]) -> Iterator[Measured]:
    """Every goal: over the card's worlds where there are several, else by the figures of one judgement.

    What needs training again is on the card only, of the first world.
    """
    over_worlds = {name: (mean, worst) for name, mean, worst in card.mean_and_worst()}
    single = {each.name: each.value for each in (*card.robustness, *metrics)}
    for goal in GOALS:
        if goal.name in over_worlds:
            yield Measured(goal, *over_worlds[goal.name], worlds=card.worlds_with(goal.name))
        else:
            value = single.get(goal.name)
            yield Measured(goal, value, value, worlds=0 if value is None else 1)
