"""The stand-in for a university's sign-in that the README's walk starts, and the file that names it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

EXAMPLES = Path(__file__).parents[2] / "examples"
SHOWN = "http://127.0.0.1:9100"


def test_a_student_signs_in_there_and_is_allowed(
    sqlite_url: str, start: Callable[..., Any], serve: Callable[..., Any], document: Callable[..., Any], tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_file_location("openid_provider", EXAMPLES / "openid_provider.py")
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    text = (EXAMPLES / "providers.toml").read_text(encoding="utf-8")
    assert SHOWN in text
    file = tmp_path / "providers.toml"
    file.write_text(text.replace(SHOWN, serve(example.create_app()).address), encoding="utf-8")
    service = start(sqlite_url, OIDC_PROVIDERS=str(file))
    answer = service.sign_up(document())
    page, browser = service.page(answer), service.app.test_client()
    if answer["challenges"][0]["method"] != "institution_sso":
        form = {"challenge": answer["challenges"][0]["id"], "method": "institution_sso"}
        browser.post(f"{page}/another", data=form)
    [asked] = [each for each in service.read(answer["id"])["challenges"] if each["status"] == "pending"]

    there = browser.get(f"{page}/sign-in/{asked['id']}").headers["Location"]
    assert "Sign in as Ada Example" in requests.get(there, timeout=5).text
    back = urlsplit(requests.post(there, allow_redirects=False, timeout=5).headers["Location"])
    assert browser.get(f"{back.path}?{back.query}").status_code == 303

    now = service.read(answer["id"])
    assert (now["decision"], now["challenges"][-1]["method"], now["challenges"][-1]["status"]) == (
        "allow",
        "institution_sso",
        "passed",
    )
