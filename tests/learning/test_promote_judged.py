"""Promotion on a kept judgement: of this file, against this champion, fresh, every gate; or two people override."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from models import registry
from models.card import Card
from models.features.catalogue import FEATURES
from models.kept_judgement import JUDGEMENT_FILE, JudgedModel, judgement_of
from service.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from service.usecases.ports import AuditEntry
from service.usecases.promote import GatesRefuseError, Override, Promote, RollBack
from service.usecases.promote_judged import OverrideRequest, PromoteJudged

CATALOGUE = [feature.name for feature in FEATURES]
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ANN, BEN = "reviewer:ann", "key:ben"


Judged = Callable[..., None]


@pytest.fixture
def judged(keep_judged: Callable[..., None], promote: PromoteJudged) -> Judged:
    """Keeps a judgement of ``mine``; the gates named refuse."""

    def keeping(*refusing: str, **changes: Any) -> None:
        keep_judged(promote.directory, "mine", *refusing, at=NOW, **changes)

    return keeping


@pytest.fixture
def promote(store: Any, tmp_path: Path) -> PromoteJudged:
    """Promotion in a registry with two models beside the shipped one, which scores; nothing is judged."""
    bytes_ = (resources.files("models.baseline") / registry.MODEL_FILE).read_bytes()
    for version in ("mine", "other"):
        card = registry.baseline_card().model_copy(update={"version": version})
        registry.save(tmp_path, model=bytes_, card=card)
    return PromoteJudged(store.begin, tmp_path, CATALOGUE)


def entries(promote: PromoteJudged) -> list[AuditEntry]:
    with promote.begin() as work:
        return list(work.audit.entries(subject="mine"))


def champion(promote: PromoteJudged) -> str:
    return registry.champion_card(promote.directory).version


def test_what_holds_against_the_champion_is_promoted_and_recorded(promote: PromoteJudged, judged: Judged) -> None:
    judged()

    before = promote.prospect("mine", now=NOW)
    card = promote("mine", actor=ANN, now=NOW + timedelta(days=14))

    assert (before.obstacle, before.refused_by) == (None, ())
    assert (card.version, champion(promote)) == ("mine", "mine")
    (entry,) = entries(promote)
    assert (entry.actor, entry.action) == (ANN, "model.promoted")
    assert entry.detail["judged_on"] == f"recorded decisions, sha256 {'ab' * 32}"
    with pytest.raises(ConflictError, match="scores already"):
        promote("mine", actor=ANN, now=NOW)


def _other_champion(promote: PromoteJudged, judged: Judged) -> None:
    judged(champion=registry.card_of(promote.directory, "other"))


def _same_name_other_champion(promote: PromoteJudged, judged: Judged) -> None:
    judged(champion=registry.baseline_card().model_copy(update={"model_sha256": "0" * 64}))


def _other_file(promote: PromoteJudged, judged: Judged) -> None:
    judged(challenger=JudgedModel(version="mine", sha256="0" * 64))


def _long_ago(promote: PromoteJudged, judged: Judged) -> None:
    judged(judged_at=NOW - timedelta(days=14, seconds=1))


def _no_gate(promote: PromoteJudged, judged: Judged) -> None:
    judged(gates=())


def _half_a_file(promote: PromoteJudged, judged: Judged) -> None:
    judged()
    file = promote.directory / "mine" / JUDGEMENT_FILE
    file.write_text(file.read_text()[:-20])


@pytest.mark.parametrize(
    ("arrange", "said"),
    [
        (lambda *_: None, "Not judged against champion baseline-1: run gatehouse model promote mine --on DATA"),
        (_other_champion, "Not judged against champion baseline-1"),
        (_same_name_other_champion, "Not judged against champion baseline-1"),
        (_other_file, "of another file"),
        (_long_ago, "14 days old"),
        (_no_gate, "Not judged"),
        (_half_a_file, "Not judged"),
    ],
)
def test_a_judgement_speaks_for_these_two_files_and_for_a_fortnight(
    promote: PromoteJudged, judged: Judged, arrange: Callable[..., None], said: str
) -> None:
    arrange(promote, judged)

    with pytest.raises(ConflictError, match=said):
        promote("mine", actor=ANN, now=NOW)

    assert champion(promote) == registry.baseline_card().version
    assert entries(promote) == []


def test_a_gate_that_refuses_is_named_and_recorded(promote: PromoteJudged, judged: Judged) -> None:
    judged("calibration", "latency")

    with pytest.raises(GatesRefuseError, match="refused by calibration, latency"):
        promote("mine", actor=ANN, now=NOW)

    assert champion(promote) == registry.baseline_card().version
    assert [(each.action, each.detail["refused_by"]) for each in entries(promote)] == [
        ("model.promotion_refused", ["calibration", "latency"])
    ]


@pytest.mark.parametrize("refusing", [("calibration",), None])
def test_two_people_override_what_refuses_or_what_nobody_judged(
    promote: PromoteJudged, judged: Judged, refusing: tuple[str, ...] | None
) -> None:
    if refusing is not None:
        judged(*refusing)

    asked = promote.override("mine", reason="a new ring", actor=ANN, now=NOW)
    again = promote.override("mine", reason="please", actor=ANN, now=NOW + timedelta(hours=1))
    waiting = champion(promote)
    done = promote.override("mine", reason="seen it", actor=BEN, now=NOW + timedelta(hours=23))

    assert asked == again == OverrideRequest(ANN, NOW, "a new ring")
    assert waiting == registry.baseline_card().version
    assert isinstance(done, Card)
    assert champion(promote) == "mine"
    promoted, requested = entries(promote)
    assert (requested.action, requested.actor) == ("model.override_requested", ANN)
    assert (promoted.actor, promoted.detail["approved_by"]) == (ANN, BEN)
    assert (promoted.detail["reason"], promoted.detail["seconded"]) == ("a new ring", "seen it")
    assert promoted.detail["overridden"] == list(refusing or ())


def test_a_request_lapses_after_a_day(promote: PromoteJudged) -> None:
    promote.override("mine", reason="a new ring", actor=ANN, now=NOW)

    found = promote.override("mine", reason="seen it", actor=BEN, now=NOW + timedelta(hours=24))

    assert isinstance(found, OverrideRequest)
    assert (found.by, champion(promote)) == (BEN, registry.baseline_card().version)


def test_a_request_is_of_one_champion_and_is_used_once(promote: PromoteJudged) -> None:
    promote.override("mine", reason="a new ring", actor=ANN, now=NOW)
    people = Override("Ann", "Ben", "elsewhere")
    Promote(promote.begin, promote.directory, CATALOGUE)(
        "other", actor="cli", now=NOW, refused_by=None, override=people
    )
    of_another = promote.prospect("mine", now=NOW).request
    back = RollBack(promote.begin, promote.directory, CATALOGUE)
    back(actor=ANN, now=NOW)
    waits_again = promote.prospect("mine", now=NOW).request
    promote.override("mine", reason="seen it", actor=BEN, now=NOW + timedelta(hours=1))
    back(actor=ANN, now=NOW + timedelta(hours=2))

    used = promote.prospect("mine", now=NOW + timedelta(hours=2)).request

    assert of_another is None
    assert waits_again is not None
    assert used is None


def test_where_every_gate_holds_there_is_nothing_to_override(promote: PromoteJudged, judged: Judged) -> None:
    judged()

    done = promote.override("mine", reason="at once", actor=ANN, now=NOW)

    assert isinstance(done, Card)
    assert "overridden" not in entries(promote)[0].detail


def test_an_override_needs_a_reason_and_a_model(promote: PromoteJudged) -> None:
    with pytest.raises(InvalidError):
        promote.override("mine", reason=" ", actor=ANN, now=NOW)
    with pytest.raises(NotFoundError):
        promote.override("nobody", reason="why not", actor=ANN, now=NOW)
    with pytest.raises(ConflictError, match="not promoted"):
        promote("baseline", actor=ANN, now=NOW)


def test_no_override_helps_a_model_that_cannot_serve(promote: PromoteJudged) -> None:
    file = promote.directory / "mine" / registry.MODEL_FILE
    file.write_bytes(file.read_bytes()[:-1])
    promote.override("mine", reason="a new ring", actor=ANN, now=NOW)

    with pytest.raises(ConflictError, match="cannot serve"):
        promote.override("mine", reason="seen it", actor=BEN, now=NOW)

    assert champion(promote) == registry.baseline_card().version


def test_one_person_under_two_spellings_is_one_person(promote: PromoteJudged) -> None:
    promote.override("mine", reason="a new ring", actor="reviewer:ann", now=NOW)

    with pytest.raises(ForbiddenError, match="two people"):
        promote.override("mine", reason="me again", actor="reviewer:Ann", now=NOW)


def test_a_champion_that_changes_at_the_last_moment_stops_the_promotion(
    promote: PromoteJudged, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged()
    prospect = promote.prospect("mine", now=NOW)
    registry.promote(promote.directory, "other", catalogue=CATALOGUE)
    monkeypatch.setattr(PromoteJudged, "prospect", lambda *_, **__: prospect)

    with pytest.raises(ConflictError, match="other scores by now"):
        promote("mine", actor=ANN, now=NOW)

    assert champion(promote) == "other"


def test_a_judgement_is_read_as_it_was_kept_and_replaces_the_one_before(promote: PromoteJudged, judged: Judged) -> None:
    judged("recall")
    first = judgement_of(promote.directory, "mine")
    judged()
    second = judgement_of(promote.directory, "mine")

    assert first is not None
    assert second is not None
    assert (first.refused_by, second.refused_by) == (("recall",), ())
    assert second.gates[1].figures == ("0.4 to 0.5",)
    assert sorted(each.name for each in (promote.directory / "mine").iterdir()) == [
        registry.CARD_FILE,
        JUDGEMENT_FILE,
        registry.MODEL_FILE,
    ]
