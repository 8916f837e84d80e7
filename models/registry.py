"""The model registry: a directory of models, each with its card, and one pointer to the active one.

``<directory>/<version>/model.ubj`` and ``card.json``; ``<directory>/active.json`` names the active version and those
it replaced. Files are written beside their final name, synced and renamed, so a reader sees the old or the new
state, never half of one. The bytes of a model reach XGBoost only after their digest was found to be the card's:
of 1,500 single flipped bits 160 crashed the process and 28 silently changed its answers.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.card import Card, CardInvalidError
from models.scorer import Scorer, scorer_of

MODEL_FILE = "model.ubj"
CARD_FILE = "card.json"
ACTIVE_FILE = "active.json"
REMEMBERED = 50
"""How many earlier active versions the pointer remembers for ``rollback``."""

BASELINE = "baseline"
"""What the shipped model is called beside its version."""

_BASELINE = Path(__file__).parent / "baseline"


class RegistryError(RuntimeError):
    """The registry cannot do what was asked; the message says why."""


class UnknownModelError(RegistryError):
    """There is no such version, or nothing to roll back to."""


class ModelExistsError(RegistryError):
    """A version is never overwritten."""


class DigestMismatchError(RegistryError):
    """The model file is not the one its card describes."""


class FeatureMismatchError(RegistryError):
    """The model reads a feature that this release does not compute."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A verified model, ready to score."""

    card: Card
    scorer: Scorer


@dataclass(frozen=True, slots=True)
class Active:
    """The pointer: the active version and, newest last, those it replaced. ``None`` is the shipped baseline."""

    version: str | None
    replaced: tuple[str | None, ...] = ()


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def save(directory: Path, *, model: bytes, card: Card) -> Path:
    """Store a model under its card's version; it is not active until promoted.

    Raises:
        ModelExistsError: the version is taken.
        DigestMismatchError: the card describes another file.
    """
    if digest_of(model) != card.model_sha256:
        raise DigestMismatchError(f"model {card.version}: the card names another digest than the file's")
    if card.version == BASELINE:
        raise ModelExistsError(f"{BASELINE} is what the shipped model is called: choose another version")
    place = directory / card.version
    if place.exists():
        raise ModelExistsError(
            f"model {card.version} exists already in {directory.name}; versions are never overwritten"
        )
    directory.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".saving-", dir=directory))
    try:
        write_artefact(beside, model=model, card=card)
        beside.chmod(0o755)  # mkdtemp's 0700 would hide the model from a service of another user
        beside.rename(place)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        if place.exists():
            raise ModelExistsError(f"model {card.version} was saved by somebody else meanwhile") from error
        raise
    _sync(directory)
    return place


def write_artefact(place: Path, *, model: bytes, card: Card) -> None:
    """Write the two files of a model into a directory, synced."""
    _write(place / MODEL_FILE, model)
    _write(place / CARD_FILE, card.to_json())


def load(directory: Path, version: str, *, catalogue: Sequence[str]) -> LoadedModel:
    """Load one version.

    Args:
        directory: the registry.
        version: which model.
        catalogue: the names of the features this release computes, in the order of its vectors.

    Raises:
        UnknownModelError, CardInvalidError, NewerFormatError, DigestMismatchError, FeatureMismatchError: as named;
            in none of these cases has XGBoost seen the file.
    """
    return _load(_place(directory, version), catalogue)


def load_active(directory: Path, *, catalogue: Sequence[str]) -> LoadedModel:
    """Load the active version; the shipped baseline while none was promoted. Raises as ``load`` does."""
    version = active(directory).version
    return baseline(catalogue=catalogue) if version is None else load(directory, version, catalogue=catalogue)


def baseline(*, catalogue: Sequence[str]) -> LoadedModel:
    """The shipped model, which learnt from simulated sign-ups. Raises as ``load`` does."""
    return _load(_BASELINE, catalogue)


def card_of(directory: Path, version: str) -> Card:
    """The card of one version, without its model."""
    return _read_card(_place(directory, version))


def baseline_card() -> Card:
    """The card of the shipped model."""
    return _read_card(_BASELINE)


def load_by_name(directory: Path, version: str, *, catalogue: Sequence[str]) -> LoadedModel:
    """Load a version as decisions name it: of the registry, or the shipped one by ``BASELINE`` or its own version.

    Raises as ``load`` does.
    """
    if _is_shipped(directory, version):
        return baseline(catalogue=catalogue)
    return load(directory, version, catalogue=catalogue)


def card_by_name(directory: Path, version: str) -> Card:
    """The card of a version as decisions name it; see ``load_by_name``."""
    return baseline_card() if _is_shipped(directory, version) else card_of(directory, version)


def _is_shipped(directory: Path, version: str) -> bool:
    return version == BASELINE or (version == _shipped_version() and not _place(directory, version).exists())


@cache
def _shipped_version() -> str:
    return baseline_card().version


def list_cards(directory: Path) -> tuple[Card, ...]:
    """The cards of all readable models, oldest first; a damaged one is left out and ``load`` says what is wrong."""
    cards = []
    for place in sorted(directory.iterdir()) if directory.is_dir() else ():
        if place.name.startswith(".") or not place.is_dir():
            continue
        try:
            cards.append(_read_card(place))
        except (CardInvalidError, UnknownModelError):
            continue
    return tuple(sorted(cards, key=lambda card: (card.created, card.version)))


def active(directory: Path) -> Active:
    """What the pointer says.

    Raises:
        RegistryError: the pointer cannot be read.
    """
    try:
        stored = json.loads((directory / ACTIVE_FILE).read_bytes())
        return Active(stored["version"], tuple(stored["replaced"]))
    except FileNotFoundError:
        return Active(None)
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(f"{ACTIVE_FILE} is not a pointer to a model: promote one to write it anew") from error


def champion_card(directory: Path) -> Card:
    """The card of the model that scores, as the pointer says.

    Raises:
        RegistryError: the pointer, or that card, cannot be read.
        CardInvalidError: the card cannot be used.
    """
    return card_by_name(directory, active(directory).version or BASELINE)


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Whoever looks at the pointer in order to move it: one at a time, whatever the process."""
    directory.mkdir(parents=True, exist_ok=True)
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def promote(directory: Path, version: str, *, catalogue: Sequence[str]) -> Card:
    """Make a version the active one, after loading it once to see that it can serve. Raises as ``load`` does."""
    loaded = load(directory, version, catalogue=catalogue)
    try:
        before = active(directory)
    except RegistryError:
        before = Active(None)  # promotion is the way out of a broken pointer
    if before.version != version:
        _point(directory, Active(version, (*before.replaced, before.version)[-REMEMBERED:]))
    return loaded.card


def rollback(directory: Path, *, catalogue: Sequence[str]) -> Card:
    """Make the version that was active before the present one active again.

    Raises:
        UnknownModelError: nothing was ever promoted. Otherwise as ``load`` does.
    """
    now = active(directory)
    if not now.replaced:
        raise UnknownModelError("no earlier model is on record: there is nothing to roll back to")
    version = now.replaced[-1]
    loaded = baseline(catalogue=catalogue) if version is None else load(directory, version, catalogue=catalogue)
    _point(directory, Active(version, now.replaced[:-1]))
    return loaded.card


def restore(directory: Path, pointer: Active) -> None:
    """Put the pointer back to what it was: the undoing of a promotion that could not be recorded."""
    _point(directory, pointer)


def _load(place: Path, catalogue: Sequence[str]) -> LoadedModel:
    card = _read_card(place)
    try:
        model = (place / MODEL_FILE).read_bytes()
    except OSError as error:
        raise UnknownModelError(f"model {card.version}: {MODEL_FILE} cannot be read: {error.strerror}") from error
    if digest_of(model) != card.model_sha256:
        raise DigestMismatchError(f"model {card.version}: {MODEL_FILE} does not have the digest that its card names")
    absent = sorted(set(card.feature_names) - set(catalogue))
    if absent:
        raise FeatureMismatchError(f"model {card.version} reads features unknown to this release: {', '.join(absent)}")
    calibration = card.calibration.calibration()
    scorer = scorer_of(model, features=card.feature_names, catalogue=catalogue, calibration=calibration)
    return LoadedModel(card, scorer)


def _read_card(place: Path) -> Card:
    try:
        return Card.from_json((place / CARD_FILE).read_bytes())
    except OSError as error:
        raise UnknownModelError(f"there is no model {place.name}: {CARD_FILE}: {error.strerror}") from error


def _place(directory: Path, version: str) -> Path:
    # A version becomes a path; a separator in it would leave the registry.
    if Path(version).name != version or version.startswith("."):
        raise UnknownModelError(f"{version!r} is not the name of a model")
    return directory / version


def _point(directory: Path, to: Active) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    content = {"format": 1, "version": to.version, "replaced": list(to.replaced)}
    handle, name = tempfile.mkstemp(prefix=".active-", dir=directory)
    os.close(handle)
    beside = Path(name)
    try:
        _write(beside, json.dumps(content).encode())
        beside.chmod(0o644)
        beside.replace(directory / ACTIVE_FILE)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    _sync(directory)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    """Make a rename last through a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
