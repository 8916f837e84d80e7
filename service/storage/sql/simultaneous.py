"""Sign-ups that came at the same moment and could not see each other, though two medium identifiers tie them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from sqlalchemy import Connection, select

from models.linkage.joining import DEGREE_CAP
from service.storage.sql.cluster_tables import ClusterRow, MemberRow
from service.storage.sql.records import KIND_CODES, unpacked
from service.storage.sql.tables import SignupRow

_CAPS = {KIND_CODES[kind]: cap for kind, cap in DEGREE_CAP.items()}


def simultaneous(connection: Connection, *, within_us: int, limit: int) -> Sequence[int]:
    """See ``Clusters.simultaneous``; ``limit`` is of the newest sign-ups that are looked at."""
    rows = connection.execute(
        select(MemberRow.signup_no, MemberRow.identifiers, SignupRow.recorded_us, ClusterRow.root_no)
        .join(SignupRow, SignupRow.signup_no == MemberRow.signup_no)
        .join(ClusterRow, ClusterRow.cluster_no == MemberRow.cluster_no)
        .order_by(MemberRow.signup_no.desc())
        .limit(limit)
    ).all()
    carriers: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    recorded, root = {}, {}
    for number, column, recorded_us, root_no in rows:
        recorded[number], root[number] = recorded_us, root_no
        for kind, digest in unpacked(bytes(column)):
            if kind in _CAPS:
                carriers[kind, digest].append(number)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for (kind, _), numbers in carriers.items():
        if len(numbers) <= _CAPS[kind]:
            for later, earlier in combinations(numbers, 2):
                if recorded[later] - recorded[earlier] <= within_us and root[later] != root[earlier]:
                    shared[later, earlier] += 1
    return sorted({later for (later, _), count in shared.items() if count >= 2})
