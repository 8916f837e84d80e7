"""Signals as the numbers a feature returns."""

from __future__ import annotations


def number(signal: float | None) -> float | None:
    """A truth value or number as a float; ``None``, which means missing, stays."""
    return None if signal is None else float(signal)
