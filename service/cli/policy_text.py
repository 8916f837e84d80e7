"""A policy document written out whole: with every key that it leaves to the shipped values, as TOML again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any  # Any: JSON's values, as pydantic gives them

from service.domain.policy import PolicyDocument


def whole_text(document: PolicyDocument) -> str:
    """The document as TOML, which is valid itself and means the same."""
    return "\n".join(_table((), document.model_dump(mode="json", exclude_none=True))).lstrip("\n") + "\n"


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a table: its plain keys first, then the tables within it."""
    inner = {name: value for name, value in table.items() if _is_table(value)}
    plain = {name: value for name, value in table.items() if name not in inner}
    if path and (plain or not inner):
        yield f"\n[{'.'.join(path)}]"
    for name, value in plain.items():
        yield f"{name} = {_value(value)}"
    for name, value in inner.items():
        if isinstance(value, list):
            for each in value:
                yield f"\n[[{'.'.join((*path, name))}]]"
                yield from (f"{key} = {_value(part)}" for key, part in each.items())
        else:
            yield from _table((*path, name), value)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _value(value: Any) -> str:
    """A plain value: JSON writes texts, numbers, truth values and lists of them as TOML does."""
    return json.dumps(value, ensure_ascii=False)
