"""A data set by replay: the service's own steps over an empty history, then the outcomes as they were known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.card import DataSource, FeatureEntry
from models.features.catalogue import FEATURES, Vector, vector_of
from models.features.facts import Facts
from models.identifiers import identifiers_of
from models.linkage.marks import Mark
from models.linkage.memory import MemoryHistory
from models.reference.parts_of_the_world import part_of_the_world
from models.reference.reference import Reference
from models.replay import Known, KnownFeed, replay
from models.signals.signals import derive_signals_without
from models.signup import Signup
from models.simulation.imperfect import imperfect
from models.simulation.truth import SimulatedSignup, Truth
from models.training.dataset import ALL_FIELDS, VARIANT, Dataset, DatasetError, Probes
from models.training.groups import GROUPS
from models.training.omission import OMISSIONS, omit_at_random, without_optional_fields
from models.training.progress import Progress, silent

MATURITY = timedelta(days=45)
"""Nine frauds in ten are known after 12 days and chargebacks after 30 to 90: a silent account of this age counts
as legitimate, and a younger one is no evidence either way."""

DEFAULT_HOLD_OUT = ("A9", "A11", "A13", "A15", "A16", "A18", "A19", "H8", "H14", "H17", "A3-aligned")
"""Attack families and honest kinds that no model learns from, to see how it does on what it never saw."""

_REPORTED_FEATURES = {
    "institution_on_list": "institution listed",
    "email_academic": "academic mail",
    "email_free": "free mail",
}
"""Features of 0, 1 or missing by which the report tells people apart."""


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """How a data set is made.

    Attributes:
        omission_rate: the chance of each optional field to be left out of the augmented vectors, for both
            classes alike; 0 makes none.
        hold_out: kinds and families that are marked as held out.
        known_by: outcomes known by then count; by default ``MATURITY`` after the last sign-up.
        seed: of the omissions.
        gaps_seed: which entries the reference lists lack (``models.simulation.imperfect``); ``None`` for whole lists.
        probe_share: the chance of each fraudulent sign-up to be looked at again without each optional field; 23
            more vectors each, so that only data to judge on are probed.
        labels_fed: whether outcomes and results of challenges reach the history as they become known, as in service.
    """

    omission_rate: float = 0.10
    hold_out: tuple[str, ...] = DEFAULT_HOLD_OUT
    known_by: datetime | None = None
    seed: int = 1
    gaps_seed: int | None = 1
    probe_share: float = 0.0
    labels_fed: bool = True


JUDGING = ReplaySettings(omission_rate=0.0, probe_share=0.2)
"""For data that a model is judged on: whole sign-ups, a fifth of the fraud probed."""


@dataclass(frozen=True, slots=True)
class _Row:
    vector: Vector
    augmented: Vector
    truth: Truth
    occurred_at: datetime
    account_type: str
    country: str
    region: str
    groups: tuple[str, ...]
    probes: NDArray[np.float32] | None


def dataset_of(
    signups: Iterable[SimulatedSignup],
    *,
    reference: Reference,
    settings: ReplaySettings,
    description: str,
    progress: Progress = silent,
) -> Dataset:
    """Replay sign-ups with their truth into a data set.

    Raises:
        DatasetError: no sign-ups, or not in time order.
    """
    if settings.gaps_seed is not None:
        reference = imperfect(reference, settings.gaps_seed)
    rows: list[_Row] = []
    for row in _rows(signups, reference, settings):
        rows.append(row)
        progress("replaying sign-ups", len(rows), None)
    if not rows:
        raise DatasetError("there are no sign-ups to learn from")
    times = [row.occurred_at for row in rows]
    if any(after < before for before, after in pairwise(times)):
        raise DatasetError("the sign-ups are not in time order: sort the file by occurred_at first")
    known_by = settings.known_by or times[-1] + MATURITY
    matrix = np.stack([row.vector for row in rows])
    held_out = set(settings.hold_out)
    return Dataset(
        features=tuple(FeatureEntry(name=each.name, direction=_sign(each.direction)) for each in FEATURES),
        matrix=matrix,
        labels=np.array([label_known_by(row.truth, row.occurred_at, known_by) for row in rows], np.int8),
        truth=np.array([row.truth.fraud for row in rows], np.int8),
        times=np.array([each.astimezone(UTC).replace(tzinfo=None) for each in times], "datetime64[us]"),
        entities=_numbered([row.truth.operator or row.truth.group for row in rows]),
        source=DataSource.SIMULATED,
        description=description,
        slices={
            "account type": np.array([row.account_type for row in rows]),
            "kind": np.array([row.truth.kind for row in rows]),
            VARIANT: np.array([row.truth.variant or row.truth.kind for row in rows]),
            "country": np.array([row.country for row in rows]),
            "country group": np.array([row.region for row in rows]),
            "let in": np.array(["yes" if row.truth.let_in else "no" for row in rows]),
            **_slices_by_feature(matrix),
            **{name: np.array([row.groups[at] for row in rows]) for at, name in enumerate(GROUPS)},
        },
        augmented=np.stack([row.augmented for row in rows]) if settings.omission_rate else None,
        held_out=np.array([row.truth.is_of(held_out) for row in rows]),
        probes=_probes(rows) if settings.probe_share else None,
    )


def _probes(rows: list[_Row]) -> Probes:
    probed = [(at, row.probes) for at, row in enumerate(rows) if row.probes is not None]
    fields = (*(omission.field for omission in OMISSIONS), ALL_FIELDS)
    empty = np.zeros((0, len(fields), len(FEATURES)), np.float32)
    vectors = np.stack([each for _, each in probed]) if probed else empty
    return Probes(fields, np.array([at for at, _ in probed], np.intp), vectors)


def label_known_by(truth: Truth, occurred_at: datetime, known_by: datetime) -> int:
    """What somebody who takes the data at ``known_by`` knows: 1 fraud, 0 legitimate, -1 nothing yet.

    Sign-ups younger than ``MATURITY`` are left out even where fraud is known already: their honest
    contemporaries are not known yet, and keeping one class only would overstate the risk of new sign-ups.
    """
    if known_by - occurred_at < MATURITY or not truth.let_in:
        return -1
    outcome = truth.outcome
    if outcome is None or outcome.known_at > known_by:
        return 0
    withdrawn = outcome.corrected_at is not None and outcome.corrected_at <= known_by
    return int((outcome.label == "fraud") != withdrawn)


def becoming_known(truth: Truth, signup_no: int) -> Iterator[Known]:
    """What a service learns of a sign-up, and when."""
    if truth.challenge is not None:
        yield Known(truth.challenge.known_at, signup_no, Mark.PASSED if truth.challenge.passed else Mark.FAILED)
    if truth.outcome is not None:
        mark = Mark.BANNED if truth.outcome.label == "fraud" else Mark.GOOD
        yield Known(truth.outcome.known_at, signup_no, mark)
        if truth.outcome.corrected_at is not None:
            yield Known(truth.outcome.corrected_at, signup_no, mark, withdrawn=True)


def _rows(signups: Iterable[SimulatedSignup], reference: Reference, settings: ReplaySettings) -> Iterator[_Row]:
    history = MemoryHistory()
    random = np.random.default_rng(settings.seed)
    # A generator of its own: probing does not shift which fields are left out for training.
    probing = np.random.default_rng([settings.seed, 1])
    truths: list[Truth] = []

    def stream() -> Iterator[Signup]:
        for each in signups:
            truths.append(each.truth)
            yield each.signup

    feed = KnownFeed() if settings.labels_fed else None
    replaying = replay(stream(), reference=reference, history=history, feed=feed)
    for number, replayed in enumerate(replaying, start=1):
        signup = replayed.facts.signup
        thinned = omit_at_random(signup, rate=settings.omission_rate, random=random)
        # The replay has not recorded this sign-up yet, so the thinned one meets the same history.
        augmented = replayed.vector if thinned is None else _vector_without(thinned, replayed.facts, reference, history)
        truth = truths.pop()
        if feed is not None:
            for known in becoming_known(truth, number):
                feed.add(known)
        probed = probing.random() < settings.probe_share and truth.fraud
        yield _Row(
            vector=replayed.vector,
            augmented=augmented,
            truth=truth,
            occurred_at=signup.occurred_at,
            account_type=signup.account_type.value,
            country=signup.identity.country or "unknown",
            region=part_of_the_world(signup.identity.country, reference.time_zones),
            groups=tuple(group(replayed.facts) for group in GROUPS.values()),
            probes=_silent_vectors(replayed.facts, reference, history) if probed else None,
        )


def _silent_vectors(whole: Facts, reference: Reference, history: MemoryHistory) -> NDArray[np.float32]:
    thinned = [omission.drop(whole.signup) for omission in OMISSIONS]
    thinned.append(without_optional_fields(whole.signup))
    return np.stack([_vector_without(each, whole, reference, history) for each in thinned])


def _vector_without(signup: Signup, whole: Facts, reference: Reference, history: MemoryHistory) -> Vector:
    """The vector of a sign-up with optional fields left out, against the history that the whole one met."""
    signals = derive_signals_without(signup, reference, whole=whole.signup, derived=whole.signals)
    linkage = history.linkage_of(identifiers_of(signup, signals), now=signup.occurred_at)
    return vector_of(Facts(signup=signup, signals=signals, linkage=linkage))


def _sign(direction: int) -> Literal[-1, 0, 1]:
    return 0 if direction == 0 else 1 if direction > 0 else -1


def _numbered(names: list[str | None]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    numbers: dict[str, int] = {}
    return np.array([-1 if name is None else numbers.setdefault(name, len(numbers)) for name in names], np.int64)


def _slices_by_feature(
    matrix: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.str_]]]:
    names = [feature.name for feature in FEATURES]
    words = {1.0: "yes", 0.0: "no"}
    return {
        shown: np.array([words.get(float(value), "unknown") for value in matrix[:, names.index(name)]])
        for name, shown in _REPORTED_FEATURES.items()
        if name in names
    }
