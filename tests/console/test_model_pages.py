"""The models' pages without a browser: who plays which part, the shadow, the way back, and what gates refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models import registry
from models.card import Card
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
    assert "Ask a second admin" not in reviewer.read("models/winter")
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


@pytest.fixture
def champion(promote: Promote) -> Card:
    """The champion, whichever the tests before left; ``spring`` waits beside it."""
    if "spring" not in {each.version for each in registry.list_cards(promote.directory)}:
        shipped = Path(registry.__file__).parent / "baseline"
        card = registry.baseline_card().model_copy(update={"version": "spring", "created": datetime.now(UTC)})
        registry.save(promote.directory, model=(shipped / registry.MODEL_FILE).read_bytes(), card=card)
    return registry.champion_card(promote.directory)


def test_what_the_gates_said_is_shown_and_an_admin_promotes_what_held(
    desk: Callable[..., Any], promote: Promote, champion: Card, keep_judged: Callable[..., None]
) -> None:
    admin, lead = desk("admin"), desk("lead")
    keep_judged(promote.directory, "spring", at=datetime.now(UTC), champion=champion)

    seen, confirmed = lead.read("models/spring"), admin.read("models/spring/promotion")
    lead.read("models/spring/promotion", 403)
    lead.send("models/spring/promote", 403)
    before = registry.active(promote.directory).version
    page = admin.send("models/spring/promote")
    again = admin.send("models/spring/promote", 409)

    assert seen.count(">holds</span>") == 2
    assert "an admin can promote it" in seen
    assert "0.4 to 0.5" in seen
    assert "all hold" in lead.read("models")
    assert "nothing has happened yet" in confirmed
    assert (before, registry.active(promote.directory).version) == (
        None if champion.version.startswith("baseline") else champion.version,
        "spring",
    )
    assert "champion: scores now" in page
    assert "The gates of a promotion" not in page
    assert "spring scores already." in again
    admin.send("models/rollback", leaving="spring")


def test_a_second_admin_overrides_what_a_gate_refused(
    desk: Callable[..., Any], promote: Promote, champion: Card, keep_judged: Callable[..., None]
) -> None:
    ann, ben, lead = desk("admin", "ann"), desk("admin", "ben"), desk("lead")
    keep_judged(promote.directory, "spring", "calibration", at=datetime.now(UTC), champion=champion)

    refused = ann.send("models/spring/promote", 409)
    lead.send("models/spring/override", 403, reason="r")
    ann.send("models/spring/override", 409, reason=" ")
    asked = ann.send("models/spring/override", reason="<i>a new ring</i>")
    offered = ben.read("models/spring")
    done = ben.send("models/spring/override", reason="seen it")

    assert "refused by calibration" in refused
    assert ">refuses</span>" in refused
    assert "Another admin has to want the same" in asked
    assert "Agree: let it score" not in asked
    assert "Agree: let it score" in offered
    assert "&lt;i&gt;a new ring&lt;/i&gt;" in offered
    assert "champion: scores now" in done
    assert "seen it" in done
    ben.send("models/rollback", leaving="spring")
