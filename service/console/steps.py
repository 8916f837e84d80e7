"""The history of a case or sign-up as a person reads it: decisions, outcomes, steps and notes in one line of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from service.console.callers import who
from service.console.outcome_words import said_kind, said_words
from service.console.worker_cases import reason_name
from service.domain.verdict import CONTAINED, VERDICT_REASONS
from service.usecases.case_file import CaseFile, SignupFile, by_person
from service.usecases.ports import AuditEntry

_WORDS = {
    "case.opened": "opened the case",
    "case.claimed": "claimed the case",
    "case.extended": "went on working",
    "case.released": "gave the case back",
    "case.assigned": "assigned the case",
    "case.escalated": "escalated the case",
    "case.snoozed": "put the case off",
    "case.noted": "wrote a note",
    "case.opinion_given": "gave an opinion",
    "case.resolved": "gave a verdict",
    "case.undone": "took the verdict back",
    "case.reopened": "reopened the case",
    "case.settled": "closed the case: its cluster is contained",
    "cases.gathered": "put other cases of its cluster behind this one",
    "case.unsettled": "opened the case again: its cluster was released",
    "case.settled_by_release": "closed the case: what it is about was released",
    "case.settled_by_correction": "closed the case: no ban in the piece stands any more",
    "case.settled_by_verdict": "answered the case by a verdict in another about the same account",
    "case.unsettled_by_undo": "opened the case again: the verdict in the other was taken back",
    "case.lease_ended": "returned the case: the lease had ended",
    "case.overdue": "made the case louder: it waits too long",
}
_WHOLE = frozenset({"case.settled"})
"""What is said in full already; its verdict and reason would say it again, in codes."""
_QUIET = frozenset({"case.extended", "case.noted"})
_REASONS = {each.code: each.text for each in (*VERDICT_REASONS, CONTAINED)}


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line: when, who, what, and the particulars. ``note`` is a stranger's or a colleague's own text."""

    at: datetime
    by: str
    what: str
    detail: str = ""
    kind: str = "step"
    note: str | None = None


def history_of(file: CaseFile, keys: Mapping[str, str]) -> list[HistoryLine]:
    """Everything that happened, oldest first; ``keys`` are the names of API keys."""
    lines = [_step(entry, keys) for entry in file.view.history if entry.action not in _QUIET]
    lines += [
        HistoryLine(note.at, who(note.by, keys), "wrote", kind="note", note=note.text) for note in file.view.notes
    ]
    lines += () if file.signup is None else history_of_signup(file.signup, keys)
    return sorted(lines, key=lambda line: line.at)


def history_of_signup(file: SignupFile, keys: Mapping[str, str]) -> list[HistoryLine]:
    """What was decided about a sign-up, and what was said of it, oldest first."""
    lines = [HistoryLine(file.recorded.recorded_at, "the person", "signed up", kind="signup")]
    for each in file.assessments:
        score = "" if each.score is None else f"score {each.score:.3f}, "
        decider = "a reviewer" if by_person(each) else "the service"
        detail = f"{score}policy {each.policy_version}"
        lines.append(
            HistoryLine(each.decided_at, decider, f"decided {each.decision}", detail, kind=each.decision.value)
        )
    for place, outcome in enumerate(file.outcomes):
        what, detail = said_words(outcome, file.outcomes[:place])
        lines.append(HistoryLine(outcome.recorded_at, who(outcome.by, keys), what, detail, kind=said_kind(outcome)))
    return sorted(lines, key=lambda line: line.at)


def _step(entry: AuditEntry, keys: Mapping[str, str]) -> HistoryLine:
    detail = {} if entry.action in _WHOLE else entry.detail
    parts = [str(detail[name]) for name in ("verdict", "queue", "to", "until", "holder") if detail.get(name)]
    code = str(detail.get("reason_code") or "")
    if code:
        parts.append(_REASONS.get(code, code))
    if why := detail.get("reason"):
        parts.append(reason_name(str(why)))
    if detail.get("effect") == "none":
        parts.append("without effect")
    kind = str(entry.detail.get("verdict") or "step")
    what = _WORDS.get(entry.action, entry.action)
    return HistoryLine(entry.at, who(entry.actor, keys), what, ", ".join(parts), kind=kind)
