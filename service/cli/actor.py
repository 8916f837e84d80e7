"""Who uses the command line: the name that changes are recorded under."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any, TypeVar  # Any: a command takes anything

import click

_Function = TypeVar("_Function", bound=Callable[..., Any])


def by_option(function: _Function) -> _Function:
    """The option ``--by``; the command gets ``by``, the actor as audit entries name it."""
    return click.option(
        "--by",
        default=_user,
        callback=lambda _context, _parameter, name: f"cli:{name}",
        help="Who does it; the user of this shell unless given.",
    )(function)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"
