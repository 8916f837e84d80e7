"""Branches: what hangs on those who fell through one of its own, and is doubted enough to be asked for a proof."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from models.linkage.marks import Mark
from models.linkage.pieces import Account, branches_of
from service.domain.containment import Role, Touched
from service.domain.decision import Decision, Reason
from service.domain.policy_sections.clusters import ClusterLines
from service.usecases.doubt_alone import LOOKED_AT, DoubtAlone
from service.usecases.ports import UnitOfWork
from service.usecases.survey_cluster import Plan, Survey

JUDGED_ALONE = 4_000
"""Accounts of all branches of a cluster that are judged alone at most: those of the largest."""

DOUBTED_AT_LEAST = 2
"""One doubted account may be anybody's friend; of a branch of two it is half."""

MOST = 1_000
"""The newest accounts that are asked at once: some seconds of work. The others are once the cluster is judged again."""

HANGS_ON_CONTAINED = Reason(
    "HANGS_ON_CONTAINED",
    "rule",
    "It belongs together with accounts of which one shares an identifier with a network that is contained.",
)
HANGS_ON_BANNED = Reason(
    "HANGS_ON_BANNED",
    "rule",
    "It belongs together with accounts of which one shares an identifier with a banned one, and others are doubted.",
)


@dataclass(frozen=True, slots=True)
class Hanging:
    """Accounts by number that are to be asked for hanging on others, by what these are."""

    on_contained: tuple[int, ...] = ()
    on_banned: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.on_contained or self.on_banned)


@dataclass(slots=True)
class Branches:
    """The branches of one cluster.

    A hydra is seldom tied twice throughout: most of it hangs on its core by a single card or telephone, often through
    another account. Now and then an honest account hangs there too, and behind it perhaps a whole laboratory; what
    tells them apart is what each account is by itself.
    """

    work: UnitOfWork
    doubt: DoubtAlone
    found: Survey
    lines: ClusterLines
    _left: int = field(default=JUDGED_ALONE, init=False)

    def with_them(self, plan: Plan, *, already: Collection[int], asked: Collection[int]) -> Plan:
        """The plan, with those asked for a proof who hang on its core, or on what is contained ``already``."""
        if not plan.core:
            return plan
        touched = {each.signup_no for each in plan.touched} | set(already) | set(asked) | set(plan.good)
        others = {each.number for each in self.found.accounts if _may_be_asked(each)} - touched
        added = [number for part in self._doubted(set(plan.core) | set(already), others) for number in part]
        return replace(plan, touched=(*plan.touched, *(Touched(number, Role.LEAF) for number in sorted(added))))

    def hanging(self, *, contained: Set[int], banned: Set[int], but: Collection[int]) -> Hanging:
        """Who hangs through others on what is contained or banned and was let in, but for some.

        Whoever shares an identifier with one of these is looked at for that by others.
        """
        fallen = contained | banned
        beside_contained, beside = self._beside(contained), self._beside(fallen)
        may = [each.number for each in self.found.accounts if each.number not in fallen and _may_be_asked(each)]
        standings = self.work.cluster_list.standings(
            [number for number in may if number not in beside and number not in but], signals=False
        )
        let_in = sorted(number for number, each in standings.items() if each.decision is Decision.ALLOW)[-MOST:]
        on_contained: list[int] = []
        on_banned: list[int] = []
        for branch in self._doubted(fallen, set(let_in), whole=True) if let_in else ():
            hangs = on_banned if beside_contained.isdisjoint(branch) else on_contained
            hangs += [number for number in let_in if number in branch]
        return Hanging(tuple(sorted(on_contained)), tuple(sorted(on_banned)))

    def _beside(self, fallen: Set[int]) -> frozenset[int]:
        """Who shares with them what ties."""
        ties = self.found.judgement.ties.values()
        return frozenset(number for numbers in ties if not fallen.isdisjoint(numbers) for number in numbers) - fallen

    def _doubted(self, fallen: Set[int], others: Set[int], *, whole: bool = False) -> list[frozenset[int]]:
        """The branches on the fallen that are doubted and hold any of ``others``: these alone, or ``whole``."""
        accounts = {each.number: each for each in self.found.accounts}
        found = []
        for numbers in branches_of(self.found.accounts, fallen, self.found.judgement.ties):
            branch = frozenset(numbers)
            if self._left > 0 and not branch.isdisjoint(others):
                self._left -= min(len(branch), LOOKED_AT)
                if self._is_doubted([accounts[number] for number in numbers]):
                    found.append(branch if whole else branch & others)
        return found

    def _is_doubted(self, branch: Sequence[Account]) -> bool:
        told = {each.number: bool(each.doubted) for each in branch if each.doubted is not None}
        told |= {each.number: each.label is Mark.BANNED for each in branch if each.label is not None}
        alone: Mapping[int, bool] = self.doubt(self.work, [each.number for each in branch if each.number not in told])
        known = [*told.values(), *alone.values()]
        least = min(DOUBTED_AT_LEAST, max(1, len(branch) / 2))
        return sum(known) >= max(least, self.lines.containment.branch_share * len(known))


def _may_be_asked(account: Account) -> bool:
    """Nobody is asked who proved something already, nor whose label is known."""
    return account.label is None and account.doubted is not False
