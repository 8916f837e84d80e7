"""Joining in SQL: a new sign-up's membership, and the merges of clusters that it ties together.

Membership is written with the sign-up, in the same statement. Where that statement finds that the sign-up ties
several clusters, or that another came at the same moment with the same identifier, it leaves a row in
``pending_joins``; the merge follows in a transaction of its own, by the request or, should it fail, by the worker.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.linkage.company import COMPOSED_OF
from models.linkage.identifier import IdentifierKind, Strength, strength_of
from models.linkage.velocity import SATURATION
from service.domain.errors import UnavailableError
from service.storage.sql.cluster_tables import AnchorRow, ClusterRow, GuardRow, MemberRow, MergeRow, PendingJoinRow
from service.storage.sql.database import Database
from service.storage.sql.records import KIND_CODES, packed, trait_of, unpacked

STRONG_CODES = frozenset(code for kind, code in KIND_CODES.items() if strength_of(kind) is Strength.STRONG)

TRAIT_COLUMNS = ("network", "email_domain", "email_pattern", "device", "payment", "institution", "name")

_MOST_ROUNDS = 16
"""How often a merge starts again because the clusters moved while it waited for their rows: each time somebody else
finished one, and a process has sixteen connections to do so."""


class _MovedError(Exception):
    """A cluster became part of another, or was divided, while its row was waited for."""


@dataclass(frozen=True, slots=True)
class Joining:
    """What a new sign-up's membership consists of.

    Attributes:
        cluster: the cluster it joins; ``None`` founds one.
        others: further clusters that it ties to the first.
        anchors: digests of its unguarded strong identifiers that led nowhere when it was judged, in order, so that two
            who come at once wait for each other and never in a circle.
        identifiers: all of its identifiers, packed.
        traits: the values of ``TRAIT_COLUMNS``.
    """

    cluster: int | None
    others: tuple[int, ...]
    anchors: tuple[bytes, ...]
    identifiers: bytes
    traits: tuple[int | None, ...]


def joining_of(
    links: Sequence[tuple[IdentifierKind, bytes]],
    *,
    clusters: Sequence[int],
    anchored: frozenset[bytes],
    guarded: frozenset[bytes],
) -> Joining:
    """The membership of a sign-up with these links.

    Args:
        links: kind and digest of every identifier.
        clusters: the clusters it joins, as judged.
        anchored: digests that led to a cluster when it was judged.
        guarded: digests that tie nobody.
    """
    known = anchored | guarded
    new = sorted(digest for kind, digest in links if strength_of(kind) is Strength.STRONG and digest not in known)
    of_kind = dict(reversed(links))
    traits = tuple(trait_of(of_kind[kind]) if kind in of_kind else None for kind in COMPOSED_OF)
    return Joining(
        cluster=clusters[0] if clusters else None,
        others=tuple(clusters[1:]),
        anchors=tuple(new),
        identifiers=packed((KIND_CODES[kind], digest) for kind, digest in links),
        traits=traits,
    )


def join(connection: Connection, signup_no: int, at_us: int) -> int:
    """Make the clusters that a sign-up ties together one, in the caller's transaction; how many became part of another.

    Without a row in ``pending_joins`` there is nothing to do.
    """
    # Before anything is read: what the sign-up learns from now on waits for this transaction and has a row of its own.
    taking = delete(PendingJoinRow).where(PendingJoinRow.signup_no == signup_no).returning(PendingJoinRow.clusters)
    pending = connection.execute(taking).scalar_one_or_none()
    if pending is None:
        return 0
    judged = json.loads(pending)

    def tied() -> list[int]:
        return _roots(connection, [*judged, *_tied(connection, signup_no)])

    roots = tied()
    if len(roots) < 2:
        return 0
    _lock(connection, roots)
    # Whoever divides a cluster locks it too: what was read before the locks may have been parted while they were waited
    # for, by a cut or a guard, and to unite that would undo it.
    if tied() != roots:
        raise _MovedError
    return _merge(connection, roots, signup_no, at_us)


def will_join(connection: Connection, signup_no: int) -> None:
    """Have a recorded sign-up joined after this transaction, with all that it carries by then.

    A join of it that is under way is waited for, because it may not see what this transaction writes. Whoever calls
    this locks nothing before: a join that is waited for may itself be waiting for the sign-up's member.
    """
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    waiting = dialect.insert(PendingJoinRow).values(signup_no=signup_no, clusters="[]")
    # Clusters that wait already stay; the row is written all the same, so that no join under way passes it by.
    kept = {"clusters": PendingJoinRow.clusters}
    connection.execute(waiting.on_conflict_do_update(index_elements=["signup_no"], set_=kept))


def clock_us(connection: Connection) -> int:
    """The database's clock in microseconds."""
    if connection.dialect.name == "sqlite":
        return int(connection.exec_driver_sql("SELECT unixepoch('subsec') * 1000000").scalar_one())
    return int(connection.exec_driver_sql("SELECT (extract(epoch FROM now()) * 1000000)::bigint").scalar_one())


def merging(database: Database, work: Callable[[Connection], int]) -> int:
    """Run ``join`` or ``unite`` in a transaction of its own, and in another while clusters move; what it gives.

    Raises:
        UnavailableError: the clusters moved every time, or the database cannot be used.
    """
    for _ in range(_MOST_ROUNDS):
        with suppress(_MovedError):
            return database.transaction(work)
    raise UnavailableError("The clusters are being united by many at once; try again.")


def unite(connection: Connection, clusters: Sequence[int], signup_no: int, at_us: int) -> int:
    """Make clusters one; how many became part of another. The largest keeps its number, of equals the lowest.

    Called under ``merging``, for on PostgreSQL a cluster may move first: then the whole transaction is given up. To
    wait for another row with what it has locked would be to wait in a circle.
    """
    roots = _roots(connection, clusters)
    if len(roots) < 2:
        return 0
    _lock(connection, roots)
    return _merge(connection, roots, signup_no, at_us)


def _lock(connection: Connection, roots: Sequence[int]) -> None:
    if not all(lock_root(connection, root) for root in roots):
        raise _MovedError


def lock_root(connection: Connection, cluster: int) -> bool:
    """Lock the row of a cluster until the transaction ends; whether it is part of no other.

    If it is part of another the transaction must end at once: whoever makes that one part of a third writes to this
    row. Several are locked one after the other, in the order of their numbers, so that everybody who waits holds
    nothing but lower ones that stay what they are: nobody waits in a circle.
    """
    locking = select(ClusterRow.root_no).where(ClusterRow.cluster_no == cluster)
    if connection.dialect.name != "sqlite":
        locking = locking.with_for_update()
    return connection.execute(locking).scalar_one_or_none() == cluster


def _tied(connection: Connection, signup_no: int) -> list[int]:
    """The clusters of the sign-up itself and of its unguarded strong identifiers."""
    member = connection.execute(
        select(MemberRow.cluster_no, MemberRow.identifiers).where(MemberRow.signup_no == signup_no)
    ).one()
    digests = [digest for kind, digest in unpacked(bytes(member.identifiers)) if kind in STRONG_CODES]
    guarded = select(GuardRow.digest).where(GuardRow.digest.in_(digests))
    anchors = connection.execute(
        select(AnchorRow.cluster_no).where(AnchorRow.digest.in_(digests), AnchorRow.digest.not_in(guarded))
    ).scalars()
    return [member.cluster_no, *anchors]


def _roots(connection: Connection, clusters: Sequence[int]) -> list[int]:
    wanted = select(ClusterRow.root_no).where(ClusterRow.cluster_no.in_(set(clusters))).distinct()
    return sorted(connection.execute(wanted).scalars())


def _merge(connection: Connection, roots: Sequence[int], signup_no: int, at_us: int) -> int:
    sizes = {root: _size(connection, root) for root in roots}
    winner = max(roots, key=lambda root: (sizes[root], -root))
    losers = [root for root in roots if root != winner]
    founded = connection.execute(
        select(func.min(ClusterRow.founded_us)).where(ClusterRow.cluster_no.in_(roots))
    ).scalar_one()
    # Each by an index of its own: a cluster's members-to-be by the partial one on what was merged, itself by its key.
    merged_before = ClusterRow.root_no.in_(losers) & (ClusterRow.root_no != ClusterRow.cluster_no)
    connection.execute(update(ClusterRow).where(merged_before).values(root_no=winner))
    connection.execute(update(ClusterRow).where(ClusterRow.cluster_no.in_(losers)).values(root_no=winner))
    connection.execute(update(ClusterRow).where(ClusterRow.cluster_no == winner).values(founded_us=founded))
    connection.execute(update(MemberRow).where(MemberRow.cluster_no.in_(losers)).values(cluster_no=winner))
    merges = [{"cluster_no": loser, "into_no": winner, "signup_no": signup_no, "merged_us": at_us} for loser in losers]
    connection.execute(insert(MergeRow), merges)
    return len(losers)


def _size(connection: Connection, root: int) -> int:
    some = select(MemberRow.signup_no).where(MemberRow.cluster_no == root).limit(SATURATION).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


_STRAY = (
    update(MemberRow)
    .where(MemberRow.signup_no == bindparam("stray_no"), MemberRow.cluster_no == bindparam("left_no"))
    .values(cluster_no=bindparam("root_no"))
)


def gather_strays(connection: Connection, *, after_no: int) -> int:
    """Move members that joined a cluster just when it became part of another; how many.

    ``after_no`` bounds the search to the newest sign-ups.
    """
    strays = connection.execute(
        select(MemberRow.signup_no, MemberRow.cluster_no, ClusterRow.root_no)
        .join(ClusterRow, ClusterRow.cluster_no == MemberRow.cluster_no)
        .where(MemberRow.signup_no > after_no, ClusterRow.root_no != ClusterRow.cluster_no)
        .order_by(MemberRow.signup_no)
    ).all()
    if strays:
        # Whoever was moved elsewhere since, as by a cut, stays there.
        rows: list[dict[str, Any]] = [
            {"stray_no": number, "left_no": left, "root_no": root} for number, left, root in strays
        ]
        connection.execute(_STRAY, rows)
    return len(strays)
