"""The registry hands out only models that are what their cards say, and switches between them in one step."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from models import registry
from models.card import Card, CardInvalidError, NewerFormatError

NAMES = tuple(f"feature_{at}" for at in range(12))
MakeCard = Callable[..., Card]


@pytest.fixture
def directory(tmp_path: Path, model_bytes: bytes, make_card: MakeCard) -> Path:
    registry.save(tmp_path / "models", model=model_bytes, card=make_card("m-1"))
    registry.save(tmp_path / "models", model=model_bytes, card=make_card("m-2"))
    return tmp_path / "models"


def test_a_saved_model_comes_back_with_its_card(directory: Path, make_card: MakeCard) -> None:
    loaded = registry.load(directory, "m-1", catalogue=NAMES)

    assert loaded.card == make_card("m-1")
    assert [card.version for card in registry.list_cards(directory)] == ["m-1", "m-2"]


def test_a_single_flipped_bit_in_the_model_is_noticed_before_xgboost_sees_it(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "scorer_of", lambda *_, **__: pytest.fail("the loader saw damaged bytes"))
    path = directory / "m-1" / "model.ubj"
    good = path.read_bytes()

    for at in random.Random(1).sample(range(len(good) * 8), 200):
        damaged = bytearray(good)
        damaged[at // 8] ^= 1 << (at % 8)
        path.write_bytes(damaged)

        with pytest.raises(registry.DigestMismatchError, match="m-1"):
            registry.load(directory, "m-1", catalogue=NAMES)


def test_a_single_flipped_bit_in_the_card_is_noticed(directory: Path) -> None:
    path = directory / "m-1" / "card.json"
    good = path.read_bytes()
    content = json.loads(good)

    for at in random.Random(2).sample(range(len(good) * 8), 300):
        damaged = bytearray(good)
        damaged[at // 8] ^= 1 << (at % 8)
        try:
            if json.loads(bytes(damaged)) == content:
                continue  # a blank turned into another kind of blank
        except ValueError:
            pass
        path.write_bytes(damaged)

        with pytest.raises(CardInvalidError):
            registry.load(directory, "m-1", catalogue=NAMES)


@pytest.mark.parametrize("size", [0, 1, 1_000])
def test_a_cut_model_file_is_refused(directory: Path, size: int) -> None:
    path = directory / "m-1" / "model.ubj"
    path.write_bytes(path.read_bytes()[:size])

    with pytest.raises(registry.DigestMismatchError):
        registry.load(directory, "m-1", catalogue=NAMES)


def test_a_card_of_a_later_format_is_refused_by_name(directory: Path) -> None:
    path = directory / "m-1" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))

    with pytest.raises(NewerFormatError, match="format 2"):
        registry.load(directory, "m-1", catalogue=NAMES)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b"\xff\xfe", b'{"format": "1"}'])
def test_something_that_is_no_card_is_refused(directory: Path, content: bytes) -> None:
    (directory / "m-1" / "card.json").write_bytes(content)

    with pytest.raises(CardInvalidError):
        registry.load(directory, "m-1", catalogue=NAMES)


def test_a_model_that_reads_an_unknown_feature_is_refused(directory: Path) -> None:
    with pytest.raises(registry.FeatureMismatchError, match="feature_7"):
        registry.load(directory, "m-1", catalogue=[name for name in NAMES if name != "feature_7"])


def test_a_catalogue_that_has_grown_still_serves_the_model(directory: Path) -> None:
    loaded = registry.load(directory, "m-1", catalogue=("added_later", *NAMES))

    assert loaded.scorer.tables.width == 13


@pytest.mark.parametrize("version", ["m-9", "../m-1", "..", "", ".saving-x", "a/b"])
def test_a_version_that_is_not_there_is_refused(directory: Path, version: str) -> None:
    with pytest.raises(registry.UnknownModelError):
        registry.load(directory, version, catalogue=NAMES)


def test_a_version_is_never_overwritten(directory: Path, model_bytes: bytes, make_card: MakeCard) -> None:
    with pytest.raises(registry.ModelExistsError):
        registry.save(directory, model=model_bytes, card=make_card("m-1"))


def test_a_card_for_another_file_is_not_saved(tmp_path: Path, make_card: MakeCard) -> None:
    with pytest.raises(registry.DigestMismatchError):
        registry.save(tmp_path, model=b"another", card=make_card("m-1"))

    assert list(tmp_path.iterdir()) == []


def test_promotion_and_rollback_walk_back_through_what_was_active(directory: Path) -> None:
    registry.promote(directory, "m-1", catalogue=NAMES)
    registry.promote(directory, "m-2", catalogue=NAMES)
    registry.promote(directory, "m-2", catalogue=NAMES)  # already active: nothing more to remember
    assert registry.active(directory) == registry.Active("m-2", (None, "m-1"))

    assert registry.rollback(directory, catalogue=NAMES).version == "m-1"

    assert registry.load_active(directory, catalogue=NAMES).card.version == "m-1"
    assert registry.active(directory) == registry.Active("m-1", (None,))


def test_without_a_promotion_there_is_nothing_to_roll_back_to(directory: Path) -> None:
    with pytest.raises(registry.UnknownModelError, match="nothing to roll back"):
        registry.rollback(directory, catalogue=NAMES)


def test_a_damaged_model_is_never_promoted(directory: Path) -> None:
    registry.promote(directory, "m-1", catalogue=NAMES)
    (directory / "m-2" / "model.ubj").write_bytes(b"damaged")

    with pytest.raises(registry.DigestMismatchError):
        registry.promote(directory, "m-2", catalogue=NAMES)

    assert registry.active(directory).version == "m-1"


def test_a_crash_while_switching_leaves_the_old_pointer(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.promote(directory, "m-1", catalogue=NAMES)

    def power_cut(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(Path, "replace", power_cut)
    with pytest.raises(OSError, match="power cut"):
        registry.promote(directory, "m-2", catalogue=NAMES)
    monkeypatch.undo()

    assert registry.active(directory).version == "m-1"
    assert not [path for path in directory.iterdir() if path.name.startswith(".")]


def test_a_crash_while_saving_leaves_no_half_model(
    directory: Path, model_bytes: bytes, make_card: MakeCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="no space"):
        registry.save(directory, model=model_bytes, card=make_card("m-3"))
    monkeypatch.undo()

    assert sorted(path.name for path in directory.iterdir()) == ["m-1", "m-2"]


def test_a_broken_pointer_is_named_and_mended_by_promotion(directory: Path) -> None:
    (directory / "active.json").write_text("{")
    with pytest.raises(registry.RegistryError, match=r"active\.json"):
        registry.load_active(directory, catalogue=NAMES)

    registry.promote(directory, "m-1", catalogue=NAMES)

    assert registry.load_active(directory, catalogue=NAMES).card.version == "m-1"
