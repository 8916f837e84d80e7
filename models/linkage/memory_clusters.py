"""Clusters in memory: the replay's counterpart of the store in SQL, member for member."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from models.linkage.company import COMPOSED_OF, COMPOSITION, Company, Traits, composition_of
from models.linkage.identifier import STRONG_KINDS, Identifier, IdentifierKind
from models.linkage.joining import GuardState, PairTie, StrongTie, Ties, ties_of
from models.linkage.marks import Mark
from models.linkage.memory_marks import Key, MemoryMarks, marked_keys
from models.linkage.velocity import SATURATION, Window


@dataclass(slots=True)
class Member:
    """One recorded sign-up in its cluster.

    ``label`` is BANNED or GOOD once that is known, at ``label_us``; ``proof`` is PASSED or FAILED, the newest of them.
    """

    signup_no: int
    occurred_us: int
    traits: Traits
    identifiers: tuple[Identifier, ...]
    cluster: int
    label: Mark | None = None
    label_us: int = 0
    proof: Mark | None = None


class MemoryClusters:
    """Who belongs together and what is known of whom; see ``models.linkage.company``."""

    def __init__(self) -> None:
        self.members: dict[int, Member] = {}
        self.guards: dict[Key, GuardState] = {}
        self.marks = MemoryMarks()
        self._founded: dict[int, int] = {}
        self._anchors: dict[Key, int] = {}
        self._into: dict[int, int] = {}
        self._numbers: dict[int, list[int]] = {}
        self._labelled: dict[tuple[int, Mark], list[tuple[int, int]]] = {}
        self._failing: set[int] = set()
        # New clusters that nobody founds are numbered downwards; founders' numbers count upwards.
        self._spare = 0

    def root(self, cluster: int) -> int:
        """The cluster that a cluster has become part of; itself while it has not."""
        top = cluster
        while (into := self._into.get(top, top)) != top:
            top = into
        while cluster != top:
            self._into[cluster], cluster = top, self._into[cluster]
        return top

    def founded(self, cluster: int) -> bool:
        """Whether there is such a cluster, or was."""
        return cluster in self._founded

    def founded_us(self, cluster: int) -> int:
        """When a cluster was founded."""
        return self._founded[cluster]

    def numbers_of(self, cluster: int) -> Sequence[int]:
        """The members of a cluster by number, oldest first."""
        return self._numbers.get(self.root(cluster), ())

    def labelled_members(self) -> Iterator[Member]:
        """The members that are known as good or as fraud, in no order."""
        for known in self._labelled.values():
            for _, number in known:
                yield self.members[number]

    def labelled(self, label: Mark) -> dict[int, list[int]]:
        """When the members of a label became known as that, in microseconds, by cluster."""
        return {
            cluster: [known_us for known_us, _ in known]
            for (cluster, of), known in self._labelled.items()
            if of is label and known
        }

    def failing(self) -> Counter[int]:
        """How many members failed the last proof that they were asked for, by cluster."""
        return Counter(self.members[number].cluster for number in self._failing)

    def failing_members(self) -> Iterator[Member]:
        """The members who failed the last proof that they were asked for."""
        return (self.members[number] for number in self._failing)

    def ties(
        self,
        identifiers: Sequence[Identifier],
        *,
        pairs: Iterable[tuple[int, int]],
        name_is_rare: bool,
        carried_by_others: Callable[[Identifier], bool],
    ) -> Ties:
        """What ties a sign-up to clusters.

        Args:
            identifiers: what it carries.
            pairs: earlier sign-ups with the medium kinds that agree, as bits.
            name_is_rare: whether name and year of birth may tie.
            carried_by_others: whether another sign-up carries an identifier; only asked for strong ones.
        """
        strong = []
        for each in identifiers:
            if each.kind in STRONG_KINDS:
                key = (each.kind, each.value)
                cluster = self._anchors.get(key)
                if cluster is not None and carried_by_others(each):
                    strong.append(StrongTie(each.kind, self.root(cluster), self.guards.get(key)))
        of_pairs = [PairTie(self.root(self.members[number].cluster), agreeing) for number, agreeing in pairs]
        return ties_of(strong, of_pairs, name_is_rare=name_is_rare)

    def company(
        self, ties: Ties, identifiers: Sequence[Identifier], *, contained: int, now_us: int, excluding: int | None
    ) -> Company:
        """The company that these ties bring."""
        if not ties.clusters:
            return Company(guarded=ties.guarded, contained=contained)
        newest = self._newest(ties.clusters, excluding)
        if not newest:
            return Company(guarded=ties.guarded, contained=contained)
        frauds = self._known(ties.clusters, Mark.BANNED, excluding)
        good = self._known(ties.clusters, Mark.GOOD, excluding)
        hour, day = Window.HOUR.value, Window.DAY.value
        patterns = [each.value for each in identifiers if each.kind is IdentifierKind.EMAIL_PATTERN]
        return Company(
            clusters=ties.clusters,
            edges=ties.edges,
            guarded=ties.guarded,
            contained=contained,
            size=len(newest),
            growth_1h=sum(now_us - hour <= each.occurred_us < now_us for each in newest),
            growth_24h=sum(now_us - day <= each.occurred_us < now_us for each in newest),
            frauds=len(frauds),
            good=len(good),
            age_us=max(0, now_us - min(self._founded[cluster] for cluster in ties.clusters)),
            fraud_age_us=max(0, now_us - max(frauds)) if frauds else None,
            composition=composition_of([each.traits for each in newest[:COMPOSITION]], patterns),
        )

    def add(self, signup_no: int, occurred_us: int, identifiers: tuple[Identifier, ...], joins: tuple[int, ...]) -> int:
        """Make a recorded sign-up a member; what it joins becomes one cluster. Returns the cluster."""
        cluster = self._united(joins) if joins else self._new(signup_no, occurred_us)
        traits = traits_of({each.kind: each.value for each in identifiers})
        self.members[signup_no] = Member(signup_no, occurred_us, traits, identifiers, cluster)
        insort(self._numbers[cluster], signup_no)
        for each in identifiers:
            if each.kind in STRONG_KINDS:
                self._anchors.setdefault((each.kind, each.value), cluster)
        return cluster

    def add_further(self, signup_no: int, identifiers: tuple[Identifier, ...]) -> None:
        """A member turns out to carry further identifiers; unguarded strong ones tie its cluster to others."""
        member = self.members[signup_no]
        known = self.marks.known_of(self._keys_of(signup_no), signup_no)
        member.identifiers += identifiers
        for mark, known_us in known:
            self.marks.put(marked_keys(identifiers), signup_no, mark, known_us)
        clusters = {self.root(member.cluster)}
        for each in identifiers:
            key = (each.kind, each.value)
            if each.kind in STRONG_KINDS:
                leads_to = self.root(self._anchors.setdefault(key, member.cluster))
                clusters |= {leads_to} if key not in self.guards else set()
        self._united(tuple(sorted(clusters)))

    def mark(self, signup_no: int, mark: Mark, known_us: int) -> None:
        """Something became known of a sign-up; it is known on every identifier that it carries."""
        self.marks.put(self._keys_of(signup_no), signup_no, mark, known_us)
        if mark in (Mark.BANNED, Mark.GOOD):
            member = self.members[signup_no]
            self._unlabel(member)
            member.label, member.label_us = mark, known_us
            self._label(member)
        elif mark in (Mark.PASSED, Mark.FAILED):
            self._prove(self.members[signup_no], mark)

    def unmark(self, signup_no: int, mark: Mark) -> None:
        """It turned out otherwise: the marks count nowhere any more."""
        for key in self._keys_of(signup_no):
            self.marks.drop(key, signup_no, mark)
        member = self.members[signup_no]
        if member.label is mark:
            self._unlabel(member)
            member.label = None
        if member.proof is mark:
            self._prove(member, None)

    def guard(self, key: Key, state: GuardState | None) -> None:
        """An identifier ties nobody from now on; ``None`` lets it tie again."""
        if state is None:
            self.guards.pop(key, None)
        else:
            self.guards[key] = state

    def lead(self, key: Key, signup_no: int) -> None:
        """An identifier leads to the cluster of a member from now on."""
        self._anchors[key] = self.members[signup_no].cluster

    def split(self, parts: Sequence[Sequence[int]], anchors: Iterable[tuple[Key, int]]) -> None:
        """Move members out of their cluster into new ones.

        Args:
            parts: the members of each new cluster by number, all of one cluster so far, which keeps the others.
            anchors: which cluster an identifier leads to from now on, by a member of it.
        """
        for part in parts:
            self._spare -= 1
            self._move(part, self._new(self._spare, min(self.members[number].occurred_us for number in part)))
        for key, number in anchors:
            self._anchors[key] = self.members[number].cluster

    def move(self, numbers: Iterable[int], into: int, anchors: Iterable[Key]) -> None:
        """Move members out of their cluster into another, to which these identifiers lead from now on."""
        self._move(numbers, into)
        self._anchors.update(dict.fromkeys(anchors, into))

    def _move(self, numbers: Iterable[int], into: int) -> None:
        for number in numbers:
            member = self.members[number]
            self._numbers[member.cluster].remove(number)
            self._unlabel(member)
            member.cluster = into
            insort(self._numbers[into], number)
            self._label(member)

    def anchored(self, key: Key) -> int | None:
        """The cluster that an identifier leads to."""
        cluster = self._anchors.get(key)
        return None if cluster is None else self.root(cluster)

    def unite(self, clusters: Iterable[int]) -> int:
        """Make several clusters one."""
        return self._united(tuple(sorted({self.root(cluster) for cluster in clusters})))

    def _new(self, number: int, founded_us: int) -> int:
        self._founded[number] = founded_us
        self._into[number] = number
        self._numbers[number] = []
        return number

    def _united(self, clusters: tuple[int, ...]) -> int:
        if len(clusters) == 1:
            return clusters[0]
        # The smaller join the largest, so that no member moves more than log n times.
        winner = max(clusters, key=lambda each: (min(SATURATION, len(self._numbers[each])), -each))
        for loser in clusters:
            if loser != winner:
                self._into[loser] = winner
                moved = self._numbers.pop(loser)
                for number in moved:
                    self.members[number].cluster = winner
                numbers = self._numbers[winner]
                numbers += moved
                numbers.sort()
                for label in (Mark.BANNED, Mark.GOOD):
                    for known in self._labelled.pop((loser, label), ()):
                        insort(self._labelled.setdefault((winner, label), []), known)
                self._founded[winner] = min(self._founded[winner], self._founded[loser])
        return winner

    def _newest(self, clusters: Sequence[int], excluding: int | None) -> list[Member]:
        numbers: list[int] = []
        for cluster in clusters:
            numbers += self._numbers[cluster][-(SATURATION + 1) :]
        numbers.sort(reverse=True)
        return [self.members[number] for number in numbers if number != excluding][:SATURATION]

    def _known(self, clusters: Sequence[int], label: Mark, excluding: int | None) -> list[int]:
        """When the newest members of a label became known."""
        known: list[tuple[int, int]] = []
        for cluster in clusters:
            known += self._labelled.get((cluster, label), [])[-(SATURATION + 1) :]
        return sorted((known_us for known_us, number in known if number != excluding), reverse=True)[:SATURATION]

    def _label(self, member: Member) -> None:
        if member.label is not None:
            insort(self._labelled.setdefault((member.cluster, member.label), []), (member.label_us, member.signup_no))

    def _unlabel(self, member: Member) -> None:
        if member.label is not None:
            self._labelled[member.cluster, member.label].remove((member.label_us, member.signup_no))

    def _prove(self, member: Member, proof: Mark | None) -> None:
        member.proof = proof
        if proof is Mark.FAILED:
            self._failing.add(member.signup_no)
        else:
            self._failing.discard(member.signup_no)

    def _keys_of(self, signup_no: int) -> Iterator[Key]:
        return marked_keys(self.members[signup_no].identifiers)


def traits_of(values: dict[IdentifierKind, str]) -> Traits:
    """A member's traits of its identifiers' values by kind."""
    network, domain, pattern, device, card, institution, name = map(values.get, COMPOSED_OF)
    return network, domain, pattern, device, card, institution, name
