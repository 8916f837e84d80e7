"""Policy, models, lists and the overview in Chromium: two people, the keyboard, both widths, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models import registry
from models.monitoring.drift import Drift
from models.signup import Signup
from service.domain.policy import default_policy_text
from service.domain.standing import ListName
from service.usecases.backtest import BackTest
from service.usecases.drift import MeasureDrift
from service.usecases.keep_lists import NewEntry
from service.usecases.policy_versions import PolicyVersions
from service.usecases.ports_decisions import Period

Open = Callable[..., Any]
SCRIPT = "<script>window.hit=1</script><img src=x onerror='window.hit=2'>"


@pytest.fixture(scope="module")
def console(empty_console: Any, hydra_hour: list[Signup], keep_judged: Callable[..., None], drifted: Drift) -> Any:
    """A few sign-ups, two models, entries of lists and a measurement of drift; whatever takes a text is hostile."""
    empty_console.record(*hydra_hour[::8])
    application, now = empty_console.application, empty_console.clock()
    shipped = Path(registry.__file__).parent / "baseline" / registry.MODEL_FILE
    card = registry.baseline_card().model_copy(
        update={"version": "autumn", "summary": SCRIPT, "created": datetime.now(UTC)}
    )
    registry.save(application.settings.model_dir, model=shipped.read_bytes(), card=card)
    keep_judged(application.settings.model_dir, "autumn", at=now)
    lists = empty_console.lists
    for name, kind, value in ((ListName.BLOCK, "institution", SCRIPT), (ListName.ALLOW, "phone", "+441134960999")):
        lists.add(name, NewEntry(kind, value, SCRIPT, SCRIPT), actor="tests", now=now)
    begin = application.store.begin
    MeasureDrift(begin, application.settings.model_dir, []).keep(drifted, now=now)
    drafted = PolicyVersions(begin).add(bold(), reason=SCRIPT, actor="tests", now=now)
    BackTest(begin)(drafted.version.version, Period(), actor="tests", now=now)
    return empty_console


def bold() -> str:
    """A policy that asks nearly everybody."""
    return re.sub(r"step_up = [\d.]+", "step_up = 0.001", default_policy_text()) + f"\n# {SCRIPT}\n"


def violations(tab: Any) -> list[str]:
    """What axe finds wrong with the page, in its words."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab.page)
    return [f"{each['id']}: {node['html'][:160]}" for each in found.response["violations"] for node in each["nodes"]]


def test_a_policy_is_drafted_tried_approved_by_a_second_person_and_rolled_back(open_tab: Open) -> None:
    author, other = open_tab("lea"), open_tab("ada")
    author.go("/console/policy")
    author.page.get_by_role("link", name="Write a draft").click()
    author.ready()
    author.page.get_by_label("The document").fill(bold())
    author.page.get_by_label("Why, for those who come later").fill("ask nearly everybody")
    author.page.get_by_role("button", name="Check and keep the draft").click()
    author.page.get_by_role("button", name="Back-test").click()
    author.page.wait_for_selector(".pairs")
    assert "Large change, which needs a second person" in author.text()
    assert "an admin other than you has to activate it" in author.text()

    other.go(f"{author.page.url.split('#')[0].removeprefix(other.console.address)}")
    other.page.get_by_label("Why activate").fill("seen")
    other.page.get_by_role("button", name="Approve and activate").press("Enter")
    other.page.wait_for_url("**/console/policy")
    assert "In force: version 4" in other.text()
    other.page.get_by_label("Why roll back").fill("too many asked")
    other.page.get_by_role("button", name="Roll back version 4").press("Enter")
    other.page.wait_for_function("document.body.innerText.includes('In force: version 2')")


def test_a_list_is_imported_searched_and_shortened(open_tab: Open) -> None:
    tab = open_tab("lea")
    tab.go("/console/lists?list=exempt")
    assert "The exempt list is empty" in tab.text()
    lines = b"kind,value,reason\nemail_domain,campus.example,a campus\nphone,none,why\n"
    tab.page.set_input_files("[name=file]", {"name": "l.csv", "mimeType": "text/csv", "buffer": lines})
    tab.page.get_by_role("button", name="Import").click()
    tab.page.wait_for_selector("[role=status]")
    assert "1 added, 1 line left out." in tab.text()
    assert "value must be a telephone number" in tab.text()

    tab.ready()
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("CAMPUS.example")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("button", name="Take campus.example off the exempt list").press("Enter")
    tab.page.wait_for_selector("text=The exempt list is empty")


def test_a_judged_model_is_promoted_and_rolled_back_by_the_keyboard(open_tab: Open) -> None:
    tab = open_tab("ada")
    tab.go("/console/models/autumn")
    assert "Every gate holds" in tab.text()
    tab.page.get_by_role("link", name="Promote autumn").press("Enter")
    tab.page.wait_for_url("**/autumn/promotion")
    tab.ready()
    assert "nothing has happened yet" in tab.text()
    tab.page.keyboard.press("Control+Enter")
    tab.page.wait_for_url("**/models/autumn")
    assert "champion: scores now" in tab.text()

    tab.go("/console/models")
    tab.page.get_by_role("button", name="Roll back").press("Enter")
    tab.page.wait_for_selector("text=there is nothing to go back to")


def test_the_keyboard_opens_a_version_and_a_model(open_tab: Open) -> None:
    tab = open_tab("dana")
    for path, address in (("policy", "**/policy/versions/*"), ("models", "**/models/*")):
        tab.go(f"/console/{path}")
        tab.page.keyboard.press("j")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_url(address)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_none_of_these_pages_has_an_accessibility_violation(open_tab: Open, width: int, scheme: str) -> None:
    tab = open_tab("ada", width=width, color_scheme=scheme)
    pages = (
        "policy", "policy/versions/3", "policy/versions/2", "policy/difference?old=2&new=3", "models",
        "models/autumn", "lists", "overview", "policy/draft?from=0", "models/autumn/comparison",
        "models/autumn/promotion", "lists?list=allow",
    )  # fmt: skip

    for path in pages:
        assert tab.go(f"/console/{path}").status == 200, path
        assert violations(tab) == [], path
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert int(tab.page.evaluate(wider)) <= 0, path
        assert tab.page.evaluate("window.hit") is None, path
