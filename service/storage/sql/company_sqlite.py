"""The part of the question to SQLite that asks for ties, company and marks: columns of the one row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any  # Any: arrays of many types

import numpy as np

from models.linkage.company import COMPOSITION
from models.linkage.identifier import IdentifierKind
from models.linkage.joining import MEDIUM
from models.linkage.marks import MARKED_KINDS, MOST_BANS, Mark
from models.linkage.velocity import SATURATION, Window
from service.storage.sql.question import FoundCompany, FoundMarks, MarkKey, PairKey, Question

STRONG_KINDS = 6
"""Places kept for strong identifiers, so that a few prepared statements serve everybody."""

_TRAITS = "network, email_domain, email_pattern, device, payment, institution, name"
_NO_PAIR = PairKey(b"", 0, 0, 0)
_NO_MARK = MarkKey(b"", -1, 0, 0)


_PAIR_SQL = """
    SELECT signup_no, ? AS bit FROM (
        SELECT signup_no, count(*) OVER () AS degree FROM (
            SELECT signup_no, occurred_us FROM links WHERE digest = ? AND signup_no <> ?
            ORDER BY recorded_us DESC, signup_no DESC LIMIT ? + 1
        ) WHERE abs(? - occurred_us) <= ?
    ) WHERE degree <= ? AND NOT EXISTS (SELECT 1 FROM guards WHERE digest = ?)
"""

_OF_A_NAME = f"""SELECT * FROM (
    SELECT occurred_us, recorded_us, signup_no FROM links WHERE digest = ? AND signup_no <> ?
    ORDER BY recorded_us DESC, signup_no DESC LIMIT {SATURATION}
)"""  # noqa: S608 - only numbers of the code are put into the text

_NAMESAKES_SQL = f"""(
    SELECT count(*) FROM (
        {_OF_A_NAME} UNION ALL {_OF_A_NAME} ORDER BY recorded_us DESC, signup_no DESC LIMIT {SATURATION}
    ) WHERE occurred_us >= ? AND occurred_us < ?
)"""  # noqa: S608 - only numbers of the code are put into the text


@cache
def parts_sql(strong: int, pairs: int) -> str:
    """The common table expressions, for so many strong identifiers and medium ones."""
    return f"""
WITH key (digest, place) AS (VALUES {", ".join(["(?, ?)"] * strong)}),
strong AS MATERIALIZED (
    SELECT key.place, cluster.root_no, guard.state, CASE WHEN guard.state IS NOT NULL THEN (
        SELECT founded_us FROM clusters WHERE cluster_no = cluster.root_no
    ) END AS founded_us
    FROM key
    JOIN anchors AS anchor ON anchor.digest = key.digest
    JOIN clusters AS cluster ON cluster.cluster_no = anchor.cluster_no
    LEFT JOIN guards AS guard ON guard.digest = key.digest
    WHERE ? = 0 OR EXISTS (SELECT 1 FROM links WHERE digest = key.digest AND signup_no <> ?)
),
paired AS MATERIALIZED (
    SELECT signup_no, sum(bit) AS agreeing, sum(bit <> 8) AS nameless
    FROM ({" UNION ALL ".join([f"SELECT * FROM ({_PAIR_SQL})"] * pairs)})
    GROUP BY signup_no HAVING count(*) >= 2
),
pairs AS MATERIALIZED (
    SELECT DISTINCT cluster.root_no, paired.agreeing, paired.nameless
    FROM paired
    JOIN members AS member ON member.signup_no = paired.signup_no
    JOIN clusters AS cluster ON cluster.cluster_no = member.cluster_no
),
joined AS MATERIALIZED (
    SELECT root_no FROM strong WHERE state IS NULL
    UNION
    SELECT root_no FROM pairs WHERE nameless >= 2 OR {_NAMESAKES_SQL} <= {_NAMESAKES_SQL}
)
"""  # noqa: S608 - only numbers and places of the code are put into the text


def _labelled(label: Mark, what: str) -> str:
    return f"""(
        SELECT {what} FROM (
            SELECT label_us FROM members
            WHERE cluster_no = joined.root_no AND label = {label.value} AND signup_no <> ?
            ORDER BY label_us DESC LIMIT {SATURATION}
        )
    )"""  # noqa: S608 - only numbers of the code are put into the text


_NEWEST_SQL = (
    "SELECT %s FROM members WHERE cluster_no = joined.root_no AND signup_no <> ? ORDER BY signup_no DESC LIMIT %d"
)

# An array a cluster, each from the indexes in their order; SQLite knows no LATERAL that would limit it to fewer of all.
_COMPANY_SQL = f"""(
    SELECT json_group_array(json_array(
        (SELECT founded_us FROM clusters WHERE cluster_no = joined.root_no),
        (SELECT group_concat(signup_no) || ';' || group_concat(occurred_us)
            FROM ({_NEWEST_SQL % ("signup_no, occurred_us", SATURATION)})),
        {_labelled(Mark.BANNED, "count(*)")},
        {_labelled(Mark.GOOD, "count(*)")},
        {_labelled(Mark.BANNED, "max(label_us)")},
        json((SELECT json_group_array(json_array(signup_no, {_TRAITS}))
            FROM ({_NEWEST_SQL % (f"signup_no, {_TRAITS}", COMPOSITION)})))
    )) FROM joined
)"""  # noqa: S608 - only names and numbers of the code are put into the text

_HELD_SQL = f"""(
    SELECT mark, known_us, signup_no FROM marks
    WHERE digest = ? AND channel = 0 AND withdrawn_us IS NULL AND (signup_no <> ? OR mark = 2)
    ORDER BY known_us DESC, signup_no DESC, mark DESC LIMIT {SATURATION}
)"""  # noqa: S608 - only numbers of the code are put into the text

# With a sign before it no index is made for the column on the fly, and the newest few end the reading.
_MARKS_SQL = f"""json_array(?,
    json((SELECT json_array(sum(mark = 1 AND known_us >= ?), sum(mark = 2)) FROM {_HELD_SQL})),
    json((SELECT json_group_array(json_array(known_us, signup_no)) FROM (
        SELECT known_us, signup_no FROM {_HELD_SQL} WHERE +mark = 1 LIMIT {MOST_BANS}
    ))),
    json((SELECT json_array(
        sum(mark = 3 AND known_us >= ?), sum(mark = 4 AND known_us >= ?), sum(mark = 5 AND known_us >= ?)) FROM (
        SELECT mark, known_us FROM marks
        WHERE digest = ? AND channel = 1 AND withdrawn_us IS NULL AND signup_no <> ?
        ORDER BY known_us DESC, signup_no DESC, mark DESC LIMIT {SATURATION}
    )))
)"""  # noqa: S608 - only numbers of the code are put into the text


@cache
def columns_sql(marked: int) -> str:
    """The columns, for so many identifiers whose marks are wanted."""
    return (
        "(SELECT json_group_array(json_array(place, root_no, state, founded_us)) FROM strong), "  # noqa: S608 - no outside text
        "(SELECT json_group_array(json_array(root_no, agreeing)) FROM pairs), "
        f"{_COMPANY_SQL}, json_array({', '.join([_MARKS_SQL] * marked)})"
    )


def sizes_of(question: Question, versions: int) -> tuple[int, int, int]:
    """How many strong, medium and marked identifiers the statement has places for."""
    del question
    return STRONG_KINDS * versions, len(MEDIUM) * versions, len(MARKED_KINDS) * versions


def parts_parameters(question: Question, versions: int) -> list[object]:
    """The parameters of the common table expressions."""
    strong_places, pair_places, _ = sizes_of(question, versions)
    strong, paired = question.strong(), question.paired()
    parameters: list[object] = []
    for place, digest in [*strong, *[(-1, None)] * (strong_places - len(strong))]:
        parameters += [digest, place]
    parameters += [question.excluding, question.excluding]
    for pair in [*paired, *[_NO_PAIR] * (pair_places - len(paired))]:
        parameters += [
            pair.bit,
            pair.digest,
            question.excluding,
            pair.cap,
            question.now_us,
            pair.window_us,
            pair.cap,
            pair.digest,
        ]
    for kind in (IdentifierKind.NAME, IdentifierKind.NAME_BIRTH):
        # Two places serve a rotation of keys; in the days of a third key the oldest links count no namesakes.
        digests: list[bytes | None] = [*question.digests_of(kind)[:2], None, None]
        since = question.now_us - Window.MONTH.value
        parameters += [digests[0], question.excluding, digests[1], question.excluding, since, question.now_us]
    return parameters


def columns_parameters(question: Question, versions: int) -> list[object]:
    """The parameters of the columns."""
    excluding = question.excluding
    parameters: list[object] = [excluding] * 5
    marked = question.marked()
    for key in [*marked, *[_NO_MARK] * (sizes_of(question, versions)[2] - len(marked))]:
        parameters += [key.place, key.since_us, key.digest, excluding, key.digest, excluding]
        parameters += [key.since_us, key.results_since_us, key.results_since_us, key.digest, excluding]
    return parameters


def company_of_column(column: str, now_us: int) -> FoundCompany | None:
    """The company of its JSON: what the clusters are together."""
    clusters = json.loads(column)
    if not clusters:
        return None
    founded_us, newest, frauds, good, newest_fraud_us, traits = zip(*clusters, strict=True)
    occurred_us = _newest([each for each in newest if each is not None])
    if not len(occurred_us):
        return None
    ages = now_us - occurred_us
    composed = [each for of_one in traits for each in of_one]
    if len(clusters) > 1:
        composed = sorted(composed, key=lambda each: -each[0])[:COMPOSITION]
    return FoundCompany(
        size=len(ages),
        growth_1h=int(np.count_nonzero((ages > 0) & (ages <= Window.HOUR.value))),
        growth_24h=int(np.count_nonzero((ages > 0) & (ages <= Window.DAY.value))),
        frauds=min(sum(frauds), SATURATION),
        good=min(sum(good), SATURATION),
        newest_fraud_us=max((each for each in newest_fraud_us if each is not None), default=None),
        founded_us=min(founded_us),
        traits=[tuple(each[1:]) for each in composed],
    )


def _newest(clusters: Sequence[str]) -> Any:
    """When the newest members of several clusters signed up, of each its members' numbers and times."""
    sides = zip(*(each.split(";") for each in clusters), strict=True)
    numbers, times = (
        (np.fromstring(",".join(side), dtype=np.int64, sep=",") for side in sides) if clusters else ((), ())
    )
    return times if len(clusters) < 2 else times[np.argsort(numbers)[-SATURATION:]]


def marks_of_column(column: str) -> list[FoundMarks]:
    """The marks of their JSON, where there are any."""
    found = []
    for place, (banned, contained), bans, (good, passed, failed) in json.loads(column):
        if bans or contained or good or passed or failed:
            newest = sorted(map(tuple, bans), reverse=True)
            found.append(FoundMarks(place, banned or 0, good or 0, passed or 0, failed or 0, contained or 0, newest))
    return found
