"""Survey a cluster: its members, what ties them, and the judgement on its pieces."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from models.linkage.identifier import STRONG_KINDS, TYING_KINDS
from models.linkage.marks import Mark
from models.linkage.pieces import Account, Judgement, Key, Lines, Piece, Verdict, judge, leaves_of
from service.domain.containment import Role, Touched
from service.domain.outcome import standing_of
from service.domain.policy_sections.clusters import ClusterLines
from service.usecases.ports import UnitOfWork
from service.usecases.ports_clusters import ClusterMember, IdentifierKey

UNSAID = "unsaid"
"""The source of a label that no outcome explains."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A cluster as it is now.

    Attributes:
        cluster: its number.
        members: by number, in order.
        accounts: the same as the judgement sees them: strong and medium identifiers only.
        guarded: the identifiers among them that tie nobody.
        judgement: on its pieces.
    """

    cluster: int
    members: Mapping[int, ClusterMember]
    accounts: Sequence[Account]
    guarded: frozenset[Key]
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Plan:
    """Whom a containment would touch.

    Attributes:
        touched: the core, and the leaves that hang on it.
        keys: the identifiers that it would hold.
        good: verified-good accounts in its midst, which it leaves alone.
        frauds: known frauds in the core.
        pieces: how many pieces the core consists of.
    """

    touched: tuple[Touched, ...]
    keys: tuple[IdentifierKey, ...]
    good: tuple[int, ...]
    frauds: int
    pieces: int

    @property
    def core(self) -> tuple[int, ...]:
        """The members that it would contain, by number."""
        return tuple(each.signup_no for each in self.touched if each.role is Role.CORE)

    @property
    def leaves(self) -> tuple[int, ...]:
        """The members that would be asked for a proof, by number."""
        return tuple(each.signup_no for each in self.touched if each.role is Role.LEAF)


def survey(work: UnitOfWork, cluster: int, lines: ClusterLines) -> Survey:
    """Look at a cluster whole; not for the hot path."""
    members = {member.signup_no: member for member in work.clusters.members(cluster)}
    known = work.outcomes.of_many([number for number, member in members.items() if member.label is Mark.BANNED])
    guarded = frozenset(key_of(guard.key) for guard in work.clusters.guards())
    refused = work.ledger.refused_among(members)
    accounts = []
    for number, member in members.items():
        said = known.get(number)
        standing = standing_of(said, lines.outcomes.precedence) if said else None
        accounts.append(
            Account(
                number=number,
                keys=tuple((each.kind, each.digest) for each in member.identifiers if each.kind in TYING_KINDS),
                label=member.label,
                source=UNSAID if standing is None else standing.said.source,
                doubted=None if member.proof is None else member.proof is Mark.FAILED,
                refused=number in refused,
            )
        )
    judged = judge(accounts, guarded=guarded, lines=lines_of(lines))
    return Survey(cluster, members, accounts, guarded, judged)


def lines_of(lines: ClusterLines) -> Lines:
    """The policy's lines as the judgement takes them."""
    section = lines.containment
    return Lines(section.frauds, section.sources, section.fraud_share, section.doubted, section.doubted_share)


def key_of(key: IdentifierKey) -> Key:
    """An identifier as the judgement takes it."""
    return key.kind, key.digest


def plan_of(
    found: Survey,
    pieces: Collection[Piece],
    *,
    already: Collection[int] = frozenset(),
    asked: Collection[int] = frozenset(),
) -> Plan:
    """Whom containing these pieces would touch.

    Members that are contained ``already`` are not touched again, and leaves that a containment ``asked`` once are not
    asked again for every account that joins its core.
    """
    every = {number for piece in pieces for number in piece.accounts}
    good = {number for piece in pieces for number in piece.good}
    core = every - good - set(already)
    touched = [Touched(number, Role.CORE) for number in sorted(core)]
    touched += [
        Touched(leaf.number, Role.LEAF, tuple(dict.fromkeys(key[0] for tie in leaf.ties for key in tie)))
        for leaf in leaves_of(found.accounts, every, found.judgement.ties)
        if leaf.number not in already and leaf.number not in asked
    ]
    return Plan(
        touched=tuple(touched),
        keys=held_by(found, core),
        good=tuple(sorted(good)),
        frauds=sum(len(piece.frauds) for piece in pieces),
        pieces=len(pieces),
    )


def plan_of_everybody(found: Survey, *, already: Collection[int] = frozenset()) -> Plan:
    """Whom containing the whole cluster would touch, whatever its structure."""
    good = {number for number, member in found.members.items() if member.label is Mark.GOOD}
    core = set(found.members) - good - set(already)
    return Plan(
        touched=tuple(Touched(number, Role.CORE) for number in sorted(core)),
        keys=held_by(found, core),
        good=tuple(sorted(good)),
        frauds=sum(found.members[number].label is Mark.BANNED for number in core),
        pieces=len(found.judgement.pieces),
    )


def suspicious(found: Survey) -> tuple[Piece, ...]:
    """The pieces with a known fraud, or most of which was doubted: those that a person may want contained."""
    return tuple(piece for piece in found.judgement.pieces if piece.verdict is not Verdict.LEAVE)


def held_by(found: Survey, core: Collection[int]) -> tuple[IdentifierKey, ...]:
    """Every unguarded strong identifier of the core: those that only one of them carries are the next one's too."""
    return tuple(
        sorted(
            {
                each
                for number in core
                for each in found.members[number].identifiers
                if each.kind in STRONG_KINDS and key_of(each) not in found.guarded
            }
        )
    )
