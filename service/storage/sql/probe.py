"""Readiness: a small write that is committed, because a full disk still answers SELECT 1."""

from __future__ import annotations

import os
import time

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from service.storage.sql.database import Database
from service.storage.sql.tables import ProbeRow

_PAYLOAD_BYTES = 16_384
"""More than a page, and random so that it does not compress: it needs new space, as a decision does."""


def write(database: Database) -> None:
    """Write the probe's row.

    Raises:
        UnavailableError: the database cannot be written to.
    """
    columns = {"id": 1, "at_us": time.time_ns() // 1000, "payload": os.urandom(_PAYLOAD_BYTES)}

    def run(connection: Connection) -> None:
        insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
        statement = insert(ProbeRow).values(columns)
        changes = {"at_us": columns["at_us"], "payload": columns["payload"]}
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changes))

    database.transaction(run)
