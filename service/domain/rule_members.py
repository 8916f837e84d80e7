"""Everything that a rule may read, by name and kind: the members of the sign-up, its signals and its linkage."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints  # Any: annotations are untyped

from models.features.campaign import HABITS, NO_CAMPAIGN
from models.linkage.identifier import IdentifierKind
from models.linkage.marks import MARKED_KINDS, UNMARKED
from models.linkage.velocity import NEVER_SEEN, Linkage
from models.signals.personal import open_fields
from models.signals.signals import Signals
from models.signup import AccountType, Signup


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value: its kind in words, two samples of it, and the only values it may have, where they are closed."""

    kind: str
    samples: tuple[Any, Any]
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """A part whose members are the caller's own."""


Tree = Mapping[str, Any]
"""Members by name: a ``Leaf``, an ``Open`` part or a tree."""

ZERO_LINKAGE = Linkage(
    ((kind, NEVER_SEEN) for kind in IdentifierKind), marks=dict.fromkeys(MARKED_KINDS, UNMARKED)
).as_document() | {"campaign": dict.fromkeys(map(str, HABITS), 0) | NO_CAMPAIGN.as_document()}
"""Every count that a linkage can hold, all 0."""

_TEXT = Leaf("a text", ("a", ""))
_NUMBER = Leaf("a number", (3, 1))
_LEAVES: Mapping[type, Leaf] = {
    str: _TEXT,
    bool: Leaf("true or false", (True, False)),
    int: _NUMBER,
    float: Leaf("a number", (0.5, 0.25)),
    datetime: _TEXT,
    date: _TEXT,
}
_LIST = Leaf("a list", (["a"], []))


def _member(hint: Any) -> Any:
    if get_origin(hint) in {Union, types.UnionType}:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    origin = get_origin(hint) or hint
    if is_dataclass(hint):
        return _parts(hint)
    if issubclass(origin, Enum):
        values = tuple(str(each.value) for each in hint)
        return Leaf(f"one of {', '.join(values)}", (values[0], values[-1]), values)
    if issubclass(origin, tuple):
        return _LIST
    return Open() if issubclass(origin, Mapping) else _LEAVES[origin]


def _parts(kind: Any, names: tuple[str, ...] | None = None) -> Tree:
    hints = get_type_hints(kind)
    return {name: _member(hints[name]) for name in names or tuple(each.name for each in fields(kind))}


MEMBERS: Tree = {
    "signup": _parts(Signup),
    "signals": {group: _parts(kind, open_fields(kind)) for group, kind in get_type_hints(Signals).items()},
    "linkage": {group: dict.fromkeys(counts, _NUMBER) for group, counts in ZERO_LINKAGE.items()},
    "score": Leaf("a number", (0.5, 0.25)),
    "account_type": _member(AccountType),
}
"""What rules read, by the names they begin with."""


def sample(which: int, tree: Tree = MEMBERS) -> dict[str, Any]:
    """Documents in which every member has a value of its kind: the first or the second sample of each."""
    return {name: _sample(which, member) for name, member in tree.items()}


def _sample(which: int, member: Any) -> Any:
    if isinstance(member, Leaf):
        return member.samples[which]
    return {} if isinstance(member, Open) else sample(which, member)
