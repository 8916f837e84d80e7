"""A run of several steps that goes on where it was killed, and of which two never run at once."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any  # Any: what a step noted is JSON of its own

from models.whole_files import written_whole
from service.domain.errors import ConflictError

RESUMED_WITHIN = timedelta(hours=20)
"""A run that was killed longer ago is begun anew: its data are yesterday's."""

_LOCK, _NOTES = "lock", "run.json"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its directory, when it began, and what its finished steps have noted."""

    directory: Path
    began: datetime
    _place: Path
    _notes: dict[str, Any]

    @property
    def name(self) -> str:
        """Made from the time it began."""
        return self.directory.name

    def step(self, name: str, do: Callable[[], Any]) -> Any:
        """What the step noted: before, if it was finished then, else now. ``do`` must be safe to repeat."""
        if name not in self._notes:
            self._notes[name] = do()
            _write(self._place, {"began": self.began.isoformat(), "steps": self._notes})
        return self._notes[name]

    def end(self) -> None:
        """Over: the next run begins anew."""
        self._place.unlink(missing_ok=True)


@contextmanager
def the_only_run(parent: Path, *, now: datetime) -> Iterator[Run]:
    """The run that was interrupted, or a new one, while nobody else runs.

    Raises:
        ConflictError: another process runs it this moment.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with (parent / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError("another retraining is running; let it end first") from error
        yield _run(parent, now)


def _run(parent: Path, now: datetime) -> Run:
    place = parent / _NOTES
    try:
        stored = json.loads(place.read_text(encoding="utf-8"))
        began, steps = datetime.fromisoformat(stored["began"]), dict(stored["steps"])
    except (OSError, ValueError, KeyError, TypeError):
        began, steps = now, {}
    if now - began > RESUMED_WITHIN:
        began, steps = now, {}
    directory = parent / f"{began:%Y%m%d-%H%M%S}"
    directory.mkdir(exist_ok=True)
    _write(place, {"began": began.isoformat(), "steps": steps})
    return Run(directory, began, place, steps)


def _write(place: Path, content: dict[str, Any]) -> None:
    with written_whole(place) as beside:
        beside.write_text(json.dumps(content), encoding="utf-8")
