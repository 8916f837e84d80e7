"""The question to PostgreSQL: identifiers arrive as arrays, so that one prepared statement serves them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # Any: rows of a driver are untyped

from sqlalchemy import Connection

from models.linkage.velocity import PAST_DAYS, SATURATION
from service.storage.sql.company_postgresql import ARMS_SQL, PARTS_SQL, Gathered, parameters_of, with_parts
from service.storage.sql.link_columns import BETWEEN_POSTGRESQL, LINKS_POSTGRESQL, counts_of
from service.storage.sql.postgresql_arrays import bigint_array, bytea_array
from service.storage.sql.question import Found, Question, stored_answer
from service.usecases.ports_idempotency import StoredAnswer

_ANSWER, _OBSERVED, _PAST = -1, -2, -3
"""The places of the recorded answer, of what was observed and of the pasts among the identifiers' places."""

_ZEROS = ", ".join(["0::bigint"] * 13)

_ANSWER_SQL = f"""
SELECT -1::bigint, fingerprint, answer, {_ZEROS}
FROM signups WHERE owner = %(owner)s AND signup_id = %(signup_id)s
UNION ALL
"""  # noqa: S608 - only numbers of this module are put into the text

_PAST_SQL = f"""
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

_ZEROS_AFTER_LINKS = f"NULL::bytea, {_ZEROS}"

_ONE_VERSION = f"""
SELECT key.ordinal - 1, velocity.links, {_ZEROS_AFTER_LINKS}
FROM unnest(%(digests)s::bytea[]) WITH ORDINALITY AS key (digest, ordinal)
CROSS JOIN LATERAL (
    SELECT {LINKS_POSTGRESQL} AS links
    FROM (
        SELECT packed FROM links
        WHERE digest = key.digest AND signup_no <> %(excluding)s::bigint
        ORDER BY recorded_us DESC, signup_no DESC
        LIMIT {SATURATION}
    ) AS newest
) AS velocity
WHERE velocity.links IS NOT NULL
{_PAST_SQL}
"""  # noqa: S608 - only numbers of this module are put into the text

_MANY_VERSIONS = f"""
SELECT asked.ordinal - 1, velocity.links, {_ZEROS_AFTER_LINKS}
FROM unnest(%(ordinals)s::bigint[]) AS asked (ordinal)
CROSS JOIN LATERAL (
    SELECT {LINKS_POSTGRESQL} AS links
    FROM (
        SELECT newest_of_key.packed || int2send(key.version) AS packed
        FROM unnest(%(digests)s::bytea[], %(of_ordinals)s::bigint[], %(of_versions)s::smallint[])
            AS key (digest, ordinal, version)
        CROSS JOIN LATERAL (
            SELECT recorded_us, signup_no, packed FROM links
            WHERE digest = key.digest AND signup_no <> %(excluding)s::bigint
            ORDER BY recorded_us DESC, signup_no DESC
            LIMIT {SATURATION}
        ) AS newest_of_key
        WHERE key.ordinal = asked.ordinal
        ORDER BY recorded_us DESC, signup_no DESC
        LIMIT {SATURATION}
    ) AS newest
) AS velocity
WHERE velocity.links IS NOT NULL
{_PAST_SQL}
"""  # noqa: S608 - only numbers of this module are put into the text


def ask_postgresql(connection: Connection, question: Question, versions: int) -> Found:
    pseudonyms = [pseudonym for _, each in question.asked for pseudonym in each]
    parameters: dict[str, object] = {
        "now_us": question.now_us,
        "excluding": question.excluding,
        "digests": bytea_array([pseudonym.digest for pseudonym in pseudonyms]),
        "pasts": bytea_array(question.digests_with_a_past()),
        "aged": bytea_array(question.aged_digests()),
        "from_day": question.today - PAST_DAYS,
        "today": question.today,
    }
    parameters |= parameters_of(question)
    statement = _ONE_VERSION
    if versions > 1:
        statement = _MANY_VERSIONS
        numbered = list(enumerate(question.asked, start=1))
        parameters["ordinals"] = bigint_array([ordinal for ordinal, _ in numbered])
        parameters["of_ordinals"] = bigint_array([ordinal for ordinal, (_, each) in numbered for _ in each])
        parameters["of_versions"] = bigint_array(
            [version for _, each in question.asked for version in range(len(each))]
        )
    if question.signup_id is not None:
        statement = _ANSWER_SQL + statement
        parameters |= {"owner": question.owner, "signup_id": question.signup_id}
    rows = connection.exec_driver_sql(PARTS_SQL + statement + ARMS_SQL, parameters).fetchall()
    return _found(question, rows, versions=versions)


def _found(question: Question, rows: Sequence[Sequence[Any]], *, versions: int) -> Found:
    answer: StoredAnswer | None = None
    observed: Sequence[int | None] = (None, None, None)
    links: dict[int, bytes] = {}
    pasts, gathered = {}, Gathered()
    for row in rows:
        place = row[0]
        if place >= 0:
            links[place] = row[1]
        elif place == _ANSWER:
            answer = stored_answer(row[1], row[2])
        elif place == _OBSERVED:
            observed = row[3:6]
        elif place == _PAST:
            pasts[bytes(row[1])] = row[3] or 0
        else:
            gathered.take(row)
    until_day, first_day, first_us = observed
    counts = (
        []
        if answer is not None
        else list(enumerate(counts_of(question, links, versions=versions, between=BETWEEN_POSTGRESQL)))
    )
    return with_parts(Found(answer, counts, pasts, until_day, first_day, first_us), gathered)
