"""The newest links of identifiers as SQLite gives them, two texts of numbers each, and what is counted in them.

SQLite carries out a dozen sums over 256 rows five times slower than it writes the rows' numbers down. So it writes
them, and NumPy counts the links of all identifiers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # Any: arrays of many types

import numpy as np

from models.linkage.velocity import (
    DISTINCT_WINDOWS,
    OTHERS_WINDOW,
    SEQUENCE_REACH,
    SEQUENCE_WINDOW,
    SYNCHRONY_WINDOW,
    Window,
)
from service.storage.sql.records import ACCOUNT_TYPES

_LENGTHS = np.array([window.value for window in Window])
_AT = {window: at for at, window in enumerate(Window)}
_DISTINCT_AT = [_AT[window] for window in DISTINCT_WINDOWS]

_FLAG_BITS = 6
_TYPE_AT, _UNKNOWN, _ANOTHERS, _NEAR, _ODD = 4, 8, 4, 2, 1
"""Below the age: two bits of the account type's code, and what is true of the link."""

LINK_SQL = (
    f"(? - occurred_us) * {1 << _FLAG_BITS} + account_type * {1 << _TYPE_AT} + (counted IS NULL) * {_UNKNOWN} "
    f"+ (counted IS NOT ?) * {_ANOTHERS} "
    f"+ ((counted BETWEEN ? - {SEQUENCE_REACH} AND ? + {SEQUENCE_REACH}) IS TRUE) * {_NEAR} "
    f"+ (anomalies & ? <> 0) * {_ODD}"
)
"""One link as a number; places for now, the sign-up's own counted value, twice its place on the line, and its anomalies.
"""

_BETWEEN = ";"
COLUMNS_SQL = f"group_concat(link) || '{_BETWEEN}' || group_concat(counted)"
"""All links of an identifier as one text: the numbers of ``LINK_SQL``, and the counted values, 0 for unknown ones."""

NO_COUNTS = (0,) * 13


def counts_of_links(columns: Sequence[str | None]) -> list[Sequence[int]]:
    """The counts of every identifier, in the order of ``service.storage.sql.question.totals_sql``.

    Args:
        columns: of each identifier what ``COLUMNS_SQL`` selects; ``None`` where there is no link.
    """
    counts: list[Sequence[int]] = [NO_COUNTS] * len(columns)
    places = [place for place, column in enumerate(columns) if column is not None]
    if not places:
        return counts
    texts = [column.split(_BETWEEN) for column in columns if column is not None]
    links, counted = (_numbers([each[side] for each in texts]) for side in (0, 1))
    owner = np.repeat(np.arange(len(texts)), [each[0].count(",") + 1 for each in texts])
    for place, row in zip(places, _counted(owner, links, counted, len(texts)), strict=True):
        counts[place] = row
    return counts


def _numbers(texts: Sequence[str]) -> Any:
    return np.fromstring(",".join(texts), dtype=np.int64, sep=",")


def _counted(owner: Any, links: Any, counted: Any, owners: int) -> list[list[int]]:
    age = links >> _FLAG_BITS
    within = (age > 0) & (age <= _LENGTHS[-1])
    if not within.all():
        owner, links, counted, age = owner[within], links[within], counted[within], age[within]
    shortest = np.searchsorted(_LENGTHS, age)
    """The place of the shortest window that a link lies in: it lies in all longer ones too."""

    def sums(of: Any, windows: Any) -> Any:
        """So many of the links in each window or a shorter one, by owner."""
        each = np.bincount(of * len(_LENGTHS) + windows, minlength=owners * len(_LENGTHS))
        return each.reshape(owners, len(_LENGTHS)).cumsum(axis=1)

    def flagged(flag: int, window: Window) -> Any:
        return np.bincount(owner[(links & flag != 0) & (shortest <= _AT[window])], minlength=owners)

    types = [
        np.bincount(owner[(links >> _TYPE_AT) & 3 == code], minlength=owners).astype(bool) for code in ACCOUNT_TYPES
    ]
    columns = [
        sums(owner, shortest),
        sums(*_nearest(owner, counted, shortest, links & _UNKNOWN == 0))[:, _DISTINCT_AT],
        flagged(_ANOTHERS, OTHERS_WINDOW)[:, None],
        sum(each.astype(np.int64) for each in types)[:, None],
        flagged(_ODD, SYNCHRONY_WINDOW)[:, None],
        flagged(_NEAR, SEQUENCE_WINDOW)[:, None],
    ]
    rows: list[list[int]] = np.hstack(columns).tolist()
    return rows


def _nearest(owner: Any, counted: Any, shortest: Any, known: Any) -> tuple[Any, Any]:
    """Owner and shortest window of every distinct counted value: each by its link that is nearest."""
    owner, counted, shortest = owner[known], counted[known], shortest[known]
    if not len(owner):
        return owner, shortest
    order = np.argsort(counted)
    # Of 16 bits: those are sorted by counting, in one pass.
    order = order[np.argsort(owner[order].astype(np.int16), kind="stable")]
    owner, counted = owner[order], counted[order]
    first = np.flatnonzero(np.concatenate(([True], (counted[1:] != counted[:-1]) | (owner[1:] != owner[:-1]))))
    return owner[first], np.minimum.reduceat(shortest[order], first)
