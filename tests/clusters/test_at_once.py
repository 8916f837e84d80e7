"""Many at once on PostgreSQL: no deadlock is told to anybody and no member is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from models.linkage.identifier import Identifier, IdentifierKind
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord

THREADS, SIGN_UPS, VALUES = 16, 240, 60
KINDS = (IdentifierKind.DEVICE, IdentifierKind.PAYMENT, IdentifierKind.PHONE, IdentifierKind.MAILBOX)


def test_sixteen_threads_on_shared_identifiers_lose_nobody(
    postgresql_url: str,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    noon: Any,
) -> None:
    store, rng = open_store(postgresql_url), random.Random(11)
    drawn = [[Identifier(kind, f"{rng.randrange(VALUES)}") for kind in rng.sample(KINDS, 2)] for _ in range(SIGN_UPS)]

    def came(number: int) -> None:
        at, carried = noon + timedelta(milliseconds=number), drawn[number]
        with store.begin() as work:
            clusters = work.ledger.look("acme", f"su_{number}", carried, now=at).linkage.company.clusters
            record = make_record(f"su_{number}", at=at, identifiers=carried, clusters=clusters)
            work.ledger.append(record)
            work.commit()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(came, range(SIGN_UPS)))
    with store.begin() as work:
        work.clusters.settle(at=noon)
        members = list(work.clusters.recent(after_no=0, limit=SIGN_UPS + 1))
        cluster_of = {member.signup_id: work.clusters.cluster_of(member.signup_no) for member in members}
        sizes = sum(
            summary.size
            for cluster in set(cluster_of.values())
            if cluster is not None and (summary := work.clusters.summary(cluster)) is not None
        )

    assert sizes == len(members) == SIGN_UPS
    parts: dict[int | None, set[int]] = {}
    for number in range(SIGN_UPS):
        parts.setdefault(cluster_of[f"su_{number}"], set()).add(number)
    assert {frozenset(part) for part in parts.values()} == _union_find(drawn)


def _union_find(drawn: list[list[Identifier]]) -> set[frozenset[int]]:
    parent = list(range(len(drawn)))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    first: dict[tuple[str, str], int] = {}
    for number, carried in enumerate(drawn):
        for each in carried:
            parent[root(number)] = root(first.setdefault((each.kind, each.value), number))
    parts: dict[int, set[int]] = {}
    for number in range(len(drawn)):
        parts.setdefault(root(number), set()).add(number)
    return {frozenset(part) for part in parts.values()}
