"""Who did something, by the name that people know: a reviewer's own, an API key's instead of its id."""

from __future__ import annotations

from collections.abc import Mapping

from service.usecases.ports import UnitOfWork


def named_keys(work: UnitOfWork) -> Mapping[str, str]:
    """The names of API keys, by what they are called where something is written down."""
    return {f"key:{each.id}": each.name for each in work.keys.all()}


def who(name: str, keys: Mapping[str, str] | None = None) -> str:
    """A person or key without the prefix that says which; a key by its name where ``keys`` has it."""
    return (keys or {}).get(name) or name.rpartition(":")[2]
