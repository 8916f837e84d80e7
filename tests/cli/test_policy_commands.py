"""A policy's life and the lists on the command line, as the README shows them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.cli.policy_text import whole_text
from service.domain.policy import default_policy_text, parse_policy

Run = Callable[..., Any]


@pytest.fixture
def stricter(tmp_path: Path) -> str:
    file = tmp_path / "stricter.toml"
    file.write_text(default_policy_text().replace("step_up = 0.15", "step_up = 0.14"), encoding="utf-8")
    return str(file)


def test_the_whole_policy_shows_every_key_and_is_the_same_policy(migrated: Run) -> None:
    whole = migrated("policy", "show", "--whole").out

    shipped = parse_policy(default_policy_text(), version=1).document
    assert parse_policy(whole, version=1).document == shipped
    assert whole == whole_text(shipped)
    for key in ("[challenges.methods.institution_sso]", "[clusters.containment]", "reviews_a_day", "rates_within"):
        assert key in whole


def test_a_policy_is_added_tried_activated_and_rolled_back(migrated: Run, stricter: str, tmp_path: Path) -> None:
    added = migrated("policy", "add", stricter, "--reason", "ask sooner", "--by", "ada")
    untried = migrated("policy", "activate", "2", "--reason", "now", "--by", "bob")
    tried = migrated("policy", "backtest", "2", "--report", "out/report.html", "--by", "ada")
    activated = migrated("policy", "activate", "2", "--reason", "tried", "--by", "bob")
    shown = migrated("policy", "show")
    back = migrated("policy", "rollback", "--reason", "too strict", "--by", "eve")
    listed = migrated("policy", "list")

    assert (added.code, added.out) == (0, "2\n")
    assert (untried.code, "never back-tested" in untried.err) == (1, True)
    assert (tried.code, "What version 2 would change against version 1" in tried.out) == (0, True)
    report = (tmp_path / "out" / "report.html").read_text()
    assert "<svg" in report
    assert "http" not in report.replace("http-equiv", "")
    assert (activated.code, activated.out) == (0, "version 2 is in force\n")
    assert "# version 2, by cli:ada: ask sooner" in shown.out
    assert back.out == "version 1 is in force again\n"
    assert "taken up again in place of 2 by cli:eve: too strict" in listed.out
    assert migrated("policy", "show", "2").out == Path(stricter).read_text()


def test_a_document_is_tried_before_anybody_records_it(migrated: Run, stricter: str) -> None:
    assert "What the new policy would change" in migrated("policy", "backtest", stricter).out
    assert migrated("policy", "backtest", "nothing.toml").code == 2
    assert migrated("policy", "backtest", "7").code == 1


def test_a_wrong_rule_is_refused_in_one_line_that_says_where_and_what(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(default_policy_text().replace("signals.email.disposable ==", "signals.email.disposible =="))

    checked = run("policy", "check", str(wrong))

    assert checked.code == 1
    assert checked.err.count("\n") == 1
    assert "line 25: signals.email has no member 'disposible'; did you mean 'disposable'?" in checked.err


def test_advice_without_outcomes_says_what_is_missing(migrated: Run, tmp_path: Path) -> None:
    outcomes = tmp_path / "outcomes.jsonl"
    outcomes.write_text('{"signup_id": "su_1", "label": "fraud"}\n')
    advised = migrated("policy", "advise", "--outcomes", str(outcomes), "--report", "advice.html")
    outcomes.write_text('{"signup_id": "su_1", "label": "maybe"}\n')
    wrong = migrated("policy", "advise", "--outcomes", str(outcomes))

    assert (advised.code, "research: no advice, 0 frauds" in advised.out) == (0, True)
    assert "No advice" in (tmp_path / "advice.html").read_text()
    assert (wrong.code, "outcomes.jsonl: line 1 must be" in wrong.err) == (1, True)


def test_lists_are_kept_on_the_command_line(migrated: Run, tmp_path: Path) -> None:
    csv = tmp_path / "bins.csv"
    csv.write_text(f"kind,value,reason\nbin,411111,virtual\nbin,4,short\nbin,{'4' * 131_073},long\n")
    why = ("--reason", "sold mailboxes", "--owner", "trust team")
    added = migrated("lists", "add", "block", "email_domain", "Farm.Example", *why, "--expires", "2099-01-31")
    wrong = migrated("lists", "add", "block", "ip", "nowhere", *why)
    endless = migrated("lists", "add", "block", "bin", "422222", *why, "--expires", "9999-12-31")
    imported = migrated("lists", "import", "block", str(csv), "--owner", "ada")
    listed = migrated("lists", "list", "block")
    removed = migrated("lists", "remove", "block", added.out.strip())

    assert added.code == 0
    assert (wrong.code, "/value must be an IP address" in wrong.err) == (1, True)
    assert (endless.code, "/expires must be a day before 9999-12-31" in endless.err) == (1, True)
    assert imported.code == 1
    assert "1 added, 2 lines left out" in imported.out
    assert "line 4: line must be CSV with fields of 131,072 characters at most" in imported.err
    assert "line 3: value must be the first 6 to 8 digits of a card" in imported.err
    assert "email_domain  farm.example  trust team  until 2099-02-01 00:00Z  sold mailboxes" in listed.out
    assert removed.code == 0
    assert "farm.example" not in migrated("lists", "list", "block").out
    assert migrated("lists", "list", "friends").code == 2
