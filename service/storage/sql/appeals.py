"""Appeals in SQL: what people wrote is encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # Any: rows of a driver are untyped

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, insert, select

from service.storage.encryption import Encryption
from service.storage.instants import instant_of, microseconds_of
from service.storage.sql.database import Database
from service.storage.sql.staging import Stage
from service.storage.sql.step_up_tables import AppealRow
from service.usecases.ports_step_up import Appeal, AppealKind


class SqlAppeals:
    """See ``service.usecases.ports_step_up.Appeals``."""

    def __init__(self, database: Database, stage: Stage, *, encryption: Encryption) -> None:
        self._database = database
        self._stage = stage
        self._encryption = encryption

    def add(self, appeal: Appeal) -> None:
        """See the port."""
        written = to_json({"message": appeal.message, "institution": appeal.institution})
        columns = {
            "id": appeal.id,
            "record_id": appeal.record_id,
            "owner": appeal.owner,
            "reference": appeal.reference,
            "kind": appeal.kind.value,
            "at_us": microseconds_of(appeal.at),
            "personal": self._encryption.encrypt(written, record_id=appeal.id),
        }

        def run(connection: Connection) -> None:
            connection.execute(insert(AppealRow), columns)

        self._stage.add(run)

    def of_record(self, record_id: str) -> Sequence[Appeal]:
        """See the port."""
        statement = select(AppealRow.__table__).where(AppealRow.record_id == record_id).order_by(AppealRow.appeal_no)
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(map(self._appeal_of_row, rows))

    def _appeal_of_row(self, row: Any) -> Appeal:
        written = from_json(self._encryption.decrypt(bytes(row.personal), record_id=row.id))
        return Appeal(
            id=row.id,
            record_id=row.record_id,
            owner=row.owner,
            reference=row.reference,
            kind=AppealKind(row.kind),
            at=instant_of(row.at_us),
            message=written["message"],
            institution=written["institution"],
        )
