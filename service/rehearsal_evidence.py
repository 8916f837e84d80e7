"""What there was to know of a rehearsed operator: since when his accounts, seen whole, were enough to contain some."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from models.linkage.identifier import Identifier
from models.linkage.joining import joins_alone, joins_in_pairs
from models.linkage.marks import Mark
from models.linkage.pieces import Account, Lines, judge


@dataclass(slots=True)
class Evidence:
    """All accounts of the operator with what ties them, as nobody but he sees them: none was missed by a cluster.

    Each counts as doubted, and none as refused, so nobody who goes by the same lines can contain any of them sooner
    without a person.
    """

    _accounts: dict[int, Account] = field(default_factory=dict)
    _changed: bool = False

    def add(self, number: int, identifiers: tuple[Identifier, ...]) -> None:
        """He opened one."""
        keys = tuple((each.kind, each.value) for each in identifiers if joins_alone(each) or joins_in_pairs(each))
        self._accounts[number] = Account(number, keys, doubted=True)
        self._changed = True

    def ban(self, number: int, source: str) -> None:
        """One of his is a known fraud; the first to say so counts."""
        account = self._accounts[number]
        if account.label is None:
            self._accounts[number] = replace(account, label=Mark.BANNED, source=source)
            self._changed = True

    def suffices(self, lines: Lines) -> bool:
        """Whether any of them would be contained; only looked at again after a change."""
        if not self._changed:
            return False
        self._changed = False
        return bool(judge(tuple(self._accounts.values()), lines=lines).to_contain())
