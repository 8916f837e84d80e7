"""The one read of a decision: recorded answer, velocities and pasts of every identifier, in one statement.

The counts are those of ``models.linkage.velocity``; one contract suite holds both to the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # Any: tuples of one entry a window, which mypy cannot count

from sqlalchemy import Connection

from models.linkage.daily import observed_days
from models.linkage.identifier import IdentifierKind
from models.linkage.velocity import AGED_KIND, NO_HISTORY, PAST_KINDS, Linkage, Velocity
from service.storage.sql.asking_postgresql import ask_postgresql
from service.storage.sql.asking_sqlite import ask_sqlite
from service.storage.sql.question import Found, Question
from service.usecases.ports import Look


def ask(connection: Connection, question: Question) -> Look:
    """Send the question as one statement."""
    versions = max((len(pseudonyms) for _, pseudonyms in question.asked), default=1)
    if connection.dialect.name == "sqlite":
        found = ask_sqlite(connection, question, versions)
    else:
        found = ask_postgresql(connection, question, versions)
    if found.answer is not None:
        return Look(answer=found.answer, linkage=NO_HISTORY)
    observed = observed_days(first_day=found.first_day, until_day=found.until_day, today=question.today)
    velocities = [_velocity(question, found, place, counts) for place, counts in found.counts]
    return Look(answer=None, linkage=Linkage(velocities, observed_days=observed))


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
