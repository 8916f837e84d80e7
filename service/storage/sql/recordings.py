"""Recorded sign-ups in SQL, from the first to the last, with what was logged of each first decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from pydantic_core import from_json
from sqlalchemy import Connection, select, tuple_

from models.signup_document import signup_of_document
from service.domain.decision import Decision
from service.storage.encryption import Encryption
from service.storage.instants import instant_of
from service.storage.sql.database import Database
from service.storage.sql.rulings import parts_of_ruling
from service.storage.sql.tables import AssessmentRow, SignupRow
from service.usecases.ports_recordings import FirstDecision, RecordedSignup

_PAGE = 256
"""Sign-ups a page: half a megabyte."""

_SIGNUP = (SignupRow.signup_no, SignupRow.recorded_us, SignupRow.id, SignupRow.personal)
_FIRST = (
    AssessmentRow.signup_no,
    AssessmentRow.decision,
    AssessmentRow.score,
    AssessmentRow.vector,
    AssessmentRow.ruling,
)


class SqlRecordings:
    """See ``service.usecases.ports_recordings.Recordings``."""

    def __init__(self, database: Database, *, encryption: Encryption) -> None:
        self._database = database
        self._encryption = encryption

    def stream(self) -> Iterator[RecordedSignup]:
        """See the port."""
        place = tuple_(SignupRow.recorded_us, SignupRow.signup_no)
        ordered = select(*_SIGNUP).order_by(SignupRow.recorded_us, SignupRow.signup_no).limit(_PAGE)
        wanted = ordered
        while True:
            signups, firsts = self._database.read(partial(_page, wanted=wanted))
            # One step after the other for all of a page: a processor is quick at what it did just now.
            opened = [self._encryption.decrypt(bytes(row.personal), record_id=row.id) for row in signups]
            read = [signup_of_document(document) for document in list(map(from_json, opened))]
            for (number, recorded_us, record_id, _), signup in zip(signups, read, strict=True):
                yield RecordedSignup(record_id, number, instant_of(recorded_us), signup, firsts.get(number))
            if len(signups) < _PAGE:
                return
            wanted = ordered.where(place > (signups[-1].recorded_us, signups[-1].signup_no))


def _page(connection: Connection, wanted: Any) -> tuple[Sequence[Any], dict[int, FirstDecision]]:
    """One page of sign-ups, and the first decision on each by its number."""
    signups = connection.execute(wanted).all()
    newest_first: Any = connection.execute(
        select(*_FIRST)
        .where(AssessmentRow.signup_no.in_([row.signup_no for row in signups]))
        .order_by(AssessmentRow.signup_no, AssessmentRow.decided_us.desc(), AssessmentRow.id.desc())
    )
    return signups, {number: _first(*columns) for number, *columns in newest_first}


def _first(decision: str, score: float | None, vector: Any, ruling: str | None) -> FirstDecision:
    explored = None if ruling is None else parts_of_ruling(ruling).get("explored")
    return FirstDecision(Decision(decision), score, None if vector is None else bytes(vector), explored)
