"""The transaction that every use case works in, as protocols; ``service.storage`` implements them twice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from models.linkage.identifier import Identifier
from models.linkage.velocity import Linkage
from models.signup import Signup
from service.domain.case import Case
from service.domain.decision import Assessment
from service.domain.event import Event
from service.usecases.ports_accounts import Accounts
from service.usecases.ports_after_ban import AfterBans
from service.usecases.ports_api_keys import ApiKeys
from service.usecases.ports_attacks import Attacks
from service.usecases.ports_cases import Cases
from service.usecases.ports_cluster_list import ClusterList
from service.usecases.ports_clusters import Clusters
from service.usecases.ports_containments import Containments
from service.usecases.ports_decisions import Decisions
from service.usecases.ports_figures import Figures
from service.usecases.ports_gathering import Gathering
from service.usecases.ports_idempotency import IdempotencyClaim, IdempotencyKeys, StoredAnswer
from service.usecases.ports_learning import DriftReports, Judgements, Shadows
from service.usecases.ports_likenesses import Likenesses
from service.usecases.ports_lists import ListEntries
from service.usecases.ports_outcomes import Outcomes
from service.usecases.ports_page_visits import PageVisits
from service.usecases.ports_policy import Policies
from service.usecases.ports_probations import Probations
from service.usecases.ports_proposals import Proposals
from service.usecases.ports_recordings import Recordings
from service.usecases.ports_reviewers import Reviewers
from service.usecases.ports_search import Found, SearchQuery
from service.usecases.ports_second_look import SecondLooks
from service.usecases.ports_step_up import Appeals, Mails, NewStepUp, PassRates, StepUps
from service.usecases.ports_webhooks import Deliveries, Endpoints


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what, and when. ``detail`` holds no personal data."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, object]


@dataclass(frozen=True, slots=True)
class NewRecord:
    """Everything one sign-up leaves behind, appended in one transaction.

    ``assessment`` is ``None`` for a sign-up that is only recorded; ``claim`` is the Idempotency-Key that this
    record answers, if the caller sent one; ``events`` are told to the sign-up flow once it is committed;
    ``clusters`` are those that it joins, as judged: a store makes sure of the strong identifiers itself; ``step_up``
    is what is asked of the person; ``case`` is opened with it, unless its subject has an unresolved one already.
    """

    id: str
    owner: str
    signup: Signup
    fingerprint: bytes
    recorded_at: datetime
    identifiers: Sequence[Identifier]
    assessment: Assessment | None
    answer: bytes
    audit: AuditEntry
    claim: IdempotencyClaim | None = None
    events: Sequence[Event] = ()
    clusters: Sequence[int] = ()
    step_up: NewStepUp | None = None
    case: Case | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded sign-up, its history of assessments oldest first. ``signup`` holds personal data."""

    id: str
    signup_no: int
    owner: str
    recorded_at: datetime
    signup: Signup
    assessments: tuple[Assessment, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """The one read of a decision: the recorded answer if there is one, else the linkage."""

    answer: StoredAnswer | None
    linkage: Linkage


class AlreadyRecordedError(Exception):
    """Somebody else recorded the same (owner, signup_id) first: read what they wrote."""


class Ledger(Protocol):
    """Recorded sign-ups: append-only. ``owner`` is the owner of the API key; ``signup_id`` is unique per owner."""

    def look(self, owner: str, signup_id: str, identifiers: Sequence[Identifier], *, now: datetime) -> Look:
        """One round trip: the stored answer of (owner, signup_id), or the linkage as it is before ``now``."""
        ...

    def append(self, record: NewRecord) -> None:
        """Stage the record; ``commit`` of the unit of work writes it in one statement.

        Raises (from ``commit``):
            AlreadyRecordedError: (owner, signup_id) is recorded already.
        """
        ...

    def append_assessment(
        self,
        signup_no: int,
        assessment: Assessment,
        audit: AuditEntry,
        events: Sequence[Event] = (),
        *,
        after: str | None = None,
    ) -> None:
        """Stage one more assessment of a recorded sign-up, and what the sign-up flow is told of it.

        What it was to be told of the sign-up at a later time is told before: nobody hears last what no longer holds.

        Args:
            after: the id of the assessment that it follows from, which must be the last one still; ``None`` follows
                whatever there is.

        Raises (from ``commit``):
            ConflictError: somebody else has appended one since.
        """
        ...

    def get(self, owner: str | None, record_id: str) -> Recorded | None:
        """A record by its id (of the service) for its owner; ``owner=None`` reads across owners."""
        ...

    def many(self, owner: str | None, record_ids: Sequence[str]) -> Sequence[Recorded]:
        """Some records by their ids, in no particular order; left out are those that are unknown or do not open."""

    def several(self, signup_nos: Sequence[int]) -> Sequence[Recorded]:
        """Records of any owner by their numbers, in this order; left out are those that do not exist or do not open.

        A record does not open when the key that its personal data was encrypted with is not configured any more.
        """
        ...

    def refused_among(self, signup_nos: Collection[int]) -> Set[int]:
        """Those that were denied or held each time: never let in, nor asked for a proof that would have let them in."""
        ...

    def linkage_again(self, recorded: Recorded, identifiers: Sequence[Identifier], *, now: datetime) -> Linkage:
        """The linkage with today's history, the sign-up's own links excluded."""
        ...

    def search(self, owner: str | None, query: SearchQuery) -> Sequence[Found]:
        """Newest first."""
        ...

    def stream(self, *, after_no: int = 0) -> Iterable[Recorded]:
        """Every record in (recorded, id) order, for replays; reads in bounded pages."""
        ...


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest seal of the audit chain: keep it elsewhere and a truncation shows."""

    seal_no: int
    entries: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """The result of checking the chain. ``problem`` is ``None`` when every seal holds."""

    entries: int
    seals: int
    unsealed: int
    head: AuditHead | None
    problem: str | None


class AuditTrail(Protocol):
    """The append-only audit record, sealed into a hash chain afterwards in batches."""

    def add(self, *entries: AuditEntry) -> None:
        """Stage entries."""
        ...

    def seal(self, *, at: datetime, limit: int = 1_000) -> int:
        """Seal committed entries that are not sealed yet; how many."""
        ...

    def verify(self, *, anchor: AuditHead | None = None) -> AuditVerdict:
        """Recompute the chain; with an ``anchor`` kept elsewhere, notice truncation too."""
        ...

    def entries(
        self,
        *,
        subject: str | None = None,
        actor: str | None = None,
        action: str | None = None,
        before: datetime | None = None,
        limit: int = 100,
    ) -> Sequence[AuditEntry]:
        """The newest entries first; ``action`` is the beginning of it, such as ``case.``."""
        ...


class Events(Protocol):
    """The outbox: what the sign-up flow is told, written with what caused it and delivered by the worker."""

    def add(self, *events: Event) -> None:
        """Stage events."""
        ...

    def of_subject(self, subject: str) -> Sequence[Event]:
        """The events of one subject, oldest first."""
        ...


class RollUps(Protocol):
    """Daily counts of links, which bursts are measured against; see ``models.linkage.velocity`` for what they hold."""

    def roll_up(self, *, before: datetime) -> bool:
        """Take in the earliest day of recordings that ended before an instant, at once; true when there may be more.

        Whole UTC days only, each once, whoever does it at the same time. ``before`` must lie so far back that
        nothing recorded earlier can still be on its way.
        """
        ...


class UnitOfWork(Protocol):
    """One transaction: nothing staged is visible before ``commit``, and leaving without it discards everything.

    Reads run at once; what is staged is written by ``commit`` in as few round trips as the database allows.

    Raises (from any call):
        UnavailableError: the database cannot be used.
    """

    @property
    def ledger(self) -> Ledger: ...
    @property
    def idempotency(self) -> IdempotencyKeys: ...
    @property
    def keys(self) -> ApiKeys: ...
    @property
    def policies(self) -> Policies: ...
    @property
    def audit(self) -> AuditTrail: ...
    @property
    def events(self) -> Events: ...
    @property
    def clusters(self) -> Clusters: ...
    @property
    def cluster_list(self) -> ClusterList: ...
    @property
    def outcomes(self) -> Outcomes: ...
    @property
    def containments(self) -> Containments: ...
    @property
    def attacks(self) -> Attacks: ...
    @property
    def after_bans(self) -> AfterBans: ...
    @property
    def likenesses(self) -> Likenesses: ...
    @property
    def roll_ups(self) -> RollUps: ...
    @property
    def judgements(self) -> Judgements: ...
    @property
    def shadows(self) -> Shadows: ...
    @property
    def drift_reports(self) -> DriftReports: ...
    @property
    def endpoints(self) -> Endpoints: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def recordings(self) -> Recordings: ...
    @property
    def probations(self) -> Probations: ...
    @property
    def lists(self) -> ListEntries: ...
    @property
    def step_ups(self) -> StepUps: ...
    @property
    def mails(self) -> Mails: ...
    @property
    def appeals(self) -> Appeals: ...
    @property
    def page_visits(self) -> PageVisits: ...
    @property
    def pass_rates(self) -> PassRates: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def gathering(self) -> Gathering: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def proposals(self) -> Proposals: ...
    @property
    def reviewers(self) -> Reviewers: ...
    @property
    def second_looks(self) -> SecondLooks: ...

    def commit(self) -> None:
        """Write what was staged, durably, or raise and write nothing."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


Begin = Callable[[], UnitOfWork]
