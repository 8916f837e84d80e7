"""Marks the fields of signals that hold personal data, and leaves them out of what is stored in clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any  # Any: signals are different dataclasses

SignalValue = bool | int | float | str | list[str] | None

PERSONAL: Mapping[str, bool] = MappingProxyType({"personal": True})
"""``field(metadata=PERSONAL)``: needed inside the process, never stored or shown outside the encrypted column."""


LOOKED_AT_AGAIN = 1024
"""Entries of a cache of what one person typed. The same sign-up is looked at again and again within moments (retried,
thinned for training, probed), strangers seldom type the same: a larger cache only keeps personal data for longer."""


def open_fields(kind: type[Any]) -> tuple[str, ...]:
    """The names of a group's fields that are not personal."""
    return tuple(each.name for each in fields(kind) if not each.metadata.get("personal", False))


def open_part(signals: Any, names: tuple[str, ...]) -> dict[str, SignalValue]:
    """Those fields of one group of signals."""
    return {name: _plain(getattr(signals, name)) for name in names}


def _plain(value: Any) -> SignalValue:
    if isinstance(value, tuple):
        return [str(each) for each in value]
    # A StrEnum is a str already, but records compare and encode plain strings.
    return str(value) if isinstance(value, str) else value
