"""What was said of a sign-up as a reviewer reads it: what it is, on whose word and why, and what that corrects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from service.console.figures import percent
from service.domain.outcome import Label, Outcome, newest_of
from service.domain.verdict import VERDICT_REASONS

_REASONS = {each.code: each.text for each in VERDICT_REASONS}
_DAY = timedelta(days=1)
_NOUNS = {Label.FRAUD: "fraud", Label.LEGITIMATE: "good"}
_KINDS = {Label.FRAUD: "deny", Label.LEGITIMATE: "allow", Label.UNKNOWN: "note"}


def said_words(outcome: Outcome, earlier: Sequence[Outcome], *, of: str = "it") -> tuple[str, str]:
    """What was said, and the particulars; ``earlier`` is what had been said of the same sign-up, oldest first."""
    said = outcome.said
    sure = None if said.confidence >= 1 else f"{percent(said.confidence)} sure"
    at = said.occurred_at
    turned_out = f"of {at:%Y-%m-%d}" if at is not None and outcome.recorded_at - at >= _DAY else None
    parts = (f"on the word of {_plain(said.source)}", _REASONS.get(said.reason, _plain(said.reason)), sure, turned_out)
    return _said(outcome, earlier, of), ", ".join(each for each in parts if each)


def said_kind(outcome: Outcome) -> str:
    """The colour of its line."""
    return _KINDS[outcome.said.label]


def _said(outcome: Outcome, earlier: Sequence[Outcome], of: str) -> str:
    sources = {each.said.source for each in earlier}
    newest = (newest_of(earlier, source) for source in sources)
    banned = any(each is not None and each.said.label is Label.FRAUD for each in newest)
    if outcome.said.label is Label.UNKNOWN:
        last = newest_of(earlier, outcome.said.source)
        if last is None or last.said.label is Label.UNKNOWN:
            return f"knows nothing of {of}"
        return f"took back that {of} is {_NOUNS[last.said.label]}"
    if outcome.said.label is Label.LEGITIMATE and banned:
        return f"corrected: {of} is good, no fraud"
    return f"said that {of} is {_NOUNS[outcome.said.label]}"


def _plain(code: str) -> str:
    return code.replace("_", " ").lower()
