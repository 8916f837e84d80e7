"""The unit of work in SQL: reads at once, staged writes in one transaction at commit."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from service.storage.encryption import Encryption
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.accounts import SqlAccounts
from service.storage.sql.after_bans import SqlAfterBans
from service.storage.sql.api_keys import SqlApiKeys
from service.storage.sql.appeals import SqlAppeals
from service.storage.sql.attacks import SqlAttacks
from service.storage.sql.audit import SqlAuditTrail
from service.storage.sql.cases import SqlCases
from service.storage.sql.cluster_list import SqlClusterList
from service.storage.sql.clusters import SqlClusters
from service.storage.sql.containments import SqlContainments
from service.storage.sql.database import Database
from service.storage.sql.decisions import SqlDecisions
from service.storage.sql.deliveries import SqlDeliveries
from service.storage.sql.events import SqlEvents
from service.storage.sql.figures import SqlFigures
from service.storage.sql.gathering import SqlGathering
from service.storage.sql.idempotency import SqlIdempotencyKeys
from service.storage.sql.judgements import SqlJudgements
from service.storage.sql.ledger import SqlLedger
from service.storage.sql.likenesses import SqlLikenesses
from service.storage.sql.list_entries import SqlListEntries
from service.storage.sql.mails import SqlMails
from service.storage.sql.outcomes import SqlOutcomes
from service.storage.sql.page_visits import SqlPageVisits
from service.storage.sql.pass_rates import SqlPassRates
from service.storage.sql.policies import SqlPolicies
from service.storage.sql.probations import SqlProbations
from service.storage.sql.proposals import SqlProposals
from service.storage.sql.recordings import SqlRecordings
from service.storage.sql.reviewers import SqlReviewers
from service.storage.sql.roll_ups import SqlRollUps
from service.storage.sql.second_looks import SqlSecondLooks
from service.storage.sql.shadows import SqlDriftReports, SqlShadows
from service.storage.sql.staging import Stage, StagedWrite
from service.storage.sql.step_ups import SqlStepUps
from service.storage.sql.violations import refusal_of
from service.storage.sql.webhook_endpoints import SqlEndpoints
from service.storage.unopened import Unopened


class SqlUnitOfWork:
    """See ``service.usecases.ports.UnitOfWork``."""

    def __init__(
        self, database: Database, *, encryption: Encryption, pseudonyms: Pseudonyms, unopened: Unopened
    ) -> None:
        self._database = database
        self._stage = Stage()
        self._idempotency = SqlIdempotencyKeys(database, self._stage, pseudonyms=pseudonyms)
        self._ledger = SqlLedger(
            database,
            self._stage,
            self._idempotency,
            encryption=encryption,
            pseudonyms=pseudonyms,
            unopened=unopened,
        )
        self._keys = SqlApiKeys(database, self._stage)
        self._policies = SqlPolicies(database, self._stage)
        self._audit = SqlAuditTrail(database, self._stage)
        self._events = SqlEvents(database, self._stage)
        self._clusters = SqlClusters(database, self._stage, pseudonyms=pseudonyms)
        self._cluster_list = SqlClusterList(database)
        self._after_bans = SqlAfterBans(database, self._stage)
        self._likenesses = SqlLikenesses(database, self._stage)
        self._containments = SqlContainments(database, self._stage)
        self._outcomes = SqlOutcomes(database, self._stage)
        self._attacks = SqlAttacks(database, self._stage)
        self._roll_ups = SqlRollUps(database)
        self._judgements = SqlJudgements(database)
        self._shadows = SqlShadows(database, self._stage)
        self._drift_reports = SqlDriftReports(database, self._stage)
        self._endpoints = SqlEndpoints(database, self._stage, encryption=encryption)
        self._deliveries = SqlDeliveries(database, self._stage, encryption=encryption)
        self._accounts = SqlAccounts(database, self._stage, encryption=encryption)
        self._decisions = SqlDecisions(database, encryption=encryption)
        self._recordings = SqlRecordings(database, encryption=encryption)
        self._probations = SqlProbations(database, self._stage)
        self._lists = SqlListEntries(database, self._stage, encryption=encryption, pseudonyms=pseudonyms)
        self._step_ups = SqlStepUps(database, self._stage, encryption=encryption, unopened=unopened)
        self._mails = SqlMails(database, self._stage)
        self._appeals = SqlAppeals(database, self._stage, encryption=encryption)
        self._page_visits = SqlPageVisits(database, self._stage)
        self._pass_rates = SqlPassRates(database, self._stage)
        self._proposals = SqlProposals(database, self._stage)
        self._figures = SqlFigures(database)
        self._second_looks = SqlSecondLooks(database, self._stage)
        self._reviewers = SqlReviewers(database, self._stage)
        self._cases = SqlCases(database, self._stage, encryption=encryption)
        self._gathering = SqlGathering(database, self._stage)

    @property
    def ledger(self) -> SqlLedger:
        """Recorded sign-ups."""
        return self._ledger

    @property
    def idempotency(self) -> SqlIdempotencyKeys:
        """Idempotency-Keys."""
        return self._idempotency

    @property
    def keys(self) -> SqlApiKeys:
        """API keys."""
        return self._keys

    @property
    def policies(self) -> SqlPolicies:
        """Policy documents."""
        return self._policies

    @property
    def audit(self) -> SqlAuditTrail:
        """The audit record."""
        return self._audit

    @property
    def events(self) -> SqlEvents:
        """The outbox."""
        return self._events

    @property
    def clusters(self) -> SqlClusters:
        """Who belongs together, and what is known of whom."""
        return self._clusters

    @property
    def cluster_list(self) -> SqlClusterList:
        """Clusters as the reviewers' pages read them."""
        return self._cluster_list

    @property
    def cases(self) -> SqlCases:
        """The reviewers' queue."""
        return self._cases

    @property
    def gathering(self) -> SqlGathering:
        """Who stands in front in the queue."""
        return self._gathering

    @property
    def reviewers(self) -> SqlReviewers:
        """The console's people."""
        return self._reviewers

    @property
    def second_looks(self) -> SqlSecondLooks:
        """How far second looks have come."""
        return self._second_looks

    @property
    def figures(self) -> SqlFigures:
        """Counts for the overview."""
        return self._figures

    @property
    def proposals(self) -> SqlProposals:
        """What waits for a second person."""
        return self._proposals

    @property
    def after_bans(self) -> SqlAfterBans:
        """Watches and look-backs."""
        return self._after_bans

    @property
    def likenesses(self) -> SqlLikenesses:
        """Likenesses of banned accounts."""
        return self._likenesses

    @property
    def containments(self) -> SqlContainments:
        """What is held of clusters."""
        return self._containments

    @property
    def outcomes(self) -> SqlOutcomes:
        """What turned out to be true."""
        return self._outcomes

    @property
    def attacks(self) -> SqlAttacks:
        """Attacks and the watch for them."""
        return self._attacks

    @property
    def roll_ups(self) -> SqlRollUps:
        """Daily roll-ups."""
        return self._roll_ups

    @property
    def judgements(self) -> SqlJudgements:
        """Recorded assessments, to learn from."""
        return self._judgements

    @property
    def shadows(self) -> SqlShadows:
        """Challengers in the shadow."""
        return self._shadows

    @property
    def drift_reports(self) -> SqlDriftReports:
        """Measurements of drift."""
        return self._drift_reports

    @property
    def endpoints(self) -> SqlEndpoints:
        """Webhook endpoints."""
        return self._endpoints

    @property
    def deliveries(self) -> SqlDeliveries:
        """Events on their way."""
        return self._deliveries

    @property
    def accounts(self) -> SqlAccounts:
        """What became of attempts."""
        return self._accounts

    @property
    def decisions(self) -> SqlDecisions:
        """Recorded decisions."""
        return self._decisions

    @property
    def recordings(self) -> SqlRecordings:
        """Recorded sign-ups from the first to the last."""
        return self._recordings

    @property
    def probations(self) -> SqlProbations:
        """Accounts on probation."""
        return self._probations

    @property
    def lists(self) -> SqlListEntries:
        """Block, allow and exempt lists."""
        return self._lists

    @property
    def step_ups(self) -> SqlStepUps:
        """Step-ups."""
        return self._step_ups

    @property
    def mails(self) -> SqlMails:
        """Mails to be sent."""
        return self._mails

    @property
    def appeals(self) -> SqlAppeals:
        """Appeals."""
        return self._appeals

    @property
    def page_visits(self) -> SqlPageVisits:
        """Reports of requests of hosted pages."""
        return self._page_visits

    @property
    def pass_rates(self) -> SqlPassRates:
        """Estimated pass rates."""
        return self._pass_rates

    def commit(self) -> None:
        """See the port."""
        writes = self._stage.take()
        self._ledger.staged()
        if not writes:
            return
        try:
            if len(writes) == 1 and writes[0].alone:
                self._database.write_alone(writes[0].run)
            else:
                self._database.transaction(lambda connection: _run_all(connection, writes))
        except IntegrityError as error:
            raise refusal_of(error) from error
        self._ledger.settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stage.take()


def _run_all(connection: Connection, writes: Sequence[StagedWrite]) -> None:
    for each in writes:
        each.run(connection)
