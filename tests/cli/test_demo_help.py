"""What ``gatehouse demo --help`` promises: the people whom it prints passwords for."""

from __future__ import annotations

from click.testing import CliRunner

from service.cli.demo import demo


def test_the_help_names_the_three_who_may_sign_in() -> None:
    told = " ".join(CliRunner().invoke(demo, ["--help"]).output.split())

    assert "with a reviewer, a lead and an admin to sign in as" in told
