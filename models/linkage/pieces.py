"""Pieces: what of a cluster holds together without any one identifier, and what is to be done about it.

Clusters are discovered generously: one shared identifier joins. They are judged by structure: the graph of accounts
and the identifiers that they share is cut at its bridges, the edges without which it would fall apart. What stays
together is tied at least twice, which accidents (a recycled number, a borrowed card) hardly ever are.

The graph has a node for every account, for every unguarded strong identifier that two of them share, and for two medium
identifiers that the same accounts share. Weak and guarded identifiers tie nobody.

Mailboxes, telephones and ORCID iDs are public: anybody can write down those of a stranger, or of a whole university,
and be refused or banned. So whom nothing else holds is no part of a piece that is contained without a person, and whom
nothing else leads to a known fraud, or what those who were refused wrote down holds to one, is told apart: an
operator's accounts are, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

import rustworkx as rx

from models.linkage.identifier import STRONG_KINDS, WRITTEN_KINDS, IdentifierKind
from models.linkage.joining import DEGREE_CAP, MEDIUM
from models.linkage.marks import Mark

Key = tuple[IdentifierKind, Hashable]
Tie = tuple[Key, ...]
"""What one node of identifiers is: a strong one, or two medium ones that agree."""

Ties = Mapping[Tie, Sequence[int]]
"""The nodes of identifiers, and the accounts that each ties."""

_PLACE = {kind: at for at, kind in enumerate(MEDIUM)}


@dataclass(frozen=True, slots=True)
class Account:
    """A member of a cluster: its identifiers, what is known of it by whom, and whether it was doubted.

    ``doubted`` is the evidence that comes in minutes, where labels take days: whether it failed the last proof that it
    was asked for, or would be asked for one even if nobody had come before it. ``None`` says that nobody can tell.
    ``refused`` says that it was never let in, nor asked for a proof that would have let it in.
    """

    number: int
    keys: tuple[Key, ...]
    label: Mark | None = None
    source: str | None = None
    doubted: bool | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """From when on a piece is contained without a person; see the policy for the meaning of each."""

    frauds: int = 3
    sources: int = 2
    fraud_share: float = 0.2
    doubted: int = 5
    doubted_share: float = 0.5


class Verdict(StrEnum):
    """What is to be done about a piece."""

    CONTAIN = "contain"
    CASE = "case"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Piece:
    """Accounts that no single edge holds together.

    Attributes:
        accounts: by number.
        frauds: known frauds among them; likewise ``good``, which are left alone whatever becomes of the others.
        sources: different sources that said so of the frauds.
        doubted: members of whom nothing else is known and who were doubted; ``trusted`` counts those who were not, but
            for those who were refused: to send some that look honest costs nothing.
        held: members who share with another of them what nobody can write down for somebody else: the others are no
            part of what is contained.
        loose: members whom only what anybody can write down ties to a known fraud, whoever wrote it; also those whom
            only the telephones of those who were refused hold to one as firmly.
        verdict: contained with enough frauds, of several sources or a share of the labelled, and with one fraud where
            most were doubted; a case with less, and where only what anybody can write down holds it together.
    """

    accounts: tuple[int, ...]
    frauds: tuple[int, ...]
    good: tuple[int, ...]
    sources: int
    doubted: tuple[int, ...]
    trusted: int
    verdict: Verdict
    loose: tuple[int, ...] = ()
    held: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Leaf:
    """An account that hangs on pieces that are to be contained, by no more than one edge on each."""

    number: int
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The pieces of two accounts or more, largest first, and what hangs on those that are to be contained.

    ``ties`` are the nodes of identifiers that hold everything together; see ``ties_of``.
    """

    pieces: tuple[Piece, ...]
    leaves: tuple[Leaf, ...]
    ties: Ties

    def to_contain(self) -> tuple[Piece, ...]:
        """The pieces that are contained without a person."""
        return tuple(each for each in self.pieces if each.verdict is Verdict.CONTAIN)


def judge(accounts: Sequence[Account], *, guarded: Set[Key] = frozenset(), lines: Lines = Lines()) -> Judgement:
    """Cut the bridges of a cluster's graph and judge what stays together.

    A piece most of which is doubted needs one known fraud in place of several: one honest person in fifty is, and
    hardly ever are most of those who are tied twice. Without any known fraud it is a case.

    A piece without either, such as a laboratory, is left alone whatever its size. Linear in the identifiers.
    """
    by_number = {each.number: each for each in accounts}
    ties = ties_of(accounts, guarded)
    of_account = _cut(by_number, ties)
    firmly = _cut(by_number, ties_of(accounts, guarded, untied=WRITTEN_KINDS))
    frauds = [each.number for each in accounts if each.label is Mark.BANNED]
    firm = {firmly[number] for number in frauds}
    reached = _reached(by_number, frauds, ties)
    groups: dict[int, list[int]] = defaultdict(list)
    for number, group in of_account.items():
        groups[group].append(number)
    held = _held(ties, of_account)
    judged = [
        judge_held([by_number[number] for number in sorted(numbers)], held, lines)
        for numbers in groups.values()
        if len(numbers) >= 2
    ]
    pieces = [
        replace(
            piece,
            loose=tuple(number for number in piece.accounts if firmly[number] not in firm or number not in reached),
        )
        for piece in judged
    ]
    contained = {number for piece in pieces if piece.verdict is Verdict.CONTAIN for number in piece.accounts}
    ordered = sorted(pieces, key=lambda piece: (-len(piece.accounts), piece.accounts))
    return Judgement(tuple(ordered), _leaves(ties, contained, by_number), ties)


def leaves_of(accounts: Sequence[Account], core: Set[int], ties: Ties) -> tuple[Leaf, ...]:
    """What hangs on these accounts, whoever chose them."""
    return _leaves(ties, core, {each.number: each for each in accounts})


def branches_of(accounts: Sequence[Account], core: Set[int], ties: Ties) -> tuple[tuple[int, ...], ...]:
    """What of the rest would stay together without the core, largest first: parts of two or more that hang on it."""
    hanging = {number for numbers in ties.values() if not core.isdisjoint(numbers) for number in numbers} - core
    outside = {tie: rest for tie, numbers in ties.items() if (rest := [one for one in numbers if one not in core])}
    parts = components([each.number for each in accounts if each.number not in core], outside)
    return tuple(part for part in parts if len(part) >= 2 and not hanging.isdisjoint(part))


_NEVER_OF_THE_REFUSED = WRITTEN_KINDS - {IdentifierKind.PHONE}


def ties_of(
    accounts: Sequence[Account], guarded: Set[Key] = frozenset(), *, untied: Set[IdentifierKind] = _NEVER_OF_THE_REFUSED
) -> dict[Tie, tuple[int, ...]]:
    """The nodes of identifiers and the accounts that each ties, in the order they are given: two or more.

    ``untied`` are the kinds by which those who were refused are tied to nobody.
    """
    strong: dict[Tie, list[int]] = defaultdict(list)
    medium: dict[Key, list[int]] = defaultdict(list)
    for account in accounts:
        for key in dict.fromkeys(account.keys):
            if key in guarded or (account.refused and key[0] in untied):
                continue
            if key[0] in STRONG_KINDS:
                strong[key,].append(account.number)
            elif key[0] in _PLACE:
                medium[key].append(account.number)
    found: dict[Tie, tuple[int, ...]] = {tie: tuple(each) for tie, each in strong.items() if len(each) >= 2}
    return found | _pairs(medium)


def _pairs(medium: Mapping[Key, Sequence[int]]) -> dict[Tie, tuple[int, ...]]:
    """Two medium identifiers that the same accounts share; none that a crowd has, none twice for the same accounts."""
    shared = [key for key, numbers in medium.items() if 2 <= len(numbers) <= DEGREE_CAP[key[0]]]
    carried: dict[int, list[Key]] = defaultdict(list)
    for key in sorted(shared, key=lambda each: (_PLACE[each[0]], repr(each[1]))):
        for number in medium[key]:
            carried[number].append(key)
    both: dict[tuple[Key, Key], list[int]] = defaultdict(list)
    for number, keys in carried.items():
        for pair in combinations(keys, 2):
            if pair[0][0] is not pair[1][0]:
                both[pair].append(number)
    # Three that agree would make three pairs, and with them a cycle out of what is hardly more than one.
    used: dict[tuple[int, ...], set[Key]] = defaultdict(set)
    found: dict[Tie, tuple[int, ...]] = {}
    for pair, carriers in both.items():
        together = tuple(carriers)
        if len(together) >= 2 and not used[together] & set(pair):
            used[together] |= set(pair)
            found[pair] = together
    return found


def _cut(accounts: Mapping[int, Account], ties: Ties) -> dict[int, int]:
    """The group of every account once the bridges are cut."""
    graph: rx.PyGraph[int, None] = rx.PyGraph(multigraph=False)
    node_of = {number: node for node, number in enumerate(accounts)}
    graph.add_nodes_from(range(len(accounts) + len(ties)))
    edges = [(node_of[number], len(accounts) + at) for at, numbers in enumerate(ties.values()) for number in numbers]
    graph.add_edges_from_no_data(edges)
    graph.remove_edges_from([(each[0], each[-1]) for each in rx.bridges(graph)])
    groups: dict[int, int] = {}
    numbers = list(accounts)
    for group, nodes in enumerate(rx.connected_components(graph)):
        groups |= {numbers[node]: group for node in nodes if node < len(numbers)}
    return groups


def _reached(accounts: Mapping[int, Account], frauds: Sequence[int], ties: Ties) -> set[int]:
    """Whom what nobody can write down for somebody else leads to from a known fraud, over whomever."""
    had = {tie: numbers for tie, numbers in ties.items() if tie[0][0] not in WRITTEN_KINDS}
    known = frozenset(frauds)
    return {number for part in components(accounts, had) if not known.isdisjoint(part) for number in part}


def _held(ties: Ties, of_account: Mapping[int, int]) -> set[int]:
    """Who shares with another of the same group what nobody can write down for somebody else."""
    held: set[int] = set()
    for tie, numbers in ties.items():
        if tie[0][0] in WRITTEN_KINDS:
            continue
        inside: dict[int, list[int]] = defaultdict(list)
        for number in numbers:
            inside[of_account[number]].append(number)
        held.update(number for together in inside.values() if len(together) >= 2 for number in together)
    return held


def judge_held(accounts: Sequence[Account], held: Set[int], lines: Lines) -> Piece:
    """What is to be done about a piece: those who are ``held`` may be contained, all of it is a case at most."""
    of_these = frozenset(each.number for each in accounts) & held
    core = judge_piece([each for each in accounts if each.number in of_these], lines)
    if core.verdict is Verdict.CONTAIN:
        return replace(core, held=of_these)
    piece = judge_piece(accounts, lines)
    verdict = Verdict.CASE if piece.verdict is Verdict.CONTAIN and len(of_these) < len(accounts) else piece.verdict
    return replace(piece, held=of_these, verdict=verdict)


def judge_piece(accounts: Sequence[Account], lines: Lines) -> Piece:
    """What is to be done about accounts that no single edge holds together."""
    frauds = [each for each in accounts if each.label is Mark.BANNED]
    good = [each for each in accounts if each.label is Mark.GOOD]
    doubted = [each for each in accounts if each.label is None and each.doubted]
    let_in = [each for each in accounts if not each.refused]
    trusted = sum(each.label is not Mark.BANNED and each.doubted is False for each in let_in) + sum(
        each.label is Mark.GOOD and each.doubted is not False for each in accounts
    )
    sources = len({each.source for each in frauds})
    labelled = len(frauds) + len(good)
    agreed = sources >= lines.sources or len(frauds) >= lines.fraud_share * labelled
    mostly = 0 < lines.doubted <= len(doubted) and len(doubted) >= lines.doubted_share * (len(doubted) + trusted)
    verdict = Verdict.CASE if frauds or mostly else Verdict.LEAVE
    if (len(frauds) >= lines.frauds and agreed) or (frauds and mostly):
        verdict = Verdict.CONTAIN
    return Piece(
        accounts=tuple(each.number for each in accounts),
        frauds=tuple(each.number for each in frauds),
        good=tuple(each.number for each in good),
        sources=sources,
        doubted=tuple(each.number for each in doubted),
        trusted=trusted,
        verdict=verdict,
    )


def _leaves(ties: Ties, contained: Set[int], accounts: Mapping[int, Account]) -> tuple[Leaf, ...]:
    hanging: dict[int, list[Tie]] = defaultdict(list)
    for tie, numbers in ties.items():
        if not contained.isdisjoint(numbers):
            for number in numbers:
                if number not in contained and accounts[number].label is not Mark.GOOD:
                    hanging[number].append(tie)
    return tuple(Leaf(number, tuple(hanging[number])) for number in sorted(hanging))


def components(numbers: Iterable[int], ties: Ties) -> list[tuple[int, ...]]:
    """The accounts that ties hold together at all, largest part first: what a partition without a guard looks like."""
    ordered = list(numbers)
    node_of = {number: node for node, number in enumerate(ordered)}
    graph: rx.PyGraph[int, None] = rx.PyGraph()
    graph.add_nodes_from(range(len(ordered)))
    graph.add_edges_from_no_data(
        [(node_of[carriers[0]], node_of[each]) for carriers in ties.values() for each in carriers[1:]]
    )
    parts = [tuple(sorted(ordered[node] for node in part)) for part in rx.connected_components(graph)]
    return sorted(parts, key=lambda part: (-len(part), part))
