"""What is true of a simulated sign-up, and what anybody will ever learn of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from models.signup import Signup

ChallengeMethod = Literal[
    "institution_sso",
    "institution_email_code",
    "phone_code",
    "three_d_secure",
    "orcid_sign_in",
    "document_check",
    "supervisor_attestation",
]
DecisionWord = Literal["allow", "step_up", "review", "deny"]
OutcomeWord = Literal["fraud", "legitimate"]
Feedback = Callable[[Signup], DecisionWord]
Takedowns = Callable[[], Collection[str]]
"""The ``signup_id`` of accounts that a defence closed since it was asked last."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The label somebody gives: late, sometimes wrong, sometimes taken back at ``corrected_at``."""

    label: OutcomeWord
    known_at: datetime
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChallengeResult:
    """What came of a challenge, known minutes later."""

    method: ChallengeMethod
    passed: bool
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Truth:
    """The true state of one sign-up.

    ``kind`` is the honest kind (``H1`` …) or the attack family (``A1`` …); ``operator`` runs the account and is
    ``None`` for the honest; ``group`` ties honest people who belong together (a class, a laboratory, a family).
    ``build`` is the client that sent the form, ``overlays`` what else held of the session. ``outcome`` is ``None``
    where nobody ever says anything, which is always so when ``let_in`` is false. ``challenge`` is there when the
    decision was to step up. ``variant`` says more than ``kind`` where a family has several ways (``A3-aligned``);
    ``live_at`` is when an account that idled comes into use.
    """

    signup_id: str
    fraud: bool
    kind: str
    operator: str | None
    group: str | None
    build: str
    overlays: tuple[str, ...]
    decision: DecisionWord
    let_in: bool
    outcome: Outcome | None
    challenge: ChallengeResult | None = None
    variant: str | None = None
    live_at: datetime | None = None

    def is_of(self, names: Collection[str]) -> bool:
        """Whether its kind or its variant is among the names: what hold-outs are given by."""
        return self.kind in names or (self.variant is not None and self.variant in names)


@dataclass(frozen=True, slots=True)
class SimulatedSignup:
    """One sign-up as the API takes it, beside the truth about it."""

    signup: Signup
    truth: Truth
