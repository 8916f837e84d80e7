"""The ledger in SQL: recorded sign-ups, their assessments, and the linkage."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, Select, and_, case, func, select, tuple_
from sqlalchemy.orm import aliased

from models.linkage.identifier import Identifier
from models.linkage.velocity import Linkage
from service.domain.decision import REFUSED, Assessment, Decision
from service.domain.errors import NotFoundError, UnavailableError
from service.domain.event import Event
from service.storage.encryption import Encryption, EncryptionError
from service.storage.instants import instant_of, microseconds_of
from service.storage.pseudonyms import Pseudonym, Pseudonyms
from service.storage.sql import appends, assessing, velocities
from service.storage.sql.assessing import Assessed
from service.storage.sql.audit import columns_of_entry
from service.storage.sql.beside import rows_beside
from service.storage.sql.database import Database
from service.storage.sql.idempotency import SqlIdempotencyKeys
from service.storage.sql.joining import clock_us, join, joining_of, merging
from service.storage.sql.number_lists import numbers_of
from service.storage.sql.question import CREATED, Question
from service.storage.sql.records import (
    ACCOUNT_TYPE_CODES,
    ACCOUNT_TYPES,
    recorded_of_row,
    rows_of_record,
)
from service.storage.sql.staging import Stage
from service.storage.sql.tables import AssessmentRow, LinkRow, SignupRow
from service.storage.unopened import Unopened
from service.usecases.ports import AuditEntry, Look, NewRecord, Recorded
from service.usecases.ports_search import Found, SearchQuery

_PAGE = 200
"""Sign-ups a page of a stream: a few megabytes."""

_RECORDED = select(*(SignupRow.__table__.c[name] for name in ("id", "signup_no", "owner", "recorded_us", "personal")))
"""What a record is made of; the answer that its caller got is as large, and nobody asks for it here."""

_TRIES = 2
"""A merge that fails once, as one that waits too long must, is tried again."""

_log = logging.getLogger(__name__)


class SqlLedger:
    """See ``service.usecases.ports.Ledger``."""

    def __init__(
        self,
        database: Database,
        stage: Stage,
        idempotency: SqlIdempotencyKeys,
        *,
        encryption: Encryption,
        pseudonyms: Pseudonyms,
        unopened: Unopened,
    ) -> None:
        self._database = database
        self._stage = stage
        self._idempotency = idempotency
        self._encryption = encryption
        self._pseudonyms = pseudonyms
        self._unopened = unopened
        # A decision digests its identifiers once, for the look and for the append.
        self._digested: dict[Identifier, tuple[Pseudonym, ...]] = {}
        # What the look saw of strong identifiers: the append need not try again what leads somewhere already.
        self._anchored: set[bytes] = set()
        self._guarded: set[bytes] = set()
        self._to_unite: list[int] = []
        self._assessed: list[Assessed] | None = None

    def look(
        self,
        owner: str,
        signup_id: str,
        identifiers: Sequence[Identifier],
        *,
        now: datetime,
    ) -> Look:
        """See the port."""
        question = Question(owner, signup_id, self._asked(identifiers), microseconds_of(now))
        found, look = self._database.read(lambda connection: velocities.ask(connection, question))
        for place, _, guard, _ in found.strong:
            of_place = {each.digest for each in question.asked[place][1]}
            self._anchored |= of_place
            self._guarded |= of_place if guard is not None else set()
        return look

    def append(self, record: NewRecord) -> None:
        """See the port."""
        pseudonyms = [self._every(identifier)[0] for identifier in record.identifiers]
        rows = rows_of_record(
            record,
            pseudonyms,
            encryption=self._encryption,
            pseudonym_version=self._pseudonyms.version,
        )
        answered = None
        if record.claim is not None:
            answered = self._idempotency.columns_of_answer(
                record.claim, status=CREATED, body=record.answer, claimed_at=record.recorded_at
            )
        links = {each.digest: identifier.kind for identifier, each in zip(record.identifiers, pseudonyms, strict=True)}
        joining = joining_of(
            [(kind, digest) for digest, kind in links.items()],
            clusters=record.clusters,
            anchored=frozenset(self._anchored),
            guarded=frozenset(self._guarded),
        )
        append = appends.Append(rows, columns_of_entry(record.audit), answered, joining, rows_beside(record))

        def run(connection: Connection) -> None:
            to_unite = appends.write(connection, append)
            if to_unite is not None:
                self._to_unite.append(to_unite)

        self._stage.add(run, alone=True)

    def settle(self) -> None:
        """After the commit: unite the clusters that the new sign-ups tie together; what fails, the worker does."""
        to_unite, self._to_unite = self._to_unite, []
        for signup_no in to_unite:
            self._unite(signup_no)

    def _unite(self, signup_no: int) -> None:
        for _ in range(_TRIES):
            try:
                merging(self._database, lambda connection: join(connection, signup_no, clock_us(connection)))
            except UnavailableError:
                continue
            return
        _log.warning("clusters are united later", extra={"signup_no": signup_no})

    def append_assessment(
        self,
        signup_no: int,
        assessment: Assessment,
        audit: AuditEntry,
        events: Sequence[Event] = (),
        *,
        after: str | None = None,
    ) -> None:
        """See the port."""
        if self._assessed is None:
            # The worker appends hundreds at once: each table is written once.
            assessed = self._assessed = []
            self._stage.add_first(lambda connection: assessing.take(connection, assessed))
            self._stage.add(lambda connection: assessing.write(connection, assessed))
        self._assessed.append(Assessed(signup_no, assessment, audit, tuple(events), after))

    def staged(self) -> None:
        """What was staged is on its way or given up: what is appended from now on is staged anew."""
        self._assessed = None

    def get(self, owner: str | None, record_id: str) -> Recorded | None:
        """See the port."""
        wanted = _RECORDED.where(SignupRow.id == record_id)
        if owner is not None:
            wanted = wanted.where(SignupRow.owner == owner)
        return next(iter(self._database.read(lambda connection: self._recorded(connection, wanted))), None)

    def many(self, owner: str | None, record_ids: Sequence[str]) -> Sequence[Recorded]:
        """See the port."""
        wanted = _RECORDED.where(SignupRow.id.in_(record_ids))
        if owner is not None:
            wanted = wanted.where(SignupRow.owner == owner)
        if not record_ids:
            return ()
        return tuple(self._database.read(lambda connection: self._recorded(connection, wanted, passing_over=True)))

    def several(self, signup_nos: Sequence[int]) -> Sequence[Recorded]:
        """See the port."""
        found: dict[int, Recorded] = {}

        def page(connection: Connection, numbers: Sequence[int]) -> list[Recorded]:
            wanted = _RECORDED.where(SignupRow.signup_no.in_(numbers_of(connection, numbers)))
            return self._recorded(connection, wanted, passing_over=True)

        for at in range(0, len(signup_nos), _PAGE):
            read = self._database.read(partial(page, numbers=signup_nos[at : at + _PAGE]))
            found |= {each.signup_no: each for each in read}
        return tuple(found[number] for number in signup_nos if number in found)

    def refused_among(self, signup_nos: Collection[int]) -> Set[int]:
        """See the port."""

        def run(connection: Connection) -> set[int]:
            statement = (
                select(AssessmentRow.signup_no)
                .where(AssessmentRow.signup_no.in_(numbers_of(connection, signup_nos)))
                .group_by(AssessmentRow.signup_no)
                .having(func.min(case((AssessmentRow.decision.in_([each.value for each in REFUSED]), 1), else_=0)) == 1)
            )
            return set(connection.execute(statement).scalars())

        return self._database.read(run)

    def linkage_again(self, recorded: Recorded, identifiers: Sequence[Identifier], *, now: datetime) -> Linkage:
        """See the port."""
        question = Question(
            recorded.owner, None, self._asked(identifiers), microseconds_of(now), excluding=recorded.signup_no
        )
        return self._database.read(lambda connection: velocities.ask(connection, question))[1].linkage

    def search(self, owner: str | None, query: SearchQuery) -> Sequence[Found]:
        """See the port."""
        statement = self._search_statement(owner, query)
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(_found_of_row(row) for row in rows)

    def stream(self, *, after_no: int = 0) -> Iterable[Recorded]:
        """See the port."""
        after = None
        if after_no:
            found = self._database.read(
                lambda connection: connection.execute(
                    select(SignupRow.recorded_us).where(SignupRow.signup_no == after_no)
                ).scalar_one_or_none()
            )
            if found is None:
                raise NotFoundError(f"There is no sign-up number {after_no} to go on after.")
            after = (found, after_no)
        return self._pages(after)

    def _pages(self, after: tuple[int, int] | None) -> Iterator[Recorded]:
        place = tuple_(SignupRow.recorded_us, SignupRow.signup_no)
        while True:
            wanted = _RECORDED.order_by(SignupRow.recorded_us, SignupRow.signup_no).limit(_PAGE)
            if after is not None:
                wanted = wanted.where(place > after)
            page = self._database.read(partial(self._recorded, wanted=wanted))
            yield from page
            if len(page) < _PAGE:
                return
            after = (microseconds_of(page[-1].recorded_at), page[-1].signup_no)

    def _recorded(self, connection: Connection, wanted: Select[Any], *, passing_over: bool = False) -> list[Recorded]:
        """The records, without those that do not open where these are passed over."""
        signups = connection.execute(wanted).all()
        assessments = connection.execute(
            select(AssessmentRow.__table__)
            .where(AssessmentRow.signup_no.in_(numbers_of(connection, [row.signup_no for row in signups])))
            .order_by(AssessmentRow.signup_no, AssessmentRow.decided_us, AssessmentRow.id)
        ).all()
        of_signup = {number: list(rows) for number, rows in groupby(assessments, key=lambda row: row.signup_no)}
        records = []
        for row in signups:
            try:
                opened = recorded_of_row(row, of_signup.get(row.signup_no, []), encryption=self._encryption)
            except EncryptionError:
                if not passing_over:
                    raise
                self._unopened.note(row.id)
            else:
                records.append(opened)
        return records

    def _search_statement(self, owner: str | None, query: SearchQuery) -> Any:
        latest = (
            select(AssessmentRow.id)
            .where(AssessmentRow.signup_no == SignupRow.signup_no)
            .order_by(AssessmentRow.decided_us.desc(), AssessmentRow.id.desc())
            .limit(1)
            .correlate(SignupRow)
            .scalar_subquery()
        )
        statement: Any = (
            select(
                SignupRow.id,
                SignupRow.signup_no,
                SignupRow.signup_id,
                SignupRow.account_type,
                SignupRow.recorded_us,
                SignupRow.occurred_us,
                AssessmentRow.decision,
                AssessmentRow.score,
            )
            .outerjoin(AssessmentRow, and_(AssessmentRow.signup_no == SignupRow.signup_no, AssessmentRow.id == latest))
            .order_by(SignupRow.signup_no.desc())
            .limit(query.limit)
        )
        conditions = list(_conditions(owner, query))
        for kind, value in query.identifiers:
            digests = self._pseudonyms.digests(kind, value)
            shared: Any = select(LinkRow.signup_no).where(LinkRow.digest.in_(digests))
            if len(query.identifiers) == 1 and not conditions:
                # Nothing else is asked, so the newest links are those of the newest sign-ups. A prepared plan does not
                # know that a device has 20,000 of them, and would look each of their sign-ups up before it sorts.
                shared = shared.distinct().order_by(LinkRow.signup_no.desc()).limit(query.limit)
            statement = statement.where(SignupRow.signup_no.in_(shared))
        return statement.where(*conditions)

    def _asked(self, identifiers: Sequence[Identifier]) -> list[tuple[Identifier, Sequence[Pseudonym]]]:
        return [(identifier, self._every(identifier)) for identifier in identifiers]

    def _every(self, identifier: Identifier) -> tuple[Pseudonym, ...]:
        known = self._digested.get(identifier)
        if known is None:
            known = self._digested[identifier] = self._pseudonyms.every(identifier)
        return known


def _conditions(owner: str | None, query: SearchQuery) -> Iterator[Any]:
    """What must hold of a sign-up. Any: SQLAlchemy's conditions have many types."""
    if owner is not None:
        yield SignupRow.owner == owner
    if query.signup_id is not None:
        yield SignupRow.signup_id == query.signup_id
    if query.id_ends_in is not None:
        # Every id is looked at, in the index over nothing else: people ask for help far less often than they sign up.
        every = aliased(SignupRow)
        yield SignupRow.id.in_(select(every.id).where(every.id.endswith(query.id_ends_in, autoescape=True)))
    if query.account_type is not None:
        yield SignupRow.account_type == ACCOUNT_TYPE_CODES[query.account_type]
    if query.decision is not None:
        yield AssessmentRow.decision == query.decision.value
    if query.recorded_from is not None:
        yield SignupRow.recorded_us >= microseconds_of(query.recorded_from)
    if query.recorded_before is not None:
        yield SignupRow.recorded_us < microseconds_of(query.recorded_before)
    if query.before_no is not None:
        yield SignupRow.signup_no < query.before_no


def _found_of_row(row: Any) -> Found:
    return Found(
        id=row.id,
        signup_no=row.signup_no,
        signup_id=row.signup_id,
        account_type=ACCOUNT_TYPES[row.account_type],
        recorded_at=instant_of(row.recorded_us),
        occurred_at=instant_of(row.occurred_us),
        decision=None if row.decision is None else Decision(row.decision),
        score=row.score,
    )
