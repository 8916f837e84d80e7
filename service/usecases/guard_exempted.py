"""Guard what is exempted: an identifier on the exempt list ties nobody while its entry holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from models.linkage.identifier import Strength, strength_of
from models.linkage.joining import GuardState
from service.domain.standing import ListName
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.ports_clusters import IdentifierKey
from service.usecases.ports_lists import ListEntry
from service.usecases.recognise_shared import DeclareShared, drop

_PAGE = 500


class GuardExempted:
    """A job of the worker: the guards that persons declared are those of the list, no more and no fewer.

    The list is read when it changed. An entry of a kind that ties nobody anyway (a mail domain, a network) guards
    nothing, and what is guarded for another reason is left to that.
    """

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._declare = DeclareShared(begin)
        self._revision: int | None = None
        self._entries: dict[IdentifierKey, ListEntry] = {}

    def __call__(self, now: datetime) -> int:
        """Guard what was put on the list, lift what was taken off or expired; how many guards changed."""
        with self._begin() as work:
            self._bring_up_to_date(work)
            guards = {guard.key: guard for guard in work.clusters.guards()}
        holding = {key: each for key, each in self._entries.items() if each.expires_at is None or now < each.expires_at}
        ended = [each for key, each in guards.items() if each.state is GuardState.EXEMPT and key not in holding]
        for guard in ended:
            drop(self._begin, guard, why="no longer exempt", now=now)
        begun = {each.id: each for key, each in holding.items() if key not in guards}
        for entry in begun.values():
            self._declare(
                [(entry.kind, entry.value)], by=entry.created_by, reason=entry.reason, until=entry.expires_at, now=now
            )
        return len(ended) + len(begun)

    def _bring_up_to_date(self, work: UnitOfWork) -> None:
        # The revision first: what is committed between the two reads is read now and, harmlessly, once more.
        revision = work.lists.revision()
        if revision == self._revision:
            return
        tying = [each for each in _exempted(work) if strength_of(each.kind) is not Strength.WEAK]
        self._entries = {key: each for each in tying for key in work.clusters.keys_of([(each.kind, each.value)])}
        self._revision = revision


def _exempted(work: UnitOfWork) -> Iterator[ListEntry]:
    before = None
    while page := work.lists.page(ListName.EXEMPT, before=before, limit=_PAGE):
        yield from page
        before = page[-1].id
