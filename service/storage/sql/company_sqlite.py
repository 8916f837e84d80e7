"""The part of the question to SQLite that asks for ties, company and marks: columns of the one row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import numpy as np

from models.linkage.company import COMPOSITION
from models.linkage.identifier import IdentifierKind
from models.linkage.joining import MEDIUM
from models.linkage.marks import MARKED_KINDS, Mark
from models.linkage.velocity import SATURATION, Window
from service.storage.sql.question import FoundCompany, FoundMarks, MarkKey, PairKey, Question

STRONG_KINDS = 6
"""Places kept for strong identifiers, so that a few prepared statements serve everybody."""

_TRAITS = "network, email_domain, email_pattern, device, payment, institution, name"
_NO_PAIR = PairKey(b"", 0, 0, 0)
_NO_MARK = MarkKey(b"", -1, 0, 0, 0)


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


def _labelled(label: Mark, what: str, newest: int) -> str:
    return f"""(
        SELECT {what} FROM (
            SELECT label_us FROM members
            WHERE cluster_no = joined.root_no AND label = {label.value} AND signup_no <> ?
            ORDER BY label_us DESC LIMIT {newest}
        )
    )"""  # noqa: S608 - only numbers of the code are put into the text


_NEWEST_SQL = (
    "SELECT %s FROM members WHERE cluster_no = joined.root_no AND signup_no <> ? ORDER BY signup_no DESC LIMIT %d"
)

_GROWTH = "count(*) FILTER (WHERE occurred_us >= ? AND occurred_us < ?)"

# An array a cluster, each from the indexes in their order; SQLite knows no LATERAL that would limit it to fewer of all.
# One cluster's members are counted where they are; of several the newest have to be found out first.
_COMPANY_SQL = f"""(
    SELECT json_group_array(json_array(
        (SELECT founded_us FROM clusters WHERE cluster_no = joined.root_no),
        CASE WHEN (SELECT count(*) FROM joined) = 1 THEN json((SELECT json_array(count(*), {_GROWTH}, {_GROWTH})
            FROM ({_NEWEST_SQL % ("occurred_us", SATURATION)})))
        ELSE (SELECT group_concat(signup_no) || ';' || group_concat(occurred_us)
            FROM ({_NEWEST_SQL % ("signup_no, occurred_us", SATURATION)})) END,
        {_labelled(Mark.BANNED, "count(*)", SATURATION)},
        {_labelled(Mark.GOOD, "count(*)", SATURATION)},
        {_labelled(Mark.BANNED, "label_us", 1)},
        json((SELECT json_group_array(json_array(signup_no, {_TRAITS}))
            FROM ({_NEWEST_SQL % (f"signup_no, {_TRAITS}", COMPOSITION)})))
    )) FROM joined
)"""  # noqa: S608 - only names and numbers of the code are put into the text

_HELD_SQL = f"""(
    SELECT mark, known_us, signup_no FROM marks
    WHERE digest = ? AND channel = 0 AND withdrawn_us IS NULL%s
    ORDER BY known_us DESC, signup_no DESC, mark DESC LIMIT {SATURATION}
)"""  # noqa: S608 - only numbers of the code are put into the text


@cache
def _marks_sql(*, judged_again: bool) -> str:
    held = _HELD_SQL % (" AND (signup_no <> ? OR mark = 2)" if judged_again else "")
    of_others = " AND signup_no <> ?" if judged_again else ""
    # With a sign before it no index is made for the column on the fly, and the newest few end the reading.
    # Most identifiers carry no mark, and one look says so in place of four.
    return f"""CASE WHEN EXISTS (SELECT 1 FROM marks WHERE digest = ?) THEN json_array(?,
    EXISTS (SELECT 1 FROM guards WHERE digest = ?),
    json((SELECT json_array({_counted(1, " AND known_us >= ?")}, {_counted(2)}) FROM {held})),
    json((SELECT json_group_array(json_array(known_us, signup_no)) FROM (
        SELECT known_us, signup_no FROM {held} WHERE +mark = 1 LIMIT ?
    ))),
    json((SELECT json_array({", ".join(_counted(mark, " AND known_us >= ?") for mark in (3, 4, 5))}) FROM (
        SELECT mark, known_us FROM marks
        WHERE digest = ? AND channel = 1 AND withdrawn_us IS NULL{of_others}
        ORDER BY known_us DESC, signup_no DESC, mark DESC LIMIT {SATURATION}
    )))
) END"""  # noqa: S608 - only numbers of the code are put into the text


def _counted(mark: int, condition: str = "") -> str:
    """A count of one mark: a row of another is passed over, where a sum would add a nought for it."""
    return f"count(*) FILTER (WHERE mark = {mark}{condition})"


@cache
def columns_sql(marked: int, *, judged_again: bool) -> str:
    """The columns, for so many identifiers whose marks are wanted."""
    return (
        "(SELECT json_group_array(json_array(place, root_no, state, founded_us)) FROM strong), "  # noqa: S608 - no outside text
        "(SELECT json_group_array(json_array(root_no, agreeing)) FROM pairs), "
        f"{_COMPANY_SQL}, json_array({', '.join([_marks_sql(judged_again=judged_again)] * marked)})"
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
    excluding, now_us = question.excluding, question.now_us
    excluded = [excluding] if question.judged_again else []
    growth = [edge for window in (Window.HOUR, Window.DAY) for edge in (now_us - window.value, now_us)]
    parameters: list[object] = [*growth, *[excluding] * 6]
    marked = question.marked()
    for key in [*marked, *[_NO_MARK] * (sizes_of(question, versions)[2] - len(marked))]:
        parameters += [key.digest, key.place, key.digest, key.since_us, key.digest, *excluded]
        parameters += [key.digest, *excluded, key.most_bans]
        parameters += [key.since_us, key.results_since_us, key.results_since_us, key.digest, *excluded]
    return parameters


def company_of_column(column: str, now_us: int) -> FoundCompany | None:
    """The company of its JSON: what the clusters are together."""
    clusters = json.loads(column)
    if not clusters:
        return None
    founded_us, newest, frauds, good, newest_fraud_us, traits = zip(*clusters, strict=True)
    size, growth_1h, growth_24h = newest[0] if len(newest) == 1 else _grown(newest, now_us)
    if not size:
        return None
    composed = [each for of_one in traits for each in of_one]
    if len(clusters) > 1:
        composed = sorted(composed, key=lambda each: -each[0])[:COMPOSITION]
    return FoundCompany(
        size=size,
        growth_1h=growth_1h,
        growth_24h=growth_24h,
        frauds=min(sum(frauds), SATURATION),
        good=min(sum(good), SATURATION),
        newest_fraud_us=max((each for each in newest_fraud_us if each is not None), default=None),
        founded_us=min(founded_us),
        traits=[tuple(each[1:]) for each in composed],
    )


def _grown(clusters: Sequence[str | None], now_us: int) -> tuple[int, int, int]:
    """The newest members of several clusters, of each its members' numbers and times: all, of an hour, of a day."""
    present = [each.split(";") for each in clusters if each is not None]
    if not present:
        return 0, 0, 0
    numbers, times = (np.fromstring(",".join(side), dtype=np.int64, sep=",") for side in zip(*present, strict=True))
    ages = now_us - times[np.argsort(numbers)[-SATURATION:]]
    hour, day = (int(np.count_nonzero((ages > 0) & (ages <= window.value))) for window in (Window.HOUR, Window.DAY))
    return len(ages), hour, day


def marks_of_column(column: str) -> list[FoundMarks]:
    """The marks of their JSON, where there are any."""
    found = []
    for place, guarded, (banned, contained), bans, (good, passed, failed) in filter(None, json.loads(column)):
        if bans or contained or good or passed or failed:
            newest = sorted(map(tuple, bans), reverse=True)
            found.append(FoundMarks(place, banned, good, passed, failed, contained, newest, bool(guarded)))
    return found
