"""The store in memory: units of work over dictionaries, for tests and demonstrations."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from service.domain.event import Event
from service.storage.memory.accounts import MemoryAccounts
from service.storage.memory.after_bans import MemoryAfterBans
from service.storage.memory.api_keys import MemoryApiKeys
from service.storage.memory.attacks import MemoryAttacks
from service.storage.memory.audit import MemoryAuditTrail
from service.storage.memory.cases import MemoryCases
from service.storage.memory.cluster_list import MemoryClusterList
from service.storage.memory.clusters import MemoryClusterPort
from service.storage.memory.containments import MemoryContainments
from service.storage.memory.decisions import MemoryDecisions
from service.storage.memory.events import MemoryEvents
from service.storage.memory.figures import MemoryFigures
from service.storage.memory.gathering import MemoryGathering
from service.storage.memory.idempotency import MemoryIdempotencyKeys
from service.storage.memory.learning import MemoryDriftReports, MemoryJudgements, MemoryShadows
from service.storage.memory.ledger import MemoryLedger
from service.storage.memory.likenesses import MemoryLikenesses
from service.storage.memory.list_entries import MemoryListEntries
from service.storage.memory.outcomes import MemoryOutcomes
from service.storage.memory.page_visits import MemoryPageVisits
from service.storage.memory.policies import MemoryPolicies
from service.storage.memory.probations import MemoryProbations
from service.storage.memory.proposals import MemoryProposals
from service.storage.memory.recordings import MemoryRecordings
from service.storage.memory.reviewers import MemoryReviewers
from service.storage.memory.roll_ups import MemoryRollUps
from service.storage.memory.second_looks import MemorySecondLooks
from service.storage.memory.shelves import Shelves, Undo, Write
from service.storage.memory.step_ups import MemoryAppeals, MemoryMails, MemoryPassRates, MemoryStepUps
from service.storage.memory.webhooks import MemoryDeliveries, MemoryEndpoints


class MemoryUnitOfWork:
    """See ``service.usecases.ports.UnitOfWork``."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._staged: list[Write] = []
        self._after: list[Write] = []
        self.idempotency = MemoryIdempotencyKeys(shelves, self._staged)
        self.ledger = MemoryLedger(shelves, self._staged, self._after, self.idempotency)
        self.keys = MemoryApiKeys(shelves, self._staged)
        self.policies = MemoryPolicies(shelves, self._staged)
        self.audit = MemoryAuditTrail(shelves, self._staged)
        self.events = MemoryEvents(shelves, self._staged)
        self.clusters = MemoryClusterPort(shelves, self._staged)
        self.cluster_list = MemoryClusterList(shelves)
        self.after_bans = MemoryAfterBans(shelves, self._staged)
        self.likenesses = MemoryLikenesses(shelves, self._staged)
        self.containments = MemoryContainments(shelves, self._staged)
        self.outcomes = MemoryOutcomes(shelves, self._staged)
        self.attacks = MemoryAttacks(shelves, self._staged)
        self.roll_ups = MemoryRollUps(shelves)
        self.judgements = MemoryJudgements(shelves)
        self.shadows = MemoryShadows(shelves, self._staged)
        self.drift_reports = MemoryDriftReports(shelves, self._staged)
        self.endpoints = MemoryEndpoints(shelves, self._staged)
        self.deliveries = MemoryDeliveries(shelves, self._staged)
        self.accounts = MemoryAccounts(shelves, self._staged)
        self.decisions = MemoryDecisions(shelves)
        self.recordings = MemoryRecordings(shelves)
        self.probations = MemoryProbations(shelves, self._staged)
        self.lists = MemoryListEntries(shelves, self._staged)
        self.step_ups = MemoryStepUps(shelves, self._staged)
        self.mails = MemoryMails(shelves, self._staged)
        self.appeals = MemoryAppeals(shelves, self._staged)
        self.page_visits = MemoryPageVisits(shelves, self._staged)
        self.pass_rates = MemoryPassRates(shelves, self._staged)
        self.cases = MemoryCases(shelves, self._staged)
        self.gathering = MemoryGathering(shelves, self._staged)
        self.proposals = MemoryProposals(shelves, self._staged)
        self.reviewers = MemoryReviewers(shelves, self._staged)
        self.figures = MemoryFigures(shelves)
        self.second_looks = MemorySecondLooks(shelves, self._staged)

    def commit(self) -> None:
        """See the port."""
        undone: list[Undo] = []
        with self._shelves.lock:
            try:
                for write in self._staged:
                    undone.append(write())
            except BaseException:
                for undo in reversed(undone):
                    undo()
                raise
            else:
                for remember in self._after:
                    remember()
            finally:
                self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    def _discard(self) -> None:
        self._staged.clear()
        self._after.clear()


class MemoryStore:
    """A store that lives as long as the object; the counterpart of ``service.storage.sql.store.SqlStore``."""

    def __init__(self) -> None:
        self._shelves = Shelves()

    def begin(self) -> MemoryUnitOfWork:
        """A fresh unit of work."""
        return MemoryUnitOfWork(self._shelves)

    def told(self, *, after: int) -> tuple[Event, ...]:
        """The events of the outbox but the first ``after``."""
        with self._shelves.lock:
            return tuple(self._shelves.events[after:])

    def probe(self) -> None:
        """Always writable."""

    def checkpoint(self) -> None:
        """Nothing to move."""

    def dispose(self) -> None:
        """Nothing to close."""
