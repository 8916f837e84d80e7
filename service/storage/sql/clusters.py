"""Clusters in SQL: what changes them, beside what is asked about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any  # Any: rows and selects of SQLAlchemy's Core are untyped

from sqlalchemy import Connection, update

from models.linkage.identifier import Identifier
from models.linkage.marks import Mark
from service.storage.instants import microseconds_of
from service.storage.sql import guards, held_identifiers, lifted_guards, partition
from service.storage.sql.cluster_reads import SqlClusterReads
from service.storage.sql.cluster_tables import MemberRow
from service.storage.sql.joining import gather_strays, join, merging
from service.storage.sql.marks import put, taken, withdraw
from service.storage.sql.records import KIND_CODES
from service.usecases.ports_clusters import Guard, IdentifierKey

_STRAYS_AMONG = 20_000
"""A member strays in the moment of a merge: looking at the newest finds it for hours."""


class SqlClusters(SqlClusterReads):
    """See ``service.usecases.ports_clusters.Clusters``."""

    def mark(self, signup_no: int, mark: Mark, *, at: datetime) -> None:
        """See the port."""
        known_us = microseconds_of(at)

        def run(connection: Connection) -> None:
            put(connection, taken(connection, signup_no), signup_no, mark, known_us)
            if mark in (Mark.BANNED, Mark.GOOD):
                _label(connection, signup_no, {"label": mark.value, "label_us": known_us})
            elif mark in (Mark.PASSED, Mark.FAILED):
                _label(connection, signup_no, {"proof": mark.value})

        self._stage.add(run)

    def unmark(self, signup_no: int, mark: Mark, *, at: datetime) -> None:
        """See the port."""

        def run(connection: Connection) -> None:
            taken(connection, signup_no)
            withdraw(connection, signup_no, mark, microseconds_of(at))
            if mark in (Mark.BANNED, Mark.GOOD):
                labelled = (MemberRow.signup_no == signup_no) & (MemberRow.label == mark.value)
                connection.execute(update(MemberRow).where(labelled).values(label=None, label_us=None))
            elif mark in (Mark.PASSED, Mark.FAILED):
                proven = (MemberRow.signup_no == signup_no) & (MemberRow.proof == mark.value)
                connection.execute(update(MemberRow).where(proven).values(proof=None))

        self._stage.add(run)

    def hold(self, keys: Iterable[IdentifierKey], containment_no: int, *, at: datetime) -> None:
        """See the port."""
        held = sorted({(KIND_CODES[key.kind], key.digest) for key in keys})
        self._stage.add(lambda connection: put(connection, held, containment_no, Mark.CONTAINED, microseconds_of(at)))

    def let_go(self, containment_no: int, *, at: datetime, keys: Iterable[IdentifierKey] | None = None) -> None:
        """See the port."""
        at_us, digests = microseconds_of(at), None if keys is None else [key.digest for key in keys]
        self._stage.add(lambda connection: withdraw(connection, containment_no, Mark.CONTAINED, at_us, digests))

    def set_guard(self, guard: Guard) -> None:
        """See the port."""
        self._stage.add(lambda connection: guards.set_guard(connection, guard))

    def lift_guard(self, guard: Guard) -> None:
        """See the port."""
        self._stage.add(lambda connection: guards.lift_guard(connection, guard))

    def lead(self, key: IdentifierKey, signup_no: int) -> None:
        """See the port."""
        self._stage.add(lambda connection: lifted_guards.lead(connection, key.digest, signup_no))

    def hold_of(self, key: IdentifierKey, *, at: datetime) -> None:
        """See the port."""
        kind, at_us = KIND_CODES[key.kind], microseconds_of(at)
        self._stage.add(lambda connection: held_identifiers.hold_of(connection, kind, key.digest, at_us))

    def hold_carried(self, signup_nos: Collection[int], *, at: datetime) -> None:
        """See the port."""
        at_us = microseconds_of(at)
        self._stage.add(lambda connection: held_identifiers.hold_carried(connection, signup_nos, at_us))

    def split(
        self,
        cluster: int,
        parts: Sequence[Sequence[int]],
        anchors: Sequence[tuple[IdentifierKey, int]],
        carried: Mapping[int, int],
    ) -> None:
        """See the port."""
        led = [(key.digest, number) for key, number in anchors]
        self._database.transaction(lambda connection: partition.split(connection, cluster, parts, led, carried))

    def move(
        self,
        cluster: int,
        signup_nos: Sequence[int],
        into: int,
        anchors: Sequence[IdentifierKey],
        carried: Mapping[int, int],
    ) -> None:
        """See the port."""
        led, of = [key.digest for key in anchors], {number: carried[number] for number in signup_nos}
        self._database.transaction(lambda connection: partition.move(connection, cluster, of, into, led))

    def unite(self, clusters: Sequence[int], *, through: int, at: datetime) -> None:
        """See the port."""
        merging(self._database, lambda connection: partition.unite(connection, clusters, through, microseconds_of(at)))

    def add_identifiers(self, signup_no: int, identifiers: Sequence[Identifier], *, at: datetime) -> None:
        """See the port."""
        added = [(each.kind, self._pseudonyms.newest(each), each.anomalies) for each in identifiers]
        self._stage.add(lambda connection: partition.add_identifiers(connection, signup_no, added, microseconds_of(at)))

    def settle(self, signup_nos: Collection[int] | None = None, *, at: datetime) -> int:
        """See the port."""
        at_us, done = microseconds_of(at), 0
        for number in self.waiting():
            if signup_nos is None or number in signup_nos:
                done += merging(self._database, partial(join, signup_no=number, at_us=at_us))
        after_no = self.last_no() - _STRAYS_AMONG
        return done + self._database.transaction(lambda connection: gather_strays(connection, after_no=after_no))


def _label(connection: Connection, signup_no: int, values: dict[str, Any]) -> None:
    connection.execute(update(MemberRow).where(MemberRow.signup_no == signup_no).values(values))
