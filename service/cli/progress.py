"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINE_EVERY_S = 5.0

Advance = Callable[[int], None]
"""Told how much is done in all, so far."""


@contextmanager
def progress(label: str, total: int | None, console: Console) -> Iterator[Advance]:
    """Show progress on ``console`` while the block runs; ``total`` is ``None`` when it is not known."""
    if console.is_terminal:
        with _bar(console) as bar:
            task = bar.add_task(label, total=total)
            yield lambda done: bar.update(task, completed=done)
        return
    started = last = time.monotonic()
    most = 0

    def line(done: int) -> None:
        nonlocal last, most
        most = done
        now = time.monotonic()
        if now - last >= LINE_EVERY_S:
            last = now
            console.print(f"{label}: {done:,}{'' if total is None else f' of {total:,}'}", highlight=False)

    yield line
    console.print(f"{label}: {most:,} done in {time.monotonic() - started:.1f} s", highlight=False)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
