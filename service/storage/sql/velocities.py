"""The one read of a decision: the recorded answer and the velocities of every identifier, in one statement.

The counts are those of ``models.linkage.velocity``; one contract suite holds both to the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection

from models.linkage.identifier import Identifier
from models.linkage.velocity import DISTINCT_WINDOWS, OTHERS_WINDOW, SATURATION, Linkage, Velocity, Window
from service.storage.pseudonyms import Pseudonym
from service.usecases.ports import Look, StoredAnswer

_ANSWER = -1
"""The place of the recorded answer among the identifiers' places."""

NOBODY = 0
"""No sign-up has this number: excluding it excludes nothing."""

CREATED = 201
"""The status that a recorded sign-up was first answered with."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the history, and of the recorded answers.

    Attributes:
        owner: whose ``signup_id``; with ``signup_id`` ``None`` no recorded answer is looked for.
        asked: every identifier with its pseudonyms, one for each key version.
        now_us: the instant of the sign-up being judged.
        excluding: the sign-up's own number.
    """

    owner: str
    signup_id: str | None
    asked: Sequence[tuple[Identifier, Sequence[Pseudonym]]]
    now_us: int
    excluding: int = NOBODY


def ask(connection: Connection, question: Question) -> Look:
    """Send the question as one statement."""
    versions = max((len(pseudonyms) for _, pseudonyms in question.asked), default=1)
    if connection.dialect.name == "sqlite":
        rows = _ask_sqlite(connection, question, versions)
    else:
        rows = _ask_postgresql(connection, question, versions)
    answer: StoredAnswer | None = None
    velocities = []
    for row in rows:
        if row[0] == _ANSWER:
            answer = StoredAnswer(status=CREATED, body=bytes(row[2]), fingerprint=bytes(row[1]))
        else:
            identifier = question.asked[row[0]][0]
            velocities.append((identifier.kind, Velocity(tuple(row[3:9]), tuple(row[9:12]), row[12], row[13])))
    return Look(answer=answer, linkage=Linkage(() if answer is not None else velocities))


def _counts(own: str, *, differs: str) -> str:
    """The columns that count the rows ``(age, counted, account_type, own)`` of one identifier."""
    links = [f"count(CASE WHEN age <= {window.value} THEN 1 END)" for window in Window]
    distinct = [f"count(DISTINCT CASE WHEN age <= {window.value} THEN counted END)" for window in DISTINCT_WINDOWS]
    others = f"count(CASE WHEN age <= {OTHERS_WINDOW.value} AND counted {differs} {own} THEN 1 END)"
    return ", ".join([*links, *distinct, others, "count(DISTINCT account_type)"])


_WITHIN = f"age > 0 AND age <= {max(window.value for window in Window)}"

# --- PostgreSQL: identifiers arrive as arrays, so that one prepared statement serves any number of them ---

_ANSWER_POSTGRESQL = """
SELECT -1::bigint, fingerprint, answer, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
       0::bigint, 0::bigint, 0::bigint, 0::bigint
FROM signups WHERE owner = %(owner)s AND signup_id = %(signup_id)s
UNION ALL
"""

_ONE_VERSION_POSTGRESQL = f"""
SELECT asked.ordinal - 1, NULL, NULL, velocity.*
FROM unnest(%(digests)s::bytea[], %(owns)s::bigint[]) WITH ORDINALITY AS asked (digest, own, ordinal)
CROSS JOIN LATERAL (
    SELECT {_counts("asked.own", differs="IS DISTINCT FROM")}
    FROM (
        SELECT %(now_us)s::bigint - occurred_us AS age, counted, account_type
        FROM links
        WHERE digest = asked.digest AND signup_no <> %(excluding)s::bigint
        ORDER BY recorded_us DESC, signup_no DESC
        LIMIT {SATURATION}
    ) AS newest
    WHERE {_WITHIN}
) AS velocity
"""  # noqa: S608 - only numbers of this module are put into the text

_MANY_VERSIONS_POSTGRESQL = f"""
SELECT asked.ordinal - 1, NULL, NULL, velocity.*
FROM unnest(%(ordinals)s::bigint[]) AS asked (ordinal)
CROSS JOIN LATERAL (
    SELECT {_counts("own", differs="IS DISTINCT FROM")}
    FROM (
        SELECT %(now_us)s::bigint - occurred_us AS age, counted, account_type, own
        FROM unnest(%(digests)s::bytea[], %(owns)s::bigint[], %(of_ordinals)s::bigint[]) AS key (digest, own, ordinal)
        CROSS JOIN LATERAL (
            SELECT recorded_us, signup_no, occurred_us, counted, account_type
            FROM links
            WHERE digest = key.digest AND signup_no <> %(excluding)s::bigint
            ORDER BY recorded_us DESC, signup_no DESC
            LIMIT {SATURATION}
        ) AS newest_of_key
        WHERE key.ordinal = asked.ordinal
        ORDER BY recorded_us DESC, signup_no DESC
        LIMIT {SATURATION}
    ) AS newest
    WHERE {_WITHIN}
) AS velocity
"""  # noqa: S608 - only numbers of this module are put into the text


def _ask_postgresql(connection: Connection, question: Question, versions: int) -> Sequence[Sequence[Any]]:
    pseudonyms = [pseudonym for _, each in question.asked for pseudonym in each]
    parameters: dict[str, object] = {
        "now_us": question.now_us,
        "excluding": question.excluding,
        "digests": bytea_array([pseudonym.digest for pseudonym in pseudonyms]),
        "owns": bigint_array([pseudonym.counted for pseudonym in pseudonyms]),
    }
    statement = _ONE_VERSION_POSTGRESQL
    if versions > 1:
        statement = _MANY_VERSIONS_POSTGRESQL
        numbered = list(enumerate(question.asked, start=1))
        parameters["ordinals"] = bigint_array([ordinal for ordinal, _ in numbered])
        parameters["of_ordinals"] = bigint_array([ordinal for ordinal, (_, each) in numbered for _ in each])
    if question.signup_id is not None:
        statement = _ANSWER_POSTGRESQL + statement
        parameters |= {"owner": question.owner, "signup_id": question.signup_id}
    return connection.exec_driver_sql(statement, parameters).fetchall()


def bytea_array(values: Sequence[bytes]) -> str:
    """A PostgreSQL array literal: one parameter of one type, so that the prepared statement stays the same."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def bigint_array(values: Sequence[int | None]) -> str:
    """A PostgreSQL array literal of whole numbers; see ``bytea_array``."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


# --- SQLite: one SELECT an identifier, all in one row: the driver gives up the interpreter's lock at every step,
# and in a busy worker each of eighteen rows would wait its turn to get it back ---

_ANSWER_SQLITE = "SELECT fingerprint, answer FROM signups WHERE owner = ? AND signup_id = ?"

_NEWEST_SQLITE = f"""
    SELECT ? - occurred_us AS age, counted, account_type, ? AS own, recorded_us, signup_no FROM links
    WHERE digest = ? AND signup_no <> ? ORDER BY recorded_us DESC, signup_no DESC LIMIT {SATURATION}
"""  # noqa: S608 - only numbers of this module are put into the text


@cache
def _identifier_sqlite(versions: int) -> str:
    newest = _NEWEST_SQLITE
    if versions > 1:
        each = " UNION ALL ".join([f"SELECT * FROM ({_NEWEST_SQLITE})"] * versions)  # noqa: S608 - no outside text
        newest = f"SELECT * FROM ({each}) ORDER BY recorded_us DESC, signup_no DESC LIMIT {SATURATION}"  # noqa: S608
    counts = _counts("own", differs="IS NOT")
    return f"(SELECT json_array({counts}) FROM ({newest}) WHERE {_WITHIN})"  # noqa: S608 - no outside text


@cache
def _statement_sqlite(identifiers: int, versions: int) -> str:
    counts = ", ".join([_identifier_sqlite(versions)] * identifiers)
    return (
        f"SELECT found.fingerprint, found.answer{', ' if counts else ''}{counts} "  # noqa: S608 - no outside text
        f"FROM (SELECT 1) LEFT JOIN ({_ANSWER_SQLITE}) AS found"
    )


def _ask_sqlite(connection: Connection, question: Question, versions: int) -> Sequence[Sequence[Any]]:
    parameters: list[object] = []
    for _, pseudonyms in question.asked:
        for pseudonym in pseudonyms:
            parameters += [question.now_us, pseudonym.counted, pseudonym.digest, question.excluding]
    statement = _statement_sqlite(len(question.asked), versions)
    row = connection.exec_driver_sql(statement, (*parameters, question.owner, question.signup_id)).one()
    found = [] if row[0] is None else [(_ANSWER, row[0], row[1])]
    return [*found, *([ordinal, None, None, *json.loads(counts)] for ordinal, counts in enumerate(row[2:]))]
