"""The one read of a decision: recorded answer, velocities and pasts of every identifier, in one statement.

The counts are those of ``models.linkage.velocity``; one contract suite holds both to the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any  # Any: tuples of one entry a window, which mypy cannot count

from sqlalchemy import Connection

from models.linkage.company import Company, composition_of
from models.linkage.daily import observed_days
from models.linkage.guarded import Hidden, with_hidden
from models.linkage.identifier import IdentifierKind, Strength, counted_once_written, strength_of
from models.linkage.joining import GuardState, PairTie, StrongTie, crowds_of, name_is_rare, ties_of
from models.linkage.marks import UNMARKED, Ban, Marks, touched
from models.linkage.velocity import AGED_KIND, NO_HISTORY, PAST_KINDS, Linkage, Velocity
from service.storage.sql.asking_postgresql import ask_postgresql
from service.storage.sql.asking_sqlite import ask_sqlite
from service.storage.sql.question import Found, Question
from service.storage.sql.records import trait_of
from service.usecases.ports import Look


def ask(connection: Connection, question: Question) -> tuple[Found, Look]:
    """Send the question as one statement; what was found, and what it means."""
    versions = max((len(pseudonyms) for _, pseudonyms in question.asked), default=1)
    if connection.dialect.name == "sqlite":
        found = ask_sqlite(connection, question, versions)
    else:
        found = ask_postgresql(connection, question, versions)
    if found.answer is not None:
        return found, Look(answer=found.answer, linkage=NO_HISTORY)
    observed = observed_days(first_day=found.first_day, until_day=found.until_day, today=question.today)
    velocities = [_velocity(question, found, place, counts) for place, counts in found.counts]
    marks, bans = _marks(question, found)
    linkage = Linkage(
        velocities,
        observed_days=observed,
        marks=marks,
        company=with_hidden(
            _company(question, found, velocities, marks),
            _hidden(question, found, velocities, marks),
            now_us=question.now_us,
        ),
        touched=touched(bans, crowds=_crowds(question, velocities, found)),
    )
    return found, Look(answer=None, linkage=linkage)


def _crowds(
    question: Question, velocities: Sequence[tuple[IdentifierKind, Velocity]], found: Found
) -> frozenset[IdentifierKind]:
    return crowds_of(
        (question.asked[place][0], velocity) for (place, _), (_, velocity) in zip(found.counts, velocities, strict=True)
    )


def _company(
    question: Question,
    found: Found,
    velocities: Sequence[tuple[IdentifierKind, Velocity]],
    marks: Mapping[IdentifierKind, Marks],
) -> Company:
    strong = [
        StrongTie(question.asked[place][0].kind, cluster, None if guard is None else GuardState(guard))
        for place, cluster, guard, _ in sorted(set(found.strong), key=lambda each: each[:2])
    ]
    ties = ties_of(strong, [PairTie(*each) for each in found.pairs], name_is_rare=name_is_rare(velocities))
    guarded = {tie.kind for tie in strong if tie.guard is not None}
    contained = counted_once_written(
        kind
        for kind, each in marks.items()
        if each.contained > 0 and strength_of(kind) is Strength.STRONG and kind not in guarded
    )
    members = found.company
    if not ties.clusters or members is None:
        return Company(guarded=ties.guarded, contained=contained)
    fraud_us = members.newest_fraud_us
    return Company(
        clusters=ties.clusters,
        edges=ties.edges,
        guarded=ties.guarded,
        contained=contained,
        size=members.size,
        growth_1h=members.growth_1h,
        growth_24h=members.growth_24h,
        frauds=members.frauds,
        good=members.good,
        age_us=max(0, question.now_us - members.founded_us),
        fraud_age_us=None if fraud_us is None else max(0, question.now_us - fraud_us),
        composition=composition_of(members.traits, map(trait_of, question.digests_of(IdentifierKind.EMAIL_PATTERN))),
    )


def _hidden(
    question: Question,
    found: Found,
    velocities: Sequence[tuple[IdentifierKind, Velocity]],
    marks: Mapping[IdentifierKind, Marks],
) -> list[Hidden]:
    of_place = {place: velocity for (place, _), (_, velocity) in zip(found.counts, velocities, strict=True)}
    return [
        Hidden(of_place[place], founded_us or 0, marks.get(question.asked[place][0].kind, UNMARKED))
        for place, _, guard, founded_us in found.strong
        if guard == GuardState.SHARED
    ]


def _marks(
    question: Question, found: Found
) -> tuple[dict[IdentifierKind, Marks], list[tuple[IdentifierKind, Marks, bool]]]:
    """The marks by kind; and with them whether the identifier is guarded, for the bans that are touched."""
    by_kind, looked_at = {}, []
    for each in found.marks:
        kind = question.asked[each.place][0].kind
        bans = tuple(Ban(number, max(0, question.now_us - known)) for known, number in each.bans)
        marks = Marks(each.banned, each.good, each.passed, each.failed, each.contained, bans)
        by_kind[kind] = marks
        looked_at.append((kind, marks, each.guarded))
    return by_kind, looked_at


def _velocity(question: Question, found: Found, place: int, counts: Sequence[int]) -> tuple[IdentifierKind, Velocity]:
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
