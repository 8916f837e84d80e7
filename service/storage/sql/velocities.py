"""The one read of a decision: recorded answer, velocities and pasts of every identifier, in one statement.

The counts are those of ``models.linkage.velocity``; one contract suite holds both to the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection

from models.linkage.daily import observed_days
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import (
    AGED_KIND,
    DAY_US,
    DISTINCT_WINDOWS,
    NO_HISTORY,
    OTHERS_WINDOW,
    PAST_DAYS,
    PAST_KINDS,
    SATURATION,
    SEQUENCE_KIND,
    SEQUENCE_REACH,
    SEQUENCE_WINDOW,
    SYNCHRONY_KINDS,
    SYNCHRONY_WINDOW,
    Linkage,
    Velocity,
    Window,
)
from service.storage.pseudonyms import Pseudonym
from service.usecases.ports import Look, StoredAnswer

_ANSWER, _OBSERVED, _PAST = -1, -2, -3
"""The places of the recorded answer, of what was observed and of the pasts among the identifiers' places."""

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

    @property
    def today(self) -> int:
        """The UTC day of the sign-up being judged."""
        return self.now_us // DAY_US

    def near(self) -> list[int | None]:
        """Where the sign-up lies on its line, for every pseudonym of the kind that has one."""
        return [each.counted if kind is SEQUENCE_KIND else None for kind, _, each in self._pseudonyms()]

    def anomalies(self) -> list[int]:
        """The anomalies to look for, for every pseudonym; none but on the kinds of synchrony."""
        return [mask if kind in SYNCHRONY_KINDS else 0 for kind, mask, _ in self._pseudonyms()]

    def digests_with_a_past(self) -> list[bytes]:
        """The digests whose daily counts are wanted."""
        return [each.digest for kind, _, each in self._pseudonyms() if kind in PAST_KINDS]

    def aged_digests(self) -> list[bytes]:
        """The digests of the identifier whose first link is wanted."""
        return [each.digest for kind, _, each in self._pseudonyms() if kind is AGED_KIND]

    def _pseudonyms(self) -> Iterator[tuple[IdentifierKind, int, Pseudonym]]:
        for identifier, pseudonyms in self.asked:
            for pseudonym in pseudonyms:
                yield identifier.kind, identifier.anomalies, pseudonym


@dataclass(frozen=True, slots=True)
class _Found:
    """What the statement found.

    Attributes:
        answer: the recorded answer.
        counts: the counts of every identifier, by its place.
        pasts: the sums of the daily counts, by digest.
        until_day: the day before which everything recorded is rolled up.
        first_day: the first observed day of the past.
        first_us: when the first link of the aged identifier occurred.
    """

    answer: StoredAnswer | None
    counts: Sequence[tuple[int, Sequence[int]]]
    pasts: Mapping[bytes, int]
    until_day: int | None
    first_day: int | None
    first_us: int | None


def ask(connection: Connection, question: Question) -> Look:
    """Send the question as one statement."""
    versions = max((len(pseudonyms) for _, pseudonyms in question.asked), default=1)
    if connection.dialect.name == "sqlite":
        found = _ask_sqlite(connection, question, versions)
    else:
        found = _ask_postgresql(connection, question, versions)
    if found.answer is not None:
        return Look(answer=found.answer, linkage=NO_HISTORY)
    observed = observed_days(first_day=found.first_day, until_day=found.until_day, today=question.today)
    velocities = [_velocity(question, found, place, counts) for place, counts in found.counts]
    return Look(answer=None, linkage=Linkage(velocities, observed_days=observed))


def _velocity(question: Question, found: _Found, place: int, counts: Sequence[int]) -> tuple[IdentifierKind, Velocity]:
    identifier, pseudonyms = question.asked[place]
    kind, past, age_us = identifier.kind, 0, 0
    if kind in PAST_KINDS:
        past = sum(found.pasts.get(pseudonym.digest, 0) for pseudonym in pseudonyms)
    if kind is AGED_KIND and found.first_us is not None:
        age_us = max(0, question.now_us - found.first_us)
    links: Any = tuple(counts[0:6])
    distinct: Any = tuple(counts[6:9])
    others, account_types, anomalous, near = counts[9:13]
    return kind, Velocity(links, distinct, others, account_types, anomalous, near, past, age_us)


def _counts(own: str, *, near: str, mask: str, differs: str) -> str:
    """The columns that count the rows ``(age, counted, account_type, anomalies)`` of one identifier."""
    links = [f"count(CASE WHEN age <= {window.value} THEN 1 END)" for window in Window]
    distinct = [f"count(DISTINCT CASE WHEN age <= {window.value} THEN counted END)" for window in DISTINCT_WINDOWS]
    others = f"count(CASE WHEN age <= {OTHERS_WINDOW.value} AND counted {differs} {own} THEN 1 END)"
    anomalous = f"count(CASE WHEN age <= {SYNCHRONY_WINDOW.value} AND (anomalies & {mask}) <> 0 THEN 1 END)"
    neighbours = (
        f"count(CASE WHEN age <= {SEQUENCE_WINDOW.value} "
        f"AND counted BETWEEN {near} - {SEQUENCE_REACH} AND {near} + {SEQUENCE_REACH} THEN 1 END)"
    )
    return ", ".join([*links, *distinct, others, "count(DISTINCT account_type)", anomalous, neighbours])


_WITHIN = f"age > 0 AND age <= {max(window.value for window in Window)}"

# --- PostgreSQL: identifiers arrive as arrays, so that one prepared statement serves any number of them ---

_ZEROS_POSTGRESQL = ", ".join(["0::bigint"] * 13)

_ANSWER_POSTGRESQL = f"""
SELECT -1::bigint, fingerprint, answer, {_ZEROS_POSTGRESQL}
FROM signups WHERE owner = %(owner)s AND signup_id = %(signup_id)s
UNION ALL
"""  # noqa: S608 - only numbers of this module are put into the text

_PAST_POSTGRESQL = f"""
UNION ALL
SELECT -2::bigint, NULL::bytea, NULL::bytea,
    (SELECT max(until_day) FROM roll_ups)::bigint,
    (SELECT min(day) FROM daily_counts WHERE digest = '' AND day >= %(from_day)s AND day < %(today)s)::bigint,
    (
        SELECT first.occurred_us
        FROM unnest(%(aged)s::bytea[]) AS key (digest)
        CROSS JOIN LATERAL (
            SELECT recorded_us, signup_no, occurred_us FROM links
            WHERE digest = key.digest AND signup_no <> %(excluding)s::bigint
            ORDER BY recorded_us, signup_no
            LIMIT 1
        ) AS first
        ORDER BY first.recorded_us, first.signup_no
        LIMIT 1
    ),
    {", ".join(["0::bigint"] * 10)}
UNION ALL
SELECT -3::bigint, key.digest, NULL::bytea, past.total, {", ".join(["0::bigint"] * 12)}
FROM unnest(%(pasts)s::bytea[]) AS key (digest)
CROSS JOIN LATERAL (
    SELECT sum(count)::bigint AS total FROM daily_counts
    WHERE digest = key.digest AND day >= %(from_day)s AND day < %(today)s
) AS past
"""  # noqa: S608 - only numbers of this module are put into the text

_ONE_VERSION_POSTGRESQL = f"""
SELECT asked.ordinal - 1, NULL::bytea, NULL::bytea, velocity.*
FROM unnest(%(digests)s::bytea[], %(owns)s::bigint[], %(near)s::bigint[], %(masks)s::smallint[])
    WITH ORDINALITY AS asked (digest, own, near, mask, ordinal)
CROSS JOIN LATERAL (
    SELECT {_counts("asked.own", near="asked.near", mask="asked.mask", differs="IS DISTINCT FROM")}
    FROM (
        SELECT %(now_us)s::bigint - occurred_us AS age, counted, account_type, anomalies
        FROM links
        WHERE digest = asked.digest AND signup_no <> %(excluding)s::bigint
        ORDER BY recorded_us DESC, signup_no DESC
        LIMIT {SATURATION}
    ) AS newest
    WHERE {_WITHIN}
) AS velocity
{_PAST_POSTGRESQL}
"""  # noqa: S608 - only numbers of this module are put into the text

_MANY_VERSIONS_POSTGRESQL = f"""
SELECT asked.ordinal - 1, NULL::bytea, NULL::bytea, velocity.*
FROM unnest(%(ordinals)s::bigint[]) AS asked (ordinal)
CROSS JOIN LATERAL (
    SELECT {_counts("own", near="near", mask="mask", differs="IS DISTINCT FROM")}
    FROM (
        SELECT %(now_us)s::bigint - occurred_us AS age, counted, account_type, anomalies, own, near, mask
        FROM unnest(
            %(digests)s::bytea[], %(owns)s::bigint[], %(near)s::bigint[], %(masks)s::smallint[],
            %(of_ordinals)s::bigint[]
        ) AS key (digest, own, near, mask, ordinal)
        CROSS JOIN LATERAL (
            SELECT recorded_us, signup_no, occurred_us, counted, account_type, anomalies
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
{_PAST_POSTGRESQL}
"""  # noqa: S608 - only numbers of this module are put into the text


def _ask_postgresql(connection: Connection, question: Question, versions: int) -> _Found:
    pseudonyms = [pseudonym for _, each in question.asked for pseudonym in each]
    parameters: dict[str, object] = {
        "now_us": question.now_us,
        "excluding": question.excluding,
        "digests": bytea_array([pseudonym.digest for pseudonym in pseudonyms]),
        "owns": bigint_array([pseudonym.counted for pseudonym in pseudonyms]),
        "near": bigint_array(question.near()),
        "masks": bigint_array(question.anomalies()),
        "pasts": bytea_array(question.digests_with_a_past()),
        "aged": bytea_array(question.aged_digests()),
        "from_day": question.today - PAST_DAYS,
        "today": question.today,
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
    return _found_postgresql(connection.exec_driver_sql(statement, parameters).fetchall())


def _found_postgresql(rows: Sequence[Sequence[Any]]) -> _Found:
    answer: StoredAnswer | None = None
    observed: Sequence[int | None] = (None, None, None)
    counts, pasts = [], {}
    for row in rows:
        place = row[0]
        if place >= 0:
            counts.append((place, row[3:]))
        elif place == _ANSWER:
            answer = _stored(row[1], row[2])
        elif place == _OBSERVED:
            observed = row[3:6]
        elif place == _PAST:
            pasts[bytes(row[1])] = row[3] or 0
    return _Found(answer, counts, pasts, *observed)


def _stored(fingerprint: bytes, body: bytes) -> StoredAnswer:
    return StoredAnswer(status=CREATED, body=bytes(body), fingerprint=bytes(fingerprint))


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
    SELECT ? - occurred_us AS age, counted, account_type, anomalies, ? AS own, ? AS near, ? AS mask,
        recorded_us, signup_no
    FROM links WHERE digest = ? AND signup_no <> ? ORDER BY recorded_us DESC, signup_no DESC LIMIT {SATURATION}
"""  # noqa: S608 - only numbers of this module are put into the text

_FIRST_SQLITE = """
    SELECT occurred_us, recorded_us, signup_no FROM links
    WHERE digest = ? AND signup_no <> ? ORDER BY recorded_us, signup_no LIMIT 1
"""


@cache
def _identifier_sqlite(versions: int) -> str:
    newest = _NEWEST_SQLITE
    if versions > 1:
        each = " UNION ALL ".join([f"SELECT * FROM ({_NEWEST_SQLITE})"] * versions)  # noqa: S608 - no outside text
        newest = f"SELECT * FROM ({each}) ORDER BY recorded_us DESC, signup_no DESC LIMIT {SATURATION}"  # noqa: S608
    counts = _counts("own", near="near", mask="mask", differs="IS NOT")
    return f"(SELECT json_array({counts}) FROM ({newest}) WHERE {_WITHIN})"  # noqa: S608 - no outside text


@cache
def _past_sqlite(aged: int, digests_with_a_past: int) -> str:
    """What was observed, and the pasts by digest."""
    firsts = " UNION ALL ".join([f"SELECT * FROM ({_FIRST_SQLITE})"] * aged)  # noqa: S608 - no outside text
    digests = ", ".join(["?"] * digests_with_a_past)
    days = "day >= ? AND day < ?"
    return (
        "json_array((SELECT max(until_day) FROM roll_ups), "  # noqa: S608 - only places are put into the text
        f"(SELECT min(day) FROM daily_counts WHERE digest = x'' AND {days}), "
        f"(SELECT occurred_us FROM ({firsts}) ORDER BY recorded_us, signup_no LIMIT 1), "
        "json((SELECT json_group_object(hex(digest), total) FROM (SELECT digest, sum(count) AS total FROM daily_counts "
        f"WHERE digest IN ({digests}) AND {days} GROUP BY digest))))"
    )


@cache
def _statement_sqlite(identifiers: int, versions: int, aged: int, digests_with_a_past: int) -> str:
    columns = ", ".join([_past_sqlite(aged, digests_with_a_past), *[_identifier_sqlite(versions)] * identifiers])
    return (
        f"SELECT found.fingerprint, found.answer, {columns} "  # noqa: S608 - no outside text
        f"FROM (SELECT 1) LEFT JOIN ({_ANSWER_SQLITE}) AS found"
    )


def _ask_sqlite(connection: Connection, question: Question, versions: int) -> _Found:
    days = (question.today - PAST_DAYS, question.today)
    # What a sign-up may lack is asked for all the same, as NULL, so that a few prepared statements serve everybody.
    aged = _filled(question.aged_digests(), versions)
    digests_with_a_past = _filled(question.digests_with_a_past(), len(PAST_KINDS) * versions)
    parameters: list[object] = [*days]
    for digest in aged:
        parameters += [digest, question.excluding]
    parameters += [*digests_with_a_past, *days]
    pseudonyms = (pseudonym for _, each in question.asked for pseudonym in each)
    for pseudonym, near, mask in zip(pseudonyms, question.near(), question.anomalies(), strict=True):
        parameters += [question.now_us, pseudonym.counted, near, mask, pseudonym.digest, question.excluding]
    statement = _statement_sqlite(len(question.asked), versions, len(aged), len(digests_with_a_past))
    row = connection.exec_driver_sql(statement, (*parameters, question.owner, question.signup_id)).one()
    until_day, first_day, first_us, pasts = json.loads(row[2])
    return _Found(
        answer=None if row[0] is None else _stored(row[0], row[1]),
        counts=[(place, json.loads(counts)) for place, counts in enumerate(row[3:])],
        pasts={bytes.fromhex(digest): total for digest, total in pasts.items()},
        until_day=until_day,
        first_day=first_day,
        first_us=first_us,
    )


def _filled(digests: Sequence[bytes], length: int) -> list[bytes | None]:
    return [*digests, *[None] * (length - len(digests))]
