"""The part of the question to PostgreSQL that asks for ties, company and marks: arms of the one statement."""

from __future__ import annotations

from typing import Any  # Any: rows of a driver are untyped

from models.linkage.company import COMPOSITION
from models.linkage.identifier import IdentifierKind
from models.linkage.marks import Mark
from models.linkage.velocity import SATURATION, Window
from service.storage.sql.postgresql_arrays import bigint_array, bytea_array
from service.storage.sql.question import Found, FoundCompany, FoundMarks, Question

STRONG, PAIR, COMPANY, MEMBER, MARKS = -4, -5, -6, -7, -8
"""The places of these rows among the identifiers' places."""

_TRAITS = "network, email_domain, email_pattern, device, payment, institution, name"


def _zeros(count: int) -> str:
    return ", ".join(["0::bigint"] * count)


# Limited for each digest first: of all links under several digests at once PostgreSQL would sort every one.
_NAMESAKES = f"""(
    SELECT count(*) FROM (
        SELECT newest_of_key.occurred_us FROM unnest(%(names)s::bytea[]) AS key (digest)
        CROSS JOIN LATERAL (
            SELECT occurred_us, recorded_us, signup_no FROM links
            WHERE digest = key.digest AND signup_no <> %(excluding)s::bigint
            ORDER BY recorded_us DESC, signup_no DESC LIMIT {SATURATION}
        ) AS newest_of_key
        ORDER BY recorded_us DESC, signup_no DESC LIMIT {SATURATION}
    ) AS namesake
    WHERE occurred_us >= %(now_us)s::bigint - {Window.MONTH.value} AND occurred_us < %(now_us)s::bigint
)"""  # noqa: S608 - only numbers of the code are put into the text
_RARE_NAME = f"{_NAMESAKES} <= {_NAMESAKES.replace('(names)', '(twins)')}"


def _labelled(label: Mark) -> str:
    """The newest members with a label: limited for each cluster first, for a cluster may be banned whole."""
    return f"""
    SELECT member.label_us FROM joined
    CROSS JOIN LATERAL (
        SELECT label_us FROM members
        WHERE cluster_no = joined.root_no AND label = {label.value} AND signup_no <> %(excluding)s::bigint
        ORDER BY label_us DESC
        LIMIT {SATURATION}
    ) AS member
    ORDER BY member.label_us DESC
    LIMIT {SATURATION}
"""  # noqa: S608 - only numbers of the code are put into the text


PARTS_SQL = f"""
WITH strong AS MATERIALIZED (
    SELECT key.place, cluster.root_no, guard.state, CASE WHEN guard.state IS NOT NULL THEN (
        SELECT founded_us FROM clusters WHERE cluster_no = cluster.root_no
    ) END AS founded_us
    FROM unnest(%(strong)s::bytea[], %(strong_places)s::bigint[]) AS key (digest, place)
    JOIN anchors AS anchor ON anchor.digest = key.digest
    JOIN clusters AS cluster ON cluster.cluster_no = anchor.cluster_no
    LEFT JOIN guards AS guard ON guard.digest = key.digest
    WHERE %(excluding)s::bigint = 0 OR EXISTS (
        SELECT 1 FROM links WHERE digest = key.digest AND signup_no <> %(excluding)s::bigint
    )
), paired AS MATERIALIZED (
    SELECT shared.signup_no, sum(key.bit)::bigint AS agreeing, count(*) FILTER (WHERE key.bit <> 8) AS nameless
    FROM unnest(%(pair_digests)s::bytea[], %(pair_bits)s::bigint[], %(pair_windows)s::bigint[], %(pair_caps)s::bigint[])
        AS key (digest, bit, span, cap)
    CROSS JOIN LATERAL (
        SELECT signup_no FROM (
            SELECT signup_no, count(*) OVER () AS degree FROM (
                SELECT signup_no, occurred_us FROM links
                WHERE digest = key.digest AND signup_no <> %(excluding)s::bigint
                ORDER BY recorded_us DESC, signup_no DESC
                LIMIT key.cap + 1
            ) AS newest
            WHERE abs(%(now_us)s::bigint - occurred_us) <= key.span
        ) AS near
        WHERE degree <= key.cap
    ) AS shared
    WHERE NOT EXISTS (SELECT 1 FROM guards WHERE digest = key.digest)
    GROUP BY shared.signup_no
    HAVING count(*) >= 2
), pairs AS MATERIALIZED (
    SELECT DISTINCT cluster.root_no, paired.agreeing, paired.nameless
    FROM paired
    JOIN members AS member ON member.signup_no = paired.signup_no
    JOIN clusters AS cluster ON cluster.cluster_no = member.cluster_no
), joined AS MATERIALIZED (
    SELECT root_no FROM strong WHERE state IS NULL
    UNION
    SELECT root_no FROM pairs WHERE nameless >= 2 OR {_RARE_NAME}
), newest AS MATERIALIZED (
    SELECT member.* FROM joined
    CROSS JOIN LATERAL (
        SELECT signup_no, occurred_us FROM members
        WHERE cluster_no = joined.root_no AND signup_no <> %(excluding)s::bigint
        ORDER BY signup_no DESC
        LIMIT {SATURATION}
    ) AS member
    ORDER BY member.signup_no DESC
    LIMIT {SATURATION}
), banned AS MATERIALIZED ({_labelled(Mark.BANNED)}), good AS MATERIALIZED ({_labelled(Mark.GOOD)})
"""  # noqa: S608 - only numbers of the code are put into the text


def _growth(window: Window) -> str:
    return (
        f"count(*) FILTER (WHERE occurred_us >= %(now_us)s::bigint - {window.value} "
        "AND occurred_us < %(now_us)s::bigint)"
    )


def _newest_banned(column: str) -> str:
    """One column of the newest bans, in the order of the rows; to sort them, or to make a text of all, takes longer."""
    return f"array_to_string((array_agg({column}) FILTER (WHERE mark = {Mark.BANNED.value}))[1:key.most], ',')"


ARMS_SQL = f"""
UNION ALL
SELECT {STRONG}::bigint, NULL::bytea, NULL::bytea, place, root_no, state, founded_us, {_zeros(9)} FROM strong
UNION ALL
SELECT {PAIR}::bigint, NULL::bytea, NULL::bytea, root_no, agreeing, {_zeros(11)} FROM pairs
UNION ALL
SELECT {COMPANY}::bigint, NULL::bytea, NULL::bytea, count(*), {_growth(Window.HOUR)}, {_growth(Window.DAY)},
    (SELECT count(*) FROM banned), (SELECT count(*) FROM good), (SELECT max(label_us) FROM banned),
    (SELECT min(founded_us) FROM joined JOIN clusters ON cluster_no = joined.root_no)::bigint, {_zeros(6)}
FROM newest HAVING count(*) > 0
UNION ALL
SELECT {MEMBER}::bigint, NULL::bytea, NULL::bytea, composed.signup_no, {_TRAITS}, {_zeros(5)}
FROM (SELECT signup_no FROM newest ORDER BY signup_no DESC LIMIT {COMPOSITION}) AS composed
CROSS JOIN LATERAL (SELECT {_TRAITS} FROM members WHERE signup_no = composed.signup_no LIMIT 1) AS member
UNION ALL
SELECT {MARKS}::bigint, NULL::bytea, against.bans, key.place, against.banned, others.good, others.passed, others.failed,
    against.contained, EXISTS (SELECT 1 FROM guards WHERE digest = key.digest)::int::bigint, {_zeros(6)}
FROM unnest(%(mark_digests)s::bytea[], %(mark_places)s::bigint[], %(mark_since)s::bigint[], %(result_since)s::bigint[],
    %(mark_most)s::bigint[]) AS key (digest, place, since, results_since, most)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE mark = 1 AND known_us >= key.since) AS banned,
        count(*) FILTER (WHERE mark = 2) AS contained,
        convert_to({_newest_banned("known_us")} || ';' || {_newest_banned("signup_no")}, 'UTF8') AS bans
    FROM (
        SELECT mark, known_us, signup_no FROM marks
        WHERE digest = key.digest AND channel = 0 AND withdrawn_us IS NULL
            AND (signup_no <> %(excluding)s::bigint OR mark = 2)
        ORDER BY known_us DESC, signup_no DESC, mark DESC
        LIMIT {SATURATION}
    ) AS held
) AS against
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE mark = 3 AND known_us >= key.since) AS good,
        count(*) FILTER (WHERE mark = 4 AND known_us >= key.results_since) AS passed,
        count(*) FILTER (WHERE mark = 5 AND known_us >= key.results_since) AS failed
    FROM (
        SELECT mark, known_us FROM marks
        WHERE digest = key.digest AND channel = 1 AND withdrawn_us IS NULL AND signup_no <> %(excluding)s::bigint
        ORDER BY known_us DESC, signup_no DESC, mark DESC
        LIMIT {SATURATION}
    ) AS other
) AS others
WHERE against.bans IS NOT NULL OR against.contained + others.good + others.passed + others.failed > 0
"""  # noqa: S608 - only numbers of the code are put into the text


def parameters_of(question: Question) -> dict[str, object]:
    """The parameters of these parts."""
    strong, paired, marked = question.strong(), question.paired(), question.marked()
    return {
        "strong": bytea_array([digest for _, digest in strong]),
        "strong_places": bigint_array([place for place, _ in strong]),
        "pair_digests": bytea_array([each.digest for each in paired]),
        "pair_bits": bigint_array([each.bit for each in paired]),
        "pair_windows": bigint_array([each.window_us for each in paired]),
        "pair_caps": bigint_array([each.cap for each in paired]),
        "names": bytea_array(question.digests_of(IdentifierKind.NAME)),
        "twins": bytea_array(question.digests_of(IdentifierKind.NAME_BIRTH)),
        "mark_digests": bytea_array([each.digest for each in marked]),
        "mark_places": bigint_array([each.place for each in marked]),
        "mark_since": bigint_array([each.since_us for each in marked]),
        "result_since": bigint_array([each.results_since_us for each in marked]),
        "mark_most": bigint_array([each.most_bans for each in marked]),
    }


class Gathered:
    """The rows of these parts as they come, one after the other."""

    def __init__(self) -> None:
        self.strong: list[tuple[int, int, int | None, int | None]] = []
        self.pairs: list[tuple[int, int]] = []
        self.marks: list[FoundMarks] = []
        self._counts: Any = None
        self._traits: list[Any] = []

    def take(self, row: Any) -> None:
        """Take in one row."""
        place = row[0]
        if place == STRONG:
            self.strong.append((row[3], row[4], row[5], row[6]))
        elif place == PAIR:
            self.pairs.append((row[3], row[4]))
        elif place == COMPANY:
            self._counts = row[3:10]
        elif place == MEMBER:
            self._traits.append((row[3], tuple(row[4:11])))
        elif place == MARKS:
            known_us, numbers = ((), ()) if row[2] is None else _sides(bytes(row[2]).decode())
            bans = list(zip(known_us, numbers, strict=True))
            self.marks.append(FoundMarks(row[3], row[4], row[5], row[6], row[7], row[8], bans, bool(row[9])))

    def company(self) -> FoundCompany | None:
        """The company, once every row is taken in."""
        if self._counts is None:
            return None
        size, hour, day, frauds, good, newest_fraud_us, founded_us = self._counts
        traits = [traits for _, traits in sorted(self._traits, key=lambda each: -each[0])]
        return FoundCompany(size, hour, day, frauds, good, newest_fraud_us, founded_us, traits)


def _sides(bans: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """When the bans became known, and of which sign-ups."""
    known_us, numbers = (tuple(map(int, side.split(","))) for side in bans.split(";"))
    return known_us, numbers


def with_parts(found: Found, gathered: Gathered) -> Found:
    """What was found, with these parts."""
    return Found(
        found.answer,
        found.counts,
        found.pasts,
        found.until_day,
        found.first_day,
        found.first_us,
        gathered.strong,
        gathered.pairs,
        gathered.company(),
        gathered.marks,
    )
