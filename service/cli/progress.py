"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

LINE_EVERY_S = 5.0


class Report(Protocol):
    """Told now and then which stage the work is in, how much of it is done and, where known, how much there is."""

    def __call__(self, stage: str, done: int, total: int | None, /) -> None:
        """Show it."""
        ...


@contextmanager
def progress(console: Console) -> Iterator[Report]:
    """Show the progress of the work in the block on ``console``, stage after stage."""
    if console.is_terminal:
        with _bars(console) as bars:
            yield _OnTerminal(bars)
        return
    lines = _Lines(console)
    yield lines
    lines.finish()


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


class _OnTerminal:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int | None, /) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)


class _Lines:
    """One line a stage every few seconds, and one when it ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage: str | None = None
        self._done = 0
        self._began = self._last = time.monotonic()

    def __call__(self, stage: str, done: int, total: int | None, /) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self.finish()
            self._stage, self._began, self._last = stage, now, now
        self._done = done
        if now - self._last >= LINE_EVERY_S:
            self._last = now
            self._print(f"{stage}: {done:,}{'' if total is None else f' of {total:,}'}")

    def finish(self) -> None:
        """Say how the stage in progress ended."""
        if self._stage is not None:
            self._print(f"{self._stage}: {self._done:,} done in {time.monotonic() - self._began:.1f} s")
        self._stage = None

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False)
