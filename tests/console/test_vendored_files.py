"""The vendored libraries are what their packages hold, with their licences, and nothing else lies beside them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "service" / "console" / "static"
VENDOR = STATIC / "vendor"
PACKAGES = json.loads((VENDOR / "vendor.json").read_text())
FILES = [(package["package"], each["file"], each["sha384"]) for package in PACKAGES for each in package["files"]]


@pytest.mark.parametrize(("package", "file", "sha384"), FILES)
def test_a_vendored_file_has_the_digest_on_record(package: str, file: str, sha384: str) -> None:
    digest = base64.b64encode(hashlib.sha384((VENDOR / file).read_bytes()).digest()).decode()

    assert sha384 == f"sha384-{digest}", package


def test_every_package_brings_its_licence_and_nothing_is_unlisted() -> None:
    for package in PACKAGES:
        assert package["licence"] in {"MIT", "0BSD"}
        assert package["integrity"].startswith("sha512-")
        assert any("LICENSE" in each["file"] for each in package["files"])

    assert {path.name for path in VENDOR.iterdir()} == {"vendor.json", *(file for _, file, _ in FILES)}


def test_no_page_names_another_host_or_holds_inline_script_or_style() -> None:
    for template in (ROOT / "service" / "console" / "templates").iterdir():
        text = template.read_text()
        assert not re.search(r"(src|href|action)=[\"']?https?:", text), template.name
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), template.name
        assert not re.search(r"\s(style|on[a-z]+)=", text), template.name
        assert "<style" not in text, template.name
        assert "|safe" not in text, template.name
