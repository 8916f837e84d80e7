"""The one write of a decision: sign-up, assessment, links, audit entry and idempotent answer together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any  # Any: parameters of a driver are untyped

from sqlalchemy import Connection

from service.storage.sql.beside import RowsBeside
from service.storage.sql.joining import TRAIT_COLUMNS, Joining, join
from service.storage.sql.postgresql_arrays import bigint_array, bytea_array
from service.storage.sql.records import NewRows

_SIGNUP = (
    "id", "owner", "signup_id", "account_type", "occurred_us", "recorded_us", "fingerprint", "personal",
    "encryption_version", "pseudonym_version", "record_only", "answer",
)  # fmt: skip
_ASSESSMENT = (
    "decided_us", "decision", "score", "reasons", "rules", "signals", "linkage", "vector", "model_version",
    "model_sha256", "policy_version", "degraded", "degraded_reason", "ruling",
)  # fmt: skip
_AUDIT = ("at_us", "actor", "action", "subject", "detail")
_ANSWER = ("owner", "key_digest", "fingerprint", "status", "body", "claimed_us", "token")


@dataclass(frozen=True, slots=True)
class Append:
    """Everything one record writes, ready to be sent. ``answered`` are the columns of the Idempotency-Key."""

    rows: NewRows
    audit: dict[str, Any]
    answered: dict[str, Any] | None
    joining: Joining
    beside: tuple[RowsBeside, ...] = ()

    @property
    def shape(self) -> Shape:
        """What the text of the statement depends on."""
        return tuple((part.table, part.columns, len(part.rows), part.of_signup, part.once) for part in self.beside)


Shape = tuple[tuple[str, tuple[str, ...], int, bool, bool], ...]
"""Of every part beside the record: table, columns, number of rows, whether it names the sign-up, whether repetitions
are left out."""


def answer_sql(parameter: str) -> str:
    """The statement that answers a claimed Idempotency-Key.

    A key that somebody else holds by now, or has answered, gets a state that its constraint refuses: the
    whole write fails instead of leaving a record that its caller would not be told of.
    """
    values = ", ".join(parameter % f"key_{name}" for name in _ANSWER)
    return (
        f"INSERT INTO idempotency_keys (state, {', '.join(_ANSWER)}) VALUES ('answered', {values}) "  # noqa: S608
        "ON CONFLICT (owner, key_digest) DO UPDATE SET "
        "state = CASE WHEN idempotency_keys.state = 'running' "
        "AND idempotency_keys.fingerprint = excluded.fingerprint "
        "AND excluded.token IN ('', idempotency_keys.token) THEN 'answered' ELSE 'lost' END, "
        "status = excluded.status, body = excluded.body"
    )


def write(connection: Connection, append: Append) -> int | None:
    """Write the record: one statement on PostgreSQL, a handful inside the caller's transaction on SQLite.

    Returns the sign-up's number when clusters are still to be united through it (``service.storage.sql.joining``).
    """
    if connection.dialect.name == "sqlite":
        _write_sqlite(connection, append)
        return None
    return _write_postgresql(connection, append)


def _parameters(append: Append) -> dict[str, Any]:
    joining = append.joining
    parameters = dict(append.rows.signup)
    parameters |= {"cluster": joining.cluster, "others": json.dumps(joining.others), "identifiers": joining.identifiers}
    parameters |= dict(zip(TRAIT_COLUMNS, joining.traits, strict=True))
    parameters |= append.rows.assessment or {}
    parameters |= {f"audit_{name}": append.audit[name] for name in _AUDIT}
    if append.answered is not None:
        parameters |= {f"key_{name}": append.answered[name] for name in _ANSWER}
    return parameters


def _insert_sql(table: str, columns: tuple[str, ...], parameter: str, prefix: str = "") -> str:
    values = ", ".join(parameter % (prefix + name) for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608 - names of this module


# An anchor that another writes at the same moment is waited for, and then not written: the sign-ups belong together.
_MEMBERSHIP_POSTGRESQL = f"""
own AS (SELECT signup_no, coalesce(%(cluster)s::bigint, signup_no) AS cluster_no FROM new_signup),
new_cluster AS (
    INSERT INTO clusters (cluster_no, root_no, founded_us)
    SELECT signup_no, signup_no, %(occurred_us)s FROM new_signup WHERE %(cluster)s::bigint IS NULL
),
new_member AS (
    INSERT INTO members (signup_no, cluster_no, occurred_us, identifiers, {", ".join(TRAIT_COLUMNS)})
    SELECT signup_no, cluster_no, %(occurred_us)s, %(identifiers)s::bytea,
        {", ".join(f"%({name})s::bigint" for name in TRAIT_COLUMNS)}
    FROM own
),
new_anchors AS (
    INSERT INTO anchors (digest, cluster_no)
    SELECT key.digest, own.cluster_no FROM own CROSS JOIN unnest(%(anchors)s::bytea[]) AS key (digest)
    ORDER BY key.digest
    ON CONFLICT (digest) DO NOTHING RETURNING digest
),
pending AS (
    INSERT INTO pending_joins (signup_no, clusters)
    SELECT signup_no, %(others)s::text FROM new_signup
    WHERE %(others)s::text <> '[]' OR (SELECT count(*) FROM new_anchors) < cardinality(%(anchors)s::bytea[])
    RETURNING signup_no
)
"""  # noqa: S608 - names of the code


@lru_cache(maxsize=256)
def _postgresql_sql(*, assessed: bool, answered: bool, shape: Shape) -> str:
    parts = [f"new_signup AS ({_insert_sql('signups', _SIGNUP, '%%(%s)s')} RETURNING signup_no)"]
    if assessed:
        values = ", ".join(f"%({name})s" for name in _ASSESSMENT)
        parts.append(
            f"new_assessment AS (INSERT INTO assessments (signup_no, id, {', '.join(_ASSESSMENT)}) "  # noqa: S608
            f"SELECT signup_no, %(assessment_id)s, {values} FROM new_signup)"
        )
    parts.append(
        "new_links AS (INSERT INTO links (digest, recorded_us, signup_no, kind, occurred_us, packed) "
        "SELECT link.digest, %(recorded_us)s, signup_no, link.kind, %(occurred_us)s, link.packed "
        "FROM new_signup CROSS JOIN unnest(%(link_digests)s::bytea[], %(link_kinds)s::smallint[], "
        "%(link_packed)s::bytea[]) AS link (digest, kind, packed))"
    )
    parts.append(_MEMBERSHIP_POSTGRESQL)
    if answered:
        parts.append(f"answered_key AS ({answer_sql('%%(%s)s')})")
    parts += [_beside_postgresql(number, each) for number, each in enumerate(shape)]
    entry = _insert_sql("audit_entries", _AUDIT, "%%(%s)s", "audit_")
    # Only whether clusters are still to be united comes back.
    return f"WITH {', '.join(parts)}, new_entry AS ({entry}) SELECT signup_no FROM pending"  # noqa: S608 - no outside text


def _beside_postgresql(number: int, part: tuple[str, tuple[str, ...], int, bool, bool]) -> str:
    table, columns, count, of_signup, once = part
    named = ", ".join(("signup_no", *columns) if of_signup else columns)
    own = "(SELECT signup_no FROM new_signup), " if of_signup else ""
    values = ", ".join(
        f"({own}{', '.join(f'%(beside_{number}_{row}_{column})s' for column in range(len(columns)))})"
        for row in range(count)
    )
    otherwise = " ON CONFLICT DO NOTHING" if once else ""
    return f"beside_{number} AS (INSERT INTO {table} ({named}) VALUES {values}{otherwise})"  # noqa: S608 - names of the code


def _write_postgresql(connection: Connection, append: Append) -> int | None:
    links = append.rows.links
    parameters = _parameters(append)
    parameters["anchors"] = bytea_array(append.joining.anchors)
    parameters["link_digests"] = bytea_array([link.digest for link in links])
    parameters["link_kinds"] = bigint_array([link.kind for link in links])
    parameters["link_packed"] = bytea_array([link.packed for link in links])
    parameters |= {
        f"beside_{number}_{place}_{column}": value
        for number, part in enumerate(append.beside)
        for place, row in enumerate(part.rows)
        for column, value in enumerate(row)
    }
    statement = _postgresql_sql(
        assessed=append.rows.assessment is not None, answered=append.answered is not None, shape=append.shape
    )
    pending = connection.exec_driver_sql(statement, parameters).first()
    return None if pending is None else int(pending[0])


_SIGNUP_SQLITE = _insert_sql("signups", _SIGNUP, ":%s")
_ASSESSMENT_SQLITE = (
    f"INSERT INTO assessments (signup_no, id, {', '.join(_ASSESSMENT)}) "  # noqa: S608 - names of this module
    f"VALUES (:signup_no, :assessment_id, {', '.join(':' + name for name in _ASSESSMENT)})"
)
_AUDIT_SQLITE = _insert_sql("audit_entries", _AUDIT, ":%s", "audit_")
_ANSWER_SQLITE = answer_sql(":%s")


@cache
def _links_sqlite(count: int) -> str:
    # One statement: the driver gives up the interpreter's lock at every step, and others take it for long.
    values = ", ".join(["(?, ?, ?, ?, ?, ?)"] * count)
    columns = "digest, kind, packed, recorded_us, signup_no, occurred_us"
    return f"INSERT INTO links ({columns}) VALUES {values}"  # noqa: S608 - names and places of this module


_MEMBER_SQLITE = (
    f"INSERT INTO members (signup_no, cluster_no, occurred_us, identifiers, {', '.join(TRAIT_COLUMNS)}) "  # noqa: S608
    f"VALUES (:signup_no, :own, :occurred_us, :identifiers, {', '.join(':' + name for name in TRAIT_COLUMNS)})"
)
_CLUSTER_SQLITE = "INSERT INTO clusters (cluster_no, root_no, founded_us) VALUES (:signup_no, :signup_no, :occurred_us)"
_PENDING_SQLITE = "INSERT INTO pending_joins (signup_no, clusters) VALUES (:signup_no, :others)"


def _join_sqlite(connection: Connection, append: Append, parameters: dict[str, Any], signup_no: int) -> None:
    joining = append.joining
    own = signup_no if joining.cluster is None else joining.cluster
    named = {**parameters, "signup_no": signup_no, "own": own}
    if joining.cluster is None:
        connection.exec_driver_sql(_CLUSTER_SQLITE, named)
    connection.exec_driver_sql(_MEMBER_SQLITE, named)
    written = 0
    if joining.anchors:
        values = ", ".join(["(?, ?)"] * len(joining.anchors))
        written = connection.exec_driver_sql(
            f"INSERT INTO anchors (digest, cluster_no) VALUES {values} ON CONFLICT DO NOTHING",  # noqa: S608 - places
            tuple(value for digest in joining.anchors for value in (digest, own)),
        ).rowcount
    if joining.others or written < len(joining.anchors):
        # Nobody else writes meanwhile, so the merge happens here and now.
        connection.exec_driver_sql(_PENDING_SQLITE, named)
        join(connection, signup_no, parameters["recorded_us"])


@lru_cache(maxsize=256)
def _beside_sqlite(table: str, columns: tuple[str, ...], count: int, *, once: bool) -> str:
    values = ", ".join([f"({', '.join('?' * len(columns))})"] * count)
    otherwise = " ON CONFLICT DO NOTHING" if once else ""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}{otherwise}"  # noqa: S608 - names of the code


def _write_sqlite(connection: Connection, append: Append) -> None:
    parameters, signup = _parameters(append), append.rows.signup
    signup_no = connection.exec_driver_sql(_SIGNUP_SQLITE, parameters).lastrowid
    if append.rows.assessment is not None:
        connection.exec_driver_sql(_ASSESSMENT_SQLITE, {**parameters, "signup_no": signup_no})
    if append.rows.links:
        times = (signup["recorded_us"], signup_no, signup["occurred_us"])
        links = [part for link in append.rows.links for part in (link.digest, link.kind, link.packed, *times)]
        connection.exec_driver_sql(_links_sqlite(len(append.rows.links)), tuple(links))
    _join_sqlite(connection, append, parameters, signup_no)
    for part in append.beside:
        own = (signup_no,) if part.of_signup else ()
        values = tuple(value for row in part.rows for value in (*own, *row))
        named = ("signup_no", *part.columns) if part.of_signup else part.columns
        connection.exec_driver_sql(_beside_sqlite(part.table, named, len(part.rows), once=part.once), values)
    connection.exec_driver_sql(_AUDIT_SQLITE, parameters)
    if append.answered is not None:
        connection.exec_driver_sql(_ANSWER_SQLITE, parameters)
