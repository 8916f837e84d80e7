"""The question to SQLite: one SELECT an identifier, all in one row.

The driver gives up the interpreter's lock at every row, and in a busy worker each of eighteen would wait its turn to
get it back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

from sqlalchemy import Connection

from models.linkage.velocity import PAST_DAYS, PAST_KINDS, SATURATION
from service.storage.sql.company_sqlite import (
    columns_parameters,
    columns_sql,
    company_of_column,
    marks_of_column,
    parts_parameters,
    parts_sql,
    sizes_of,
)
from service.storage.sql.link_columns import BETWEEN_SQLITE, LINKS_SQLITE, counts_of
from service.storage.sql.question import Found, Question, stored_answer

_ANSWER = "SELECT fingerprint, answer FROM signups WHERE owner = ? AND signup_id = ?"

_NEWEST = f"""
    SELECT packed%s FROM links WHERE digest = ?%s
    ORDER BY recorded_us DESC, signup_no DESC LIMIT {SATURATION}
"""  # noqa: S608 - only numbers of the code are put into the text

_FIRST = """
    SELECT occurred_us, recorded_us, signup_no FROM links
    WHERE digest = ? AND signup_no <> ? ORDER BY recorded_us, signup_no LIMIT 1
"""


@cache
def _identifier(versions: int, *, judged_again: bool) -> str:
    # Of thousands of links each is compared only where there is one to leave out.
    of_others = " AND signup_no <> ?" if judged_again else ""
    if versions == 1:
        return f"(SELECT {LINKS_SQLITE} FROM ({_NEWEST % ('', of_others)}))"  # noqa: S608 - no outside text
    versioned = " || x'%04x' AS packed, recorded_us, signup_no"
    each = " UNION ALL ".join(
        f"SELECT * FROM ({_NEWEST % (versioned % version, of_others)})"  # noqa: S608 - no outside text
        for version in range(versions)
    )
    newest = f"{each} ORDER BY recorded_us DESC, signup_no DESC LIMIT {SATURATION}"
    return f"(SELECT {LINKS_SQLITE} FROM ({newest}))"  # noqa: S608 - no outside text


@cache
def _past(aged: int, digests_with_a_past: int) -> str:
    """What was observed, and the pasts by digest."""
    firsts = " UNION ALL ".join([f"SELECT * FROM ({_FIRST})"] * aged)  # noqa: S608 - no outside text
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
def _statement(
    identifiers: int, versions: int, aged: int, with_a_past: int, sizes: tuple[int, int, int], *, judged_again: bool
) -> str:
    strong, pairs, marked = sizes
    velocities = [_identifier(versions, judged_again=judged_again)] * identifiers
    columns = ", ".join([_past(aged, with_a_past), columns_sql(marked, judged_again=judged_again), *velocities])
    return (
        f"{parts_sql(strong, pairs)} SELECT found.fingerprint, found.answer, {columns} "  # noqa: S608 - no outside text
        f"FROM (SELECT 1) LEFT JOIN ({_ANSWER}) AS found"
    )


def ask_sqlite(connection: Connection, question: Question, versions: int) -> Found:
    days = (question.today - PAST_DAYS, question.today)
    # What a sign-up may lack is asked for all the same, as NULL, so that a few prepared statements serve everybody.
    aged = _filled(question.aged_digests(), versions)
    digests_with_a_past = _filled(question.digests_with_a_past(), len(PAST_KINDS) * versions)
    parameters: list[object] = [*parts_parameters(question, versions), *days]
    for digest in aged:
        parameters += [digest, question.excluding]
    parameters += [*digests_with_a_past, *days, *columns_parameters(question, versions)]
    excluded = [question.excluding] if question.judged_again else []
    pseudonyms = (pseudonym for _, each in question.asked for pseudonym in each)
    for pseudonym in pseudonyms:
        parameters += [pseudonym.digest, *excluded]
    sizes = sizes_of(question, versions)
    statement = _statement(
        len(question.asked), versions, len(aged), len(digests_with_a_past), sizes, judged_again=question.judged_again
    )
    row = connection.exec_driver_sql(statement, (*parameters, question.owner, question.signup_id)).one()
    until_day, first_day, first_us, pasts = json.loads(row[2])
    links = {place: column for place, column in enumerate(row[7:]) if column is not None}
    return Found(
        answer=None if row[0] is None else stored_answer(row[0], row[1]),
        counts=list(enumerate(counts_of(question, links, versions=versions, between=BETWEEN_SQLITE))),
        pasts={bytes.fromhex(digest): total for digest, total in pasts.items()},
        until_day=until_day,
        first_day=first_day,
        first_us=first_us,
        strong=[tuple(each) for each in json.loads(row[3])],
        pairs=[tuple(each) for each in json.loads(row[4])],
        company=company_of_column(row[5], question.now_us),
        marks=marks_of_column(row[6]),
    )


def _filled(digests: Sequence[bytes], length: int) -> list[bytes | None]:
    return [*digests, *[None] * (length - len(digests))]
