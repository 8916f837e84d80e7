"""Drift of what was recorded: the last days against those before them, by the model that scores now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import registry
from models.linkage.identifier import IdentifierKind
from models.monitoring.drift import Drift, Ripened, Sample, drift
from service.usecases.logged_vectors import LoggedFeatures, Rescorer
from service.usecases.ports import Begin
from service.usecases.ports_learning import DriftReport, Judged
from service.usecases.ripeness import RIPE_AFTER, Said, label_of

RECENT = timedelta(days=7)
BEFORE = timedelta(days=28)
"""Whole weeks, so that every day of the week weighs the same on both sides."""

MOST_ROWS = 10_000
"""A side: more would move the floors by less than a hundredth, and the worker has other work."""

MEASURED_EVERY = timedelta(hours=1)

FIRST_SEEN_KINDS = (IdentifierKind.NETWORK, IdentifierKind.EMAIL_DOMAIN, IdentifierKind.BIN)


@dataclass(frozen=True, slots=True)
class MeasureDrift:
    """Measure drift, and keep what was found for gauges and pages.

    ``said_by`` gives what had become known by an instant, for what the worker measures.
    """

    begin: Begin
    directory: Path
    catalogue: Sequence[str]
    said_by: Callable[[datetime], Said | None] = lambda _: None

    def __call__(
        self,
        *,
        now: datetime,
        recent: timedelta = RECENT,
        before: timedelta = BEFORE,
        said: Said | None = None,
    ) -> Drift:
        """Compare what was recorded in the last ``recent`` with the ``before`` that came before it.

        Args:
            now: the end of the recent span.
            recent: its length.
            before: the length of the other.
            said: what became known; without it calibration is not measured.

        Raises:
            RegistryError, CardInvalidError: the active model cannot be loaded.
        """
        version = registry.active(self.directory).version or registry.BASELINE
        rescorer = Rescorer(self.directory, version, self.catalogue)
        border = now - recent
        with self.begin() as work:
            spans = [
                work.judgements.sample(recorded_from=first, recorded_before=until, most=MOST_ROWS)
                for first, until in ((border - before, border), (border, now))
            ]
        names = LoggedFeatures(self.directory, self.catalogue)
        earlier, later = (_sample(span, rescorer, names) for span in spans)
        ripened = () if said is None else tuple(self._ripened(rescorer, said, now))
        return drift(rescorer.loaded.card.version, earlier, later, ripened)

    def _ripened(self, rescorer: Rescorer, said: Said, now: datetime) -> Iterator[Ripened]:
        """The two newest spans whose outcomes have ripened, the newer one first."""
        until = now - RIPE_AFTER
        for words in ("of the four weeks that ripened last", "of the four weeks before those"):
            with self.begin() as work:
                span = work.judgements.sample(recorded_from=until - BEFORE, recorded_before=until, most=MOST_ROWS)
            known = np.array([label_of(each, said(each), now=now) for each in span], np.int8)
            yield Ripened(words, _scores(span, rescorer), known)
            until -= BEFORE

    def keep(self, found: Drift, *, now: datetime) -> None:
        """Keep a measurement in place of the earlier one."""
        with self.begin() as work:
            work.drift_reports.add(DriftReport(now, json.dumps(found.as_document())))
            work.commit()

    def when_due(self, now: datetime) -> int:
        """The worker's part: measure and keep once an hour, where anybody signed up lately; how often it did."""
        with self.begin() as work:
            newest = work.drift_reports.newest()
            if newest is not None and newest.at > now - MEASURED_EVERY:
                return 0
            if not work.judgements.sample(recorded_from=now - RECENT, recorded_before=now, most=1):
                return 0  # nobody signed up: no model need be loaded to know that nothing moved
        self.keep(self(now=now, said=self.said_by(now)), now=now)
        return 1


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement of drift and when it was made."""

    at: datetime
    drift: Drift


def latest_drift(begin: Begin) -> Measured | None:
    """What the worker measured last, for pages and gauges; ``None`` before the first measurement."""
    with begin() as work:
        newest = work.drift_reports.newest()
    return None if newest is None else Measured(newest.at, Drift.of_json(newest.document))


def _sample(
    span: Sequence[Judged],
    rescorer: Rescorer,
    names: LoggedFeatures,
) -> Sample:
    return Sample(
        features=_columns(span, names),
        scores=_scores(span, rescorer),
        unseen={
            kind.value: np.array(
                [each.linkage[kind.value]["links_365d"] == 0 for each in span if kind.value in each.linkage], np.int8
            )
            for kind in FIRST_SEEN_KINDS
        },
    )


def _scores(span: Sequence[Judged], rescorer: Rescorer) -> NDArray[np.float64]:
    scores = rescorer.scores((each.vector, each.model) for each in span)
    return np.array([np.nan if score is None else score for score in scores], np.float64)


def _columns(span: Sequence[Judged], names: Callable[..., tuple[str, ...] | None]) -> dict[str, NDArray[np.float32]]:
    """The values of each feature, by the sign-ups that logged it."""
    pages: dict[tuple[str, ...], list[bytes]] = {}
    for each in span:
        logged = None if each.vector is None else names(each.vector, each.model)
        if each.vector is not None and logged is not None:
            pages.setdefault(logged, []).append(each.vector)
    columns: dict[str, list[NDArray[np.float32]]] = {}
    for logged, vectors in pages.items():
        matrix = np.frombuffer(b"".join(vectors), "<f4").reshape(len(vectors), len(logged))
        for at, name in enumerate(logged):
            columns.setdefault(name, []).append(matrix[:, at])
    return {name: np.concatenate(parts) for name, parts in columns.items()}
