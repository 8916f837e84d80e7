"""What it means that a constraint was violated."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from service.domain.errors import ConflictError, StillRunningError, TakenError
from service.usecases.ports import AlreadyRecordedError
from service.usecases.ports_step_up import StepUpMovedError

# Constraints by the names that PostgreSQL and SQLite report, and what violating one means.
_REFUSALS: tuple[tuple[tuple[str, ...], type[Exception], str], ...] = (
    (
        ("uq_signups_owner_signup_id", "uq_signups_id", "signups.owner, signups.signup_id", "signups.id"),
        AlreadyRecordedError,
        "the sign-up is recorded already",
    ),
    (
        ("ck_idempotency_keys_state",),
        StillRunningError,
        "Another request holds this Idempotency-Key by now.",
    ),
    (
        ("pk_policies", "policies.version"),
        ConflictError,
        "Another policy was added at the same moment; look at it and add yours again.",
    ),
    (
        ("pk_policy_activations", "policy_activations.number"),
        ConflictError,
        "Another policy came into force at the same moment; look at it and try again.",
    ),
    (
        ("uq_list_entries_list_digest", "list_entries.list, list_entries.digest"),
        ConflictError,
        "The value is on this list already.",
    ),
    (
        ("pk_reviewers", "reviewers.name"),
        ConflictError,
        "There is a reviewer of this name already.",
    ),
    (
        ("uq_reviewers_identity", "reviewers.identity"),
        ConflictError,
        "Another reviewer has this identity already.",
    ),
    (
        ("pk_case_opinions", "case_opinions.case_id, case_opinions.version"),
        ConflictError,
        "Somebody concluded on this case at the same moment; look at it again.",
    ),
    (
        ("uq_cases_unresolved_subject", "cases.owner, cases.subject"),
        ConflictError,
        "Another case about the same was opened at the same moment.",
    ),
    (
        ("pk_outcomes", "outcomes.signup_no, outcomes.ordinal"),
        TakenError,
        "Another outcome of this sign-up was recorded at the same moment; try again.",
    ),
    (
        ("pk_containments", "containments.containment_no"),
        TakenError,
        "Another containment was opened at the same moment; try again.",
    ),
    (
        ("pk_contained", "contained.containment_no, contained.signup_no"),
        ConflictError,
        "Somebody else had the containment touch the same account at the same moment; look at it again.",
    ),
    (
        ("ix_attacks_open", "attacks.digest"),
        ConflictError,
        "An attack goes on already on this key.",
    ),
    (
        ("pk_step_ups", "step_ups.signup_no"),
        StepUpMovedError,
        "the sign-up has a step-up by now",
    ),
    (
        ("uq_shadows_running", "shadows.model_version"),
        ConflictError,
        "That model is in the shadow already.",
    ),
    (
        ("pk_second_looks", "second_looks.after_s"),
        ConflictError,
        "Another worker has taken this step.",
    ),
    (
        ("pk_likenesses", "likenesses.likeness_no"),
        ConflictError,
        "Another likeness was drawn at the same moment; try again.",
    ),
    (
        ("pk_watches", "watches.watch_no"),
        ConflictError,
        "Another watch was opened at the same moment; try again.",
    ),
)


def refusal_of(error: IntegrityError) -> Exception:
    """What a violated constraint means."""
    named = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or str(error.orig)
    refusals = (kind(text) for constraints, kind, text in _REFUSALS if named.endswith(constraints))
    return next(refusals, error)
