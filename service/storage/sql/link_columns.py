"""The newest links of identifiers as the databases give them, packed into bytes, and what is counted in them.

Databases carry out a dozen sums over 256 rows two (PostgreSQL) to five times (SQLite) slower than they put the rows
together, and twice as fast where a row is one column that needs no more than copying. So what is counted in a link is
one column, and NumPy counts the links of all identifiers at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any  # Any: arrays of many types

import numpy as np

from models.linkage.velocity import (
    DISTINCT_WINDOWS,
    OTHERS_WINDOW,
    SEQUENCE_KIND,
    SEQUENCE_REACH,
    SEQUENCE_WINDOW,
    SYNCHRONY_KINDS,
    SYNCHRONY_WINDOW,
    Window,
)
from service.storage.sql.packed_links import FIELDS, FIELDS_OF_VERSIONS, TYPE, UNKNOWN
from service.storage.sql.question import Question
from service.storage.sql.records import ACCOUNT_TYPES

LINKS_SQLITE, BETWEEN_SQLITE = "CAST(group_concat(packed) AS BLOB)", b","
LINKS_POSTGRESQL, BETWEEN_POSTGRESQL = "string_agg(packed, ''::bytea)", b""
"""All links of an identifier as one value, and what stands between them: SQLite takes a fifth longer to put them
together when it is told what its comma should be. While keys rotate ``packed`` ends with two bytes that say which key
a link was written under.
"""

_LENGTHS = np.array([[window.value] for window in Window])

_NONE = (0,) * (len(Window) + len(DISTINCT_WINDOWS) + 4)


Counts = list[Sequence[int]]
"""Of every identifier: links in each window, distinct values in some, others, account types, odd ones, neighbours."""


def counts_of(question: Question, columns: Mapping[int, bytes], *, versions: int, between: bytes) -> Counts:
    """The counts of every identifier from what a database put together, by the places of those that have links."""
    counts: Counts = [_NONE] * len(question.asked)
    if columns:
        fields = _spaced(versions, len(between))
        links = np.frombuffer(between.join(columns.values()) + between, dtype=fields)
        sizes = [(len(each) + len(between)) // fields.itemsize for each in columns.values()]
        for place, row in zip(columns, _counted(question, links, list(columns), sizes), strict=True):
            counts[place] = row
    return counts


@cache
def _spaced(versions: int, space: int) -> Any:
    """The fields of a link with so many bytes after it. Any: NumPy's types of several fields are untyped."""
    fields = FIELDS if versions == 1 else FIELDS_OF_VERSIONS
    return np.dtype([*((name, fields[name]) for name in fields.names or ()), ("between", f"V{space}")])


def _counted(question: Question, links: Any, places: Sequence[int], sizes: Sequence[int]) -> list[list[int]]:
    """The counts of the identifiers at these places, whose links follow each other, as many as ``sizes`` says."""
    asked = [question.asked[place] for place in places]
    owner = np.repeat(np.arange(len(sizes), dtype=np.int16), sizes)
    key = owner if "version" not in links.dtype.names else owner * len(asked[0][1]) + links["version"]
    own = [each.counted for _, pseudonyms in asked for each in pseudonyms]
    own_value, own_unknown = np.array([each or 0 for each in own])[key], np.array([each is None for each in own])[key]
    odd = [each.anomalies if each.kind in SYNCHRONY_KINDS else 0 for each, _ in asked]
    on_a_line = [each.kind is SEQUENCE_KIND for each, _ in asked]

    counted, code = links["counted"].astype(np.int64), links["code"].astype(np.int16)
    unknown, account_type = code & UNKNOWN != 0, code // TYPE
    age = question.now_us - links["occurred_us"].astype(np.int64)
    windows = dict(zip(Window, (age <= _LENGTHS) & (age > 0), strict=True))
    longest = windows[Window.YEAR]
    near = abs(counted - own_value) <= SEQUENCE_REACH if any(on_a_line) else np.zeros(len(links), bool)
    flags = [
        *windows.values(),
        ((counted != own_value) | (unknown != own_unknown)) & windows[OTHERS_WINDOW],
        (links["anomalies"].astype(np.int16) & np.array(odd, np.int16)[owner] != 0) & windows[SYNCHRONY_WINDOW],
        near & np.array(on_a_line)[owner] & ~unknown & ~own_unknown & windows[SEQUENCE_WINDOW],
        *((account_type == each) & longest for each in ACCOUNT_TYPES),
    ]
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    summed = np.add.reduceat(np.array(flags), starts, axis=1, dtype=np.int64)
    distinct = _distinct(owner, counted, longest & ~unknown, [windows[each] for each in DISTINCT_WINDOWS], len(sizes))
    others, odd, neighbours, *of_types = summed[len(Window) :]
    account_types = np.count_nonzero(of_types, axis=0)
    columns = np.vstack([summed[: len(Window)], distinct, others, account_types, odd, neighbours])
    counts: list[list[int]] = columns.T.tolist()
    return counts


def _distinct(owner: Any, counted: Any, known: Any, in_windows: Sequence[Any], owners: int) -> Any:
    """Different known values of every owner among the links in each window."""
    at = np.flatnonzero(known)
    if not len(at):
        return np.zeros((len(in_windows), owners), np.int64)
    at = at[np.argsort(counted[at])]
    # By owner, keeping the order of the values: of 16 bits, which are sorted by counting.
    at = at[np.argsort(owner[at], kind="stable")]
    values, of = counted[at], owner[at]
    changes = np.flatnonzero((values[1:] != values[:-1]) | (of[1:] != of[:-1])) + 1
    starts, ends = np.concatenate(([0], changes)), np.concatenate((changes, [len(at)]))
    sums = np.zeros((len(in_windows), len(at) + 1), np.int32)
    np.cumsum([each[at] for each in in_windows], axis=1, out=sums[:, 1:])
    # By differences of running sums: a reduceat of as many groups as values takes ten times as long.
    whose = of[starts]
    return np.array([np.bincount(whose[each[ends] > each[starts]], minlength=owners) for each in sums])
