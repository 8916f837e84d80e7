"""A round of the worker after a ban, two pools with bridges, and habits: for the tests of look-backs and watches."""

from __future__ import annotations

from typing import Any

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def round_of(gate: Any) -> None:
    gate.later(seconds=5)
    gate.look_back(gate.now)


def pools(gate: Any, bridges: int) -> tuple[list[Any], list[Any]]:
    """Two pools that share single medium identifiers: an address, a card's holder with its range, a browser."""
    first = [
        gate.came(device="one", ip=f"81.2.69.{at + 1}", name=f"Ana {'abcdef'[at]}lee", bin="424242") for at in range(4)
    ]
    second = []
    for at in range(4):
        shared: dict[str, str] = {}
        if at == 0 and bridges > 0:
            shared = {"ip": "81.2.69.1"}
        if at == 1 and bridges > 1:
            shared = {"name": "Ana alee", "bin": "424242"}
        if at == 2 and bridges > 2:
            shared = {"ip": "81.2.69.3"}
        second.append(gate.came(device="other", **shared))
    return first, second


def habits(number: int) -> dict[str, str]:
    letter = "abcdefghijklmnopqrstuvwxyz"[number % 26]
    return {
        "ip": f"81.2.69.{number % 250 + 1}",
        "agent": FIREFOX,
        "mail": f"{letter}na.lee@webmail.example",
        "bin": "424242",
        "name": f"Ana {letter}lee",
    }
