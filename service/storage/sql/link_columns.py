"""The newest links of identifiers as the databases give them, packed into numbers, and what is counted in them.

Databases carry out a dozen sums over 256 rows two (PostgreSQL) to five times (SQLite) slower than they put the rows
together. So they put them together, and NumPy counts the links of all identifiers at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any  # Any: arrays of many types

import numpy as np

from models.linkage.velocity import (
    DISTINCT_WINDOWS,
    OTHERS_WINDOW,
    SEQUENCE_KIND,
    SEQUENCE_REACH,
    SEQUENCE_WINDOW,
    SYNCHRONY_WINDOW,
    Window,
)
from service.storage.sql.question import Question
from service.storage.sql.records import ACCOUNT_TYPES

_LENGTHS = np.array([[window.value] for window in Window])

_FLAG_BITS, _TYPE, _TYPES, _UNKNOWN, _ODD = 4, 4, 3, 2, 1
"""Below the age of a link: the code of its account type, whether its counted value is unknown, and whether it is odd
as the sign-up is.
"""

LINK_SQLITE = (
    f"(? - occurred_us) * {1 << _FLAG_BITS} + account_type * {_TYPE} "
    f"+ (counted IS NULL) * {_UNKNOWN} + (anomalies & ? <> 0) * {_ODD} AS link, ifnull(counted, 0) AS counted"
)
"""One link as two numbers; its parameters are the present time and the sign-up's anomalies."""

_BETWEEN = ";"
COLUMNS_SQLITE = f"group_concat(link) || '{_BETWEEN}' || group_concat(counted)"
"""All links of an identifier as one text."""

VERSIONS_SQLITE = f"{COLUMNS_SQLITE} || '{_BETWEEN}' || group_concat(version)"
"""The same while keys rotate, with the place of the key that each link was written under."""

LINK_POSTGRESQL = (
    f"int8send((%(now_us)s::bigint - occurred_us) * {1 << _FLAG_BITS} + account_type * {_TYPE} "
    f"+ (counted IS NULL)::int * {_UNKNOWN} + ((anomalies & key.mask) <> 0)::int * {_ODD}) "
    "|| int8send(coalesce(counted, 0))"
)
"""The same two numbers as sixteen bytes, of the identifier ``key``."""

_NONE = (0,) * (len(Window) + len(DISTINCT_WINDOWS) + 4)


Counts = list[Sequence[int]]
"""Of every identifier: links in each window, distinct values in some, others, account types, odd ones, neighbours."""


def counts_of_texts(question: Question, columns: Sequence[str | None]) -> Counts:
    """The counts of every identifier from what SQLite put together; ``None`` where there is no link."""
    texts = [(place, column.split(_BETWEEN)) for place, column in enumerate(columns) if column is not None]
    sides = zip(*(each for _, each in texts), strict=True)
    parts = [np.fromstring(",".join(side), dtype=np.int64, sep=",") for side in sides]
    return _of_places(question, [place for place, _ in texts], [each[0].count(",") + 1 for _, each in texts], parts)


def counts_of_bytes(question: Question, columns: Mapping[int, bytes], *, parts: int) -> Counts:
    """The same from what PostgreSQL put together, by the places of the identifiers: so many numbers a link."""
    sizes = [len(each) // (8 * parts) for each in columns.values()]
    numbers = np.frombuffer(b"".join(columns.values()), dtype=">i8").reshape(-1, parts).T
    return _of_places(question, list(columns), sizes, [side.astype(np.int64) for side in numbers])


def _of_places(question: Question, places: Sequence[int], sizes: Sequence[int], parts: Sequence[Any]) -> Counts:
    counts: Counts = [_NONE] * len(question.asked)
    if places:
        own = [[each.counted for each in question.asked[place][1]] for place in places]
        sequence = [question.asked[place][0].kind is SEQUENCE_KIND for place in places]
        for place, row in zip(places, _counted(parts, sizes, own, sequence), strict=True):
            counts[place] = row
    return counts


def _counted(
    parts: Sequence[Any], sizes: Sequence[int], own: Sequence[Sequence[int | None]], sequence: Sequence[bool]
) -> list[list[int]]:
    """The counts of identifiers, one after the other of as many links as ``sizes`` says.

    Args:
        parts: links, counted values and, while keys rotate, the places of their keys.
        own: the sign-up's own counted values, one a key.
        sequence: whether the identifier's links lie on a line.
    """
    links, counted = parts[:2]
    owner = np.repeat(np.arange(len(sizes), dtype=np.int16), sizes)
    key = owner if len(parts) == 2 else owner * len(own[0]) + parts[2]
    own_value = np.array([0 if value is None else value for each in own for value in each])[key]
    own_unknown = np.array([value is None for each in own for value in each])[key]
    unknown = links & _UNKNOWN != 0
    age, account_type = links >> _FLAG_BITS, links // _TYPE & _TYPES
    windows = dict(zip(Window, (age <= _LENGTHS) & (age > 0), strict=True))
    longest = windows[Window.YEAR]
    near = abs(counted - own_value) <= SEQUENCE_REACH if any(sequence) else np.zeros(len(links), bool)
    flags = [
        *windows.values(),
        ((counted != own_value) | (unknown != own_unknown)) & windows[OTHERS_WINDOW],
        (links & _ODD != 0) & windows[SYNCHRONY_WINDOW],
        near & np.array(sequence)[owner] & ~unknown & ~own_unknown & windows[SEQUENCE_WINDOW],
        *((account_type == code) & longest for code in ACCOUNT_TYPES),
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
