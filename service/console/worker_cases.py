"""Cases that the worker opened, as the pages tell of them: what one is about, and where that is acted on."""

from __future__ import annotations

from dataclasses import dataclass

from models.linkage.marks import Mark
from service.console.callers import who
from service.domain.case import Case, CaseState
from service.domain.containment import WORKER
from service.usecases.about_now import Bridge, ClusterNow, ContainmentNow
from service.usecases.case_file import CaseFile

_FRAUD = "PIECE_WITH_FRAUD"
_NAMES = {
    _FRAUD: "piece with known fraud",
    "SAME_OPERATOR": "perhaps one operator",
    "CONTAINMENT_UNFOUNDED": "contained for bans that were corrected",
}
"""Where a code does not say it in words of its own."""


@dataclass(frozen=True, slots=True)
class About:
    """What a case of the worker is about, for the top of its page.

    Attributes:
        heading: one sentence.
        more: what else there is to say.
        clusters: those that it is about, as they are now; none where it is about one account.
        bridges: what two of them share, as much as is told.
        acts: what acts on them all, in one sentence; empty where nothing does.
        known: the account that is shown is known to be fraudulent, or good, already.
    """

    heading: str
    more: str
    clusters: tuple[ClusterNow, ...]
    bridges: tuple[Bridge, ...]
    acts: str
    known: Mark | None


def about(file: CaseFile) -> About | None:
    """What a case that the worker opened about several accounts, or for a second judge, is about."""
    case = file.view.case
    if not (case.of_clusters or case.second_judge):
        return None
    said = next((note.text for note in file.view.notes if note.by == WORKER), _untold(case))
    heading, stop, more = said.partition(". ")
    heading = heading if stop else said.removesuffix(".")
    clusters = () if file.about is None else file.about.clusters
    containment = None if file.about is None else file.about.containment
    if containment is not None:
        heading, more = _told_now(containment, more)
    elif case.state is CaseState.RESOLVED:
        more = f"As it was when the case was opened. {more}".strip()
    elif _FRAUD in case.reasons and not any(each.frauds for each in clusters):
        more = "No known fraud among them now: the ban was corrected. The case closes by itself, within moments."
    known = None if file.signup is None else file.signup.known
    bridges = () if file.about is None else file.about.bridges
    return About(heading, more, clusters, bridges, _acting(case, clusters, containment), known)


def reason_name(code: str) -> str:
    """A reason's code as a reviewer reads it."""
    return _NAMES.get(code, code.replace("_", " ").lower())


def cluster_words(cluster: ClusterNow) -> str:
    """How a cluster stands, in a few words."""
    if not cluster.size:
        return "nobody is in it any more"
    frauds = f"{_number(cluster.frauds)} known fraud{'s' if cluster.frauds > 1 else ''}"
    stands = "contained" if cluster.contained else "not contained"
    became = f"part of {cluster.became} by now: " if cluster.became else ""
    return f"{became}{cluster.size:,} account{'' if cluster.size == 1 else 's'}, {frauds}, {stands}"


def _number(count: int) -> str:
    return f"{count:,}" if count else "no"


def _untold(case: Case) -> str:
    """What is told of a case that an earlier release opened without a word."""
    if case.second_judge:
        return "A proof or a verdict let it in, and it resembles accounts that were banned since."
    return f"A group of {case.size:,} accounts that a person should look at."


def _told_now(containment: ContainmentNow, more: str) -> tuple[str, str]:
    """A heading, and what else there is to say of a containment; the worker said ``more`` when no ban stood."""
    accounts = f"{containment.core:,} account{'' if containment.core == 1 else 's'}"
    if not containment.stands:
        by = f" by {who(containment.released_by)}" if containment.released_by else ""
        return f"The containment of {accounts} was released{by}", "No ban among them had stood any more."
    are = "is" if containment.core == 1 else "are"
    if not containment.frauds:
        return f"{accounts} {are} contained, and no ban among them stands", more
    again = f"{containment.frauds:,} of them {'is' if containment.frauds == 1 else 'are'} known fraud again"
    return f"{accounts} {are} contained, and {again}", "When the case was opened, no ban among them stood."


def _acting(case: Case, clusters: tuple[ClusterNow, ...], containment: ContainmentNow | None) -> str:
    if case.state is CaseState.RESOLVED or not case.of_clusters:
        return ""
    if containment is not None and not containment.stands:
        return "Nothing is left to be released: a verdict closes this case."
    if case.of_a_containment:
        return (
            "To release the cluster, on its page, gives everybody back the decision they had, and closes this case; "
            "leads may."
        )
    if len(clusters) > 1:
        return "Each is contained on its own, on its page; only a verdict closes this case."
    return f"To contain the cluster is what acts on them all{', and closes this case' if case.of_a_piece else ''}."
