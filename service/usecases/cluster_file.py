"""The file of a cluster: everything a reviewer sees of it on its page and in its graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from models.linkage.identifier import IdentifierKind
from models.linkage.marks import Mark
from models.linkage.pieces import Tie
from service.domain.attack import Attack
from service.domain.cluster import cluster_id, identifier_handle
from service.domain.containment import Containment, ContainmentState, Role
from service.domain.decision import Decision
from service.domain.outcome import Outcome
from service.usecases.asked_to_look import cases_meant
from service.usecases.bulk_verdicts import MOST
from service.usecases.cluster_anatomy import Anatomy, SharedIdentifier, anatomy_of, bytes_of
from service.usecases.contain_cluster import find_cluster
from service.usecases.honest_looking import looks_honest, trust_signs
from service.usecases.part_containment import at_home, of_another_cluster
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_cluster_list import Carrier, Moment, Standing
from service.usecases.ports_clusters import ClusterMember, ClusterSummary

SHARED = 100
HONEST = 50
MERGES = 30
BANS = 20
ENTRIES = 50
_ATTACKED = 10
_SIGNALS = 2_000
"""Of the newest so many it is looked whether they look honest: signals are long. Of all it is known who is good."""


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One member.

    Attributes:
        shares: the kinds of what ties it to others.
        trust: what speaks for it.
        touched: how a containment that stands touches it.
    """

    id: str
    signup_no: int
    signup_id: str
    occurred_at: datetime
    label: Mark | None
    standing: Standing | None
    shares: tuple[IdentifierKind, ...]
    trust: tuple[str, ...]
    case_id: str | None = None
    touched: Role | None = None


@dataclass(frozen=True, slots=True)
class MergeLine:
    """Another cluster became part of this one through a sign-up; ``by`` are the kinds that this one is tied by."""

    cluster: str
    at: datetime
    through: MemberLine | None


@dataclass(frozen=True, slots=True)
class SaidLine:
    """A member was called a fraud, or what was said of it after that; ``earlier`` is what had been said, oldest first.

    ``signup_id`` is ``None`` of somebody else's.
    """

    signup_id: str | None
    outcome: Outcome
    earlier: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class ClusterFile:
    """A cluster with one page of its members; ``next_no`` continues with the following one.

    Attributes:
        shared: what several members carry, the widest first, and what was cut out; there may be ``more_shared``.
        honest: members who look honest, those first whom a containment would touch; there may be ``more_honest``.
        look_honest: how many members show signs of trust, those known as good left out.
        decisions: how the members looked at stand now.
        free: members whom no containment holds or waits to hold, those known as good left out.
        looked_at: how many members were, the newest; ``whole`` when these are all.
        moments: when everybody signed up, and what they are known as.
        waiting_elsewhere: the clusters, by id, in which a containment that touches members of this one waits.
        attacks: those that go on, on a key of the newest members.
        history: what was done about it, newest first; ``history_cases`` are the open cases that its entries ask for.
        bans: the newest of what was said of frauds in it, corrections among them, newest first.
        open_cases: unresolved cases about its members, as many as can be judged together.
    """

    id: str
    summary: ClusterSummary
    shared: tuple[SharedIdentifier, ...]
    more_shared: int
    tied: int
    kinds: Counter[IdentifierKind]
    honest: tuple[MemberLine, ...]
    more_honest: int
    look_honest: int
    decisions: Counter[str]
    free: int
    looked_at: int
    whole: bool
    moments: tuple[Moment, ...]
    members: tuple[MemberLine, ...]
    next_no: int | None
    merges: tuple[MergeLine, ...]
    containments: tuple[Containment, ...]
    waiting_elsewhere: tuple[str, ...]
    attacks: tuple[Attack, ...]
    history: tuple[AuditEntry, ...]
    bans: tuple[SaidLine, ...]
    history_cases: tuple[str | None, ...]
    open_cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GraphAccount:
    """One account of the graph."""

    id: str
    signup_id: str
    label: Mark | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class ClusterGraph:
    """Accounts by number, and what ties which of them: the names of a tie's identifiers, with their kinds."""

    accounts: Mapping[int, GraphAccount]
    ties: Mapping[tuple[tuple[IdentifierKind, str], ...], Sequence[int]]


@dataclass(frozen=True, slots=True)
class ReadClusterFile:
    """Open the file of a cluster. Nothing in it is in clear; members of other owners are counted and not shown."""

    begin: Begin

    def __call__(
        self, name: str, *, owner: str | None, after_no: int = 0, limit: int = 50, decision: Decision | None = None
    ) -> ClusterFile:
        """The cluster as it is now.

        Args:
            name: the cluster's id.
            owner: whose members are shown; ``None`` sees every owner's.
            after_no: the page begins after the member of this number.
            limit: members of a page.
            decision: only members who stand so, of those looked at.

        Raises:
            NotFoundError: there is no such cluster for this owner.
        """
        with self.begin() as work:
            summary = _summary(work, find_cluster(work, name, owner))
            anatomy = anatomy_of(work, summary.number, summary.size)
            numbers = list(anatomy.members)
            standings = dict(work.cluster_list.standings(numbers[:-_SIGNALS], signals=False))
            standings |= work.cluster_list.standings(numbers[-_SIGNALS:], signals=True)
            page: Sequence[ClusterMember | Carrier]
            if decision is None:
                page = work.clusters.members(summary.number, after_no=after_no, limit=limit + 1)
            else:
                page = list(islice(_who_stand(anatomy, standings, decision, after_no), limit + 1))
            standings |= work.cluster_list.standings([member.signup_no for member in page], signals=True)
            seen = [each for each in anatomy.members.values() if owner in (None, each.owner)]
            honest = [each for each in seen if looks_honest(each.label, standings.get(each.signup_no))]
            honest.sort(key=lambda each: each.label is Mark.GOOD)
            shown = [each for each in page[:limit] if owner in (None, each.owner)]
            # What waits is confirmed where it was opened.
            waiting = [each for each in of_another_cluster(work, summary.number) if not each.stands_since]
            containments = at_home(work, summary.number)
            held = work.containments.standing_among(numbers)
            free = [each for each in seen if each.label is not Mark.GOOD and each.signup_no not in held]
            elsewhere = sorted({work.clusters.root(each.cluster) or each.cluster for each in waiting})
            shared = _listed(anatomy.shared)
            merges = _merges(work, summary.number, anatomy, standings, owner)
            history = _history(work, summary.number, containments, merges)
            open_cases = work.cluster_list.open_cases(summary.number, limit=MOST)
            owners = {each.owner for each in seen}
            return ClusterFile(
                id=cluster_id(summary.number),
                summary=summary,
                shared=shared,
                more_shared=len(anatomy.shared) - len(shared),
                tied=len({number for numbers in anatomy.ties.values() for number in numbers}),
                kinds=Counter(each.kind for each in anatomy.shared if each.ties),
                honest=_lines(anatomy, honest[:HONEST], standings),
                more_honest=max(0, len(honest) - HONEST),
                look_honest=sum(each.label is None for each in honest),
                decisions=Counter(standings[each].decision.value for each in numbers if each in standings),
                free=len(free),
                looked_at=len(anatomy.members),
                whole=anatomy.whole,
                moments=tuple(work.cluster_list.moments(summary.number)),
                members=_touched(work, _lines(anatomy, shown, standings, work), [*containments, *waiting]),
                next_no=page[limit - 1].signup_no if len(page) > limit else None,
                merges=merges,
                containments=containments,
                waiting_elsewhere=tuple(map(cluster_id, elsewhere)),
                attacks=_attacks(
                    work, [each for number in numbers[-_ATTACKED:] if (each := work.clusters.member(number))]
                ),
                history=history,
                history_cases=cases_meant(work, history, open_cases=open_cases, owners=owners),
                bans=_bans(work, summary.number, owner),
                open_cases=tuple(open_cases),
            )

    def graph(self, name: str, *, owner: str | None) -> ClusterGraph:
        """What ties whom, for drawing.

        Raises:
            NotFoundError: there is no such cluster for this owner.
        """
        with self.begin() as work:
            summary = _summary(work, find_cluster(work, name, owner))
            anatomy = anatomy_of(work, summary.number, summary.size)
            standings = work.cluster_list.standings(list(anatomy.members), signals=False)
        accounts = {
            number: GraphAccount(
                member.id if owner in (None, member.owner) else "",
                member.signup_id if owner in (None, member.owner) else "somebody else's",
                member.label,
                standings[number].decision.value if number in standings else None,
            )
            for number, member in anatomy.members.items()
        }
        return ClusterGraph(accounts, {_named(tie): numbers for tie, numbers in anatomy.ties.items()})


def _listed(shared: Sequence[SharedIdentifier]) -> tuple[SharedIdentifier, ...]:
    """The first of them, and whatever was cut out: its row is the way to undo that."""
    return (*shared[:SHARED], *(each for each in shared[SHARED:] if each.is_cut))


def _summary(work: UnitOfWork, cluster: int) -> ClusterSummary:
    summary = work.clusters.summary(cluster)
    if summary is None:
        raise RuntimeError("bug: a cluster that was found has no summary")
    return summary


def _named(tie: Tie) -> tuple[tuple[IdentifierKind, str], ...]:
    return tuple((kind, identifier_handle(kind, bytes_of(digest))) for kind, digest in tie)


def _lines(
    anatomy: Anatomy,
    members: Sequence[ClusterMember | Carrier],
    standings: Mapping[int, Standing],
    work: UnitOfWork | None = None,
) -> tuple[MemberLine, ...]:
    """With a ``work``, the cases about them too."""
    return tuple(
        MemberLine(
            id=member.id,
            signup_no=member.signup_no,
            signup_id=member.signup_id,
            occurred_at=member.occurred_at,
            label=member.label,
            standing=standings.get(member.signup_no),
            shares=anatomy.shared_by(member.signup_no),
            trust=trust_signs(standings.get(member.signup_no)),
            case_id=None if work is None else next((each.id for each in work.cases.of_record(member.id)), None),
        )
        for member in members
    )


def _who_stand(
    anatomy: Anatomy, standings: Mapping[int, Standing], decision: Decision, after_no: int
) -> Iterator[Carrier]:
    for number, member in anatomy.members.items():
        standing = standings.get(number)
        if number > after_no and standing is not None and standing.decision is decision:
            yield member


def _touched(
    work: UnitOfWork, lines: Sequence[MemberLine], containments: Sequence[Containment]
) -> tuple[MemberLine, ...]:
    """The lines with how what stands touches each; whom it only waits to touch is not touched yet."""
    numbers = {each.signup_no for each in lines}
    pending = [each for each in containments if each.state is ContainmentState.PENDING]
    requested = {each.signup_no for request in pending for each in work.containments.touched(request.number)}
    held = work.containments.standing_among(numbers) - requested
    asked = work.containments.asked_among(numbers) - requested
    return tuple(
        replace(each, touched=Role.CORE if each.signup_no in held else Role.LEAF if each.signup_no in asked else None)
        for each in lines
    )


def _merges(
    work: UnitOfWork, cluster: int, anatomy: Anatomy, standings: Mapping[int, Standing], owner: str | None
) -> tuple[MergeLine, ...]:
    lines = []
    for merged in work.clusters.merges(cluster, limit=MERGES):
        member = anatomy.members.get(merged.signup_no)
        shown = [] if member is None or owner not in (None, member.owner) else [member]
        through = next(iter(_lines(anatomy, shown, standings)), None)
        lines.append(MergeLine(cluster_id(merged.cluster), merged.at, through))
    return tuple(lines)


def _attacks(work: UnitOfWork, newest: Sequence[ClusterMember]) -> tuple[Attack, ...]:
    """The attacks that several of the newest members are part of, or the only one is."""
    carried = Counter(key for member in newest for key in set(member.identifiers))
    keys = [key for key, count in carried.items() if count >= min(3, len(newest))]
    return tuple(dict.fromkeys(work.attacks.open(keys).values()))


def _bans(work: UnitOfWork, cluster: int, owner: str | None) -> tuple[SaidLine, ...]:
    newest = work.cluster_list.bans(cluster, limit=BANS)
    numbers = sorted({each.signup_no for each in newest})
    members = {member.signup_no: member for member in work.clusters.several(numbers)}
    said = work.outcomes.of_many(numbers)
    lines = []
    for outcome in newest:
        member = members.get(outcome.signup_no)
        shown = member is not None and owner in (None, member.owner)
        earlier = (each for each in said.get(outcome.signup_no, ()) if each.ordinal < outcome.ordinal)
        lines.append(SaidLine(member.signup_id if member is not None and shown else None, outcome, tuple(earlier)))
    return tuple(lines)


def _history(
    work: UnitOfWork, cluster: int, containments: Sequence[Containment], merges: Sequence[MergeLine]
) -> tuple[AuditEntry, ...]:
    """What is on record of the cluster, and of what became part of it."""
    names = [
        cluster_id(cluster),
        *(cluster_id(each.cluster) for each in containments),
        *(each.cluster for each in merges),
    ]
    entries = [
        entry
        for subject in dict.fromkeys(names)
        for entry in work.audit.entries(subject=subject, action="cluster.", limit=ENTRIES)
    ]
    return tuple(sorted(entries, key=lambda entry: entry.at, reverse=True)[:ENTRIES])
