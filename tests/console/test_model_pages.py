"""The models' pages without a browser: who plays which part, the shadow, the way back, and what gates refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models import registry
from models.features.catalogue import FEATURES
from service.app import application_of
from service.usecases.promote import GatesRefuseError, Override, Promote

CATALOGUE = [feature.name for feature in FEATURES]


@pytest.fixture(scope="module")
def promote(app: Any) -> Promote:
    """Promotion over the application's registry, into which two models were saved."""
    directory: Path = application_of(app).settings.model_dir
    shipped = Path(registry.__file__).parent / "baseline"
    for version in ("autumn", "winter"):
        changes = {"version": version, "summary": f"<b>{version}</b>", "created": datetime.now(UTC)}
        card = registry.baseline_card().model_copy(update=changes)
        registry.save(directory, model=(shipped / registry.MODEL_FILE).read_bytes(), card=card)
    return Promote(application_of(app).store.begin, directory, CATALOGUE)


def test_the_pages_tell_the_parts_and_what_gates_refused(desk: Callable[..., Any], promote: Promote) -> None:
    reviewer, now = desk("reviewer"), datetime.now(UTC)
    with pytest.raises(GatesRefuseError):
        promote("autumn", actor="cli", now=now, refused_by=("recall", "calibration"), judged_on="kept rows")
    people = Override("Ann", "Ben", "our own world")
    promote("autumn", actor="cli", now=now, refused_by=("recall",), override=people)

    listed, card = reviewer.read("models"), reviewer.read("models/autumn")

    assert listed.count("champion: scores now") == 1
    assert "autumn scores; before it baseline did." in listed
    assert "&lt;b&gt;autumn&lt;/b&gt;" in listed
    assert "Roll back to baseline" not in listed
    assert "recall, calibration" in card
    assert "Ben" in card
    assert "gatehouse model promote winter --on" in reviewer.read("models/winter")
    reviewer.read("models/nobody", 404)


def test_an_admin_puts_a_challenger_into_the_shadow_and_out_of_it(desk: Callable[..., Any], promote: Promote) -> None:
    del promote
    admin, lead = desk("admin"), desk("lead")

    lead.send("models/winter/shadow", 403)
    inside = admin.send("models/winter/shadow")
    twice = admin.send("models/winter/shadow", 409)
    compared = lead.read("models/winter/comparison")
    outside = admin.send("models/winter/shadow", stop="1")

    assert "challenger: in the shadow" in inside
    assert "in the shadow already" in twice
    assert "It has scored nothing in the shadow yet" in compared
    assert "recall at fpr 1.0%" in compared
    assert "Let it score in the shadow" in outside
    assert "does not score can be its shadow" in admin.send(f"models/{registry.baseline_card().version}/shadow", 409)


def test_an_admin_rolls_back_the_model_that_the_page_named(desk: Callable[..., Any], promote: Promote) -> None:
    admin, lead = desk("admin"), desk("lead")
    people = Override("Ann", "Ben", "our own world")
    promote("winter", actor="cli", now=datetime.now(UTC), refused_by=None, override=people)

    lead.send("models/rollback", 403, leaving="winter")
    other = admin.send("models/rollback", 409, leaving="autumn")
    page = admin.send("models/rollback", leaving="winter")

    assert "autumn does not score: winter does." in other
    assert registry.active(promote.directory).version != "winter"
    assert "winter</a></td><td>waits" in page
