"""What can be known of a rule before it runs: names that exist, values of the right kind, an answer of yes or no.

CEL itself checks nothing of this when it compiles. Its parts between ``&&``, ``||`` and ``?`` are run one by one on
documents in which every member has a value, because a mistake behind ``false &&`` never shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any  # Any: what a CEL program answers

import cel

from service.domain.rule_members import MEMBERS, Leaf, Open, sample

Member = tuple[str, ...]

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"""
    r"""|(?P<number>[0-9][0-9.eExXa-fA-FuU]*)|(?P<sign>&&|\|\||[=!<>]=|.)""",
    re.DOTALL,
)
_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_LOGICAL = frozenset({"&&", "||"})
_JOINTS = _LOGICAL | {"?", ":"}
_SAMPLES = (cel.Context(sample(0)), cel.Context(sample(1)))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def check_rule(when: str) -> None:
    """Refuse an expression that cannot do what its author meant.

    Raises:
        ValueError: the text says what is wrong and what would be right.
    """
    try:
        program = cel.compile(when)
    except ValueError as error:
        raise ValueError(f"not a CEL expression: {str(error).splitlines()[0]}") from None
    tokens = _tokens(when)
    bound = {token.text for at, token in enumerate(tokens) if _binds(tokens, at)}
    unknown = sorted(set(program.variables()) - MEMBERS.keys() - bound)
    if unknown:
        raise ValueError(f"unknown name {unknown[0]!r}; a rule may read {', '.join(sorted(MEMBERS))}")
    for member in members_of(when):
        _check_member(member)
    for part, logical in _parts(tokens, logical=True):
        _check_part(part, when[part[0].start : part[-1].end], logical=logical)


def members_of(when: str) -> tuple[Member, ...]:
    """The members that an expression reads, such as ``("signals", "email", "free")``; no methods called on them."""
    return tuple(dict.fromkeys(member for member, _ in _occurrences(when)))


def values_of(when: str) -> tuple[Member, ...]:
    """Those whose value it reads; of the others it asks by ``has`` whether they are there, and nothing else."""
    return tuple(dict.fromkeys(member for member, read in _occurrences(when) if read))


def _occurrences(when: str) -> Iterator[tuple[Member, bool]]:
    """Each with whether its value is read."""
    tokens = _tokens(when)
    texts = [token.text for token in tokens]
    for at, token in enumerate(tokens):
        if token.kind == "name" and token.text in MEMBERS and texts[at - 1 : at] != ["."]:
            names, after = _chain(tokens, at + 1)
            yield (token.text, *names), texts[max(at - 2, 0) : at] != ["has", "("] or texts[after : after + 1] != [")"]


def _chain(tokens: Sequence[_Token], at: int) -> tuple[list[str], int]:
    """The names of the members that follow, and where they end."""
    names = []
    while at + 1 < len(tokens):
        sign, name, after = tokens[at].text, tokens[at + 1], tokens[at + 2].text if at + 2 < len(tokens) else ""
        if sign == "." and name.kind == "name" and after != "(":
            names.append(name.text)
            at += 2
        elif sign == "[" and name.kind == "text" and after == "]":
            names.append(name.text[1:-1])
            at += 3
        else:
            break
    return names, at


def _check_member(member: Member) -> None:
    place: Any = MEMBERS
    for at, name in enumerate(member):
        so_far = ".".join(member[:at])
        if isinstance(place, Open):
            return
        if isinstance(place, Leaf):
            raise ValueError(f"{so_far} is {place.kind}: it has no member {name!r}")
        if name not in place:
            close = get_close_matches(name, list(place), n=1, cutoff=0.6)
            meant = f"; did you mean {close[0]!r}?" if close else f"; it has {', '.join(sorted(place))}"
            raise ValueError(f"{so_far} has no member {name!r}{meant}")
        place = place[name]


def _check_part(tokens: Sequence[_Token], source: str, *, logical: bool) -> None:
    _check_comparison(tokens, source)
    try:
        program = cel.compile(source)
    except ValueError:
        return  # a piece that means nothing without what stands around it
    for documents in _SAMPLES:
        try:
            answer = program.execute(documents)
        except TypeError:
            raise ValueError(f"wrong kinds in {source!r}: {_kinds(source)}") from None
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{source!r} cannot run: {' '.join(str(error).split())[:200]}") from None
        except (KeyError, ArithmeticError):
            continue  # the caller's own fields, and divisions whose divisor the sample happens to make 0
        if logical and not isinstance(answer, bool):
            raise ValueError(f"{source!r} is not true or false: compare it with something")


def _kinds(source: str) -> str:
    leaves = [(".".join(member), _leaf(member)) for member in members_of(source)]
    named = [f"{name} is {leaf.kind}" for name, leaf in leaves if leaf is not None]
    return ", ".join(named) or "CEL does not convert between texts, numbers and true or false"


def _check_comparison(tokens: Sequence[_Token], source: str) -> None:
    """A comparison for equality with a constant of another kind is never true, and CEL does not mind."""
    at = next((place for place, token in enumerate(tokens) if token.text in {"==", "!="}), None)
    if at is None:
        return
    for one, other in ((tokens[:at], tokens[at + 1 :]), (tokens[at + 1 :], tokens[:at])):
        text = "".join(token.text for token in one)
        members = members_of(text)
        if len(members) != 1 or len(other) != 1 or text != ".".join(members[0]):
            continue
        leaf, constant = _leaf(members[0]), other[0]
        if leaf is None or constant.text == "null":
            continue
        of_kind = _is_of_kind(leaf, constant)
        if of_kind is False:
            raise ValueError(f"wrong kinds in {source!r}: {text} is {leaf.kind}")


def _is_of_kind(leaf: Leaf, constant: _Token) -> bool | None:
    if constant.kind == "text":
        return constant.text[1:-1] in leaf.values if leaf.values else isinstance(leaf.samples[0], str)
    if constant.kind == "number":
        return isinstance(leaf.samples[0], int | float) and not isinstance(leaf.samples[0], bool)
    return isinstance(leaf.samples[0], bool) if constant.text in {"true", "false"} else None


def _leaf(member: Member) -> Leaf | None:
    place: Any = MEMBERS
    for name in member:
        place = None if isinstance(place, Open) else place[name]
        if place is None:
            return None
    return place if isinstance(place, Leaf) else None


def _parts(tokens: Sequence[_Token], *, logical: bool) -> Iterator[tuple[Sequence[_Token], bool]]:
    """The pieces between logical operators, down through parentheses and negations.

    Each with whether it has to be true or false; ``logical`` says so of the whole.
    """
    depth, begun, joint = 0, 0, ""
    pieces: list[tuple[Sequence[_Token], bool]] = []
    for at, token in enumerate(tokens):
        depth += (token.text in _OPENING) - (token.text in _CLOSING) if token.kind == "sign" else 0
        if depth == 0 and token.kind == "sign" and token.text in _JOINTS:
            pieces.append((tokens[begun:at], logical or joint in _LOGICAL or token.text in {*_LOGICAL, "?"}))
            begun, joint = at + 1, token.text
    pieces.append((tokens[begun:], logical or joint in _LOGICAL))
    if len(pieces) > 1:
        for piece, is_logical in pieces:
            yield from _parts(piece, logical=is_logical)
    elif tokens and tokens[0].text == "!":
        yield from _parts(tokens[1:], logical=True)
    elif len(tokens) > 2 and tokens[0].text == "(" and _closes(tokens) == len(tokens) - 1:
        yield from _parts(tokens[1:-1], logical=logical)
    elif tokens:
        yield tokens, logical


def _closes(tokens: Sequence[_Token]) -> int:
    """Where the parenthesis that begins the tokens ends."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.text in _OPENING) - (token.text in _CLOSING) if token.kind == "sign" else 0
        if depth == 0:
            return at
    return -1


def _binds(tokens: Sequence[_Token], at: int) -> bool:
    """Whether a token is the variable of a macro: the ``x`` in ``.exists(x, …)``."""
    return at >= 2 and tokens[at - 1].text == "(" and tokens[at - 2].text in _MACROS and tokens[at].kind == "name"


def _tokens(source: str) -> list[_Token]:
    found = ((match.lastgroup or "", match.group(), match.start()) for match in _TOKEN.finditer(source))
    return [_Token(kind, text, start) for kind, text, start in found if kind != "space"]
