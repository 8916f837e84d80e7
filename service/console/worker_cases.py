"""Cases that the worker opened, as the pages tell of them: what one is about, and where that is acted on."""

from __future__ import annotations

from dataclasses import dataclass

from models.linkage.marks import Mark
from service.domain.case import Case
from service.domain.containment import WORKER
from service.usecases.case_file import CaseFile

_NAMES = {
    "PIECE_WITH_FRAUD": "piece with known fraud",
    "SAME_OPERATOR": "perhaps one operator",
    "CONTAINMENT_UNFOUNDED": "contained for bans that were corrected",
}
"""Where a code does not say it in words of its own."""


@dataclass(frozen=True, slots=True)
class About:
    """What a case of the worker is about, for the top of its page.

    Attributes:
        heading: one sentence.
        more: what else the worker said.
        clusters: the ids of those that it is about; none where it is about one account.
        known: the account that is shown is known to be fraudulent, or good, already.
    """

    heading: str
    more: str
    clusters: tuple[str, ...]
    known: Mark | None


def about(file: CaseFile) -> About | None:
    """What a case that the worker opened about several accounts, or for a second judge, is about."""
    case = file.view.case
    if not (case.of_clusters or case.second_judge):
        return None
    said = next((note.text for note in file.view.notes if note.by == WORKER), _untold(case))
    heading, stop, more = said.partition(". ")
    return About(
        heading if stop else said.removesuffix("."),
        more,
        _clusters(file) if case.of_clusters else (),
        None if file.signup is None else file.signup.known,
    )


def reason_name(code: str) -> str:
    """A reason's code as a reviewer reads it."""
    return _NAMES.get(code, code.replace("_", " ").lower())


def _untold(case: Case) -> str:
    """What is told of a case that an earlier release opened without a word."""
    if case.second_judge:
        return "A proof or a verdict let it in, and it resembles accounts that were banned since."
    return f"A group of {case.size:,} accounts that a person should look at."


def _clusters(file: CaseFile) -> tuple[str, ...]:
    """Those that the subject names, or else the one that the account shown is in by now."""
    named = file.view.case.clusters_named
    if named or file.signup is None or file.signup.cluster is None:
        return named
    return (file.signup.cluster.id,)
