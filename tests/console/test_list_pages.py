"""The lists' page without a browser: adding, searching, ending, importing and taking a copy, and who may."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

from service.app import application_of

ENTRY = {"kind": "email_domain", "value": "Mills.Example", "reason": "a mill", "owner": "trust team"}


def audited(desk: Any) -> list[str]:
    with application_of(desk.client.application).store.begin() as work:
        return [each.action for each in work.audit.entries(action="list.", limit=200)]


def test_a_lead_adds_finds_and_ends_an_entry(desk: Callable[..., Any]) -> None:
    lead = desk("lead")

    added = lead.send("lists/block/add", **ENTRY, expires="2999-01-31")
    twice = lead.send("lists/block/add", 422, **ENTRY)
    found = lead.send("lists/search", 200, list="allow", value="@MILLS.example")
    entry_id = found.split("/console/lists/block/")[1].split("/end")[0]
    ended = lead.send(f"lists/block/{entry_id}/end")
    gone = lead.send("lists/search", 200, list="block", value="mills.example")

    assert "mills.example" in added
    assert "is on this list already" in twice
    assert 'value="Mills.Example"' in twice
    assert '<span class="tag deny">block</span>' in found
    assert "The block list is empty" in ended
    assert "On no list" in gone
    assert audited(lead)[:2] == ["list.searched", "list.read"]
    assert {"list.added", "list.removed"} <= set(audited(lead))


def test_the_exempt_list_says_that_it_lets_in_too_and_counts_in_words(desk: Callable[..., Any]) -> None:
    lead = desk("lead")

    page = lead.send("lists/exempt/add", kind="device", value="lab-7", reason="a laboratory", owner="trust team")
    (entry_id,) = re.findall(r"/console/lists/exempt/([^/\"]+)/end", page)
    lead.send(f"lists/exempt/{entry_id}/end")

    assert "It also lets in whoever carries it, unless a ban is touched, a containment holds or a rule denies." in page
    assert "To stop it from tying people and no more, cut it out on the page of its cluster." in page
    assert " 1 entry on all lists." in page


def test_every_wrong_field_is_named_in_words(desk: Callable[..., Any]) -> None:
    lead = desk("lead")

    page = lead.send("lists/allow/add", 422, kind="phone", value="<i>x</i>", reason="", owner="me")
    past = lead.send("lists/allow/add", 422, **{**ENTRY, "expires": "2001-01-01"})
    endless = lead.send("lists/allow/add", 422, **{**ENTRY, "expires": "9999-12-31"})
    nonsense = lead.send("lists/search", 422, list="block", value="\u202e")

    assert "reason must have 1 to 200 printable characters" in page
    assert "value must be a telephone number" in page
    assert "<i>x</i>" not in page
    assert "expires must lie in the future" in past
    assert "expires must be a day before 9999-12-31" in endless
    assert "Nothing that a list can hold looks like this." in nonsense
    lead.read("lists?list=nobody", 404)


def test_an_import_adds_good_lines_tells_bad_ones_and_an_export_is_taken_back(desk: Callable[..., Any]) -> None:
    lead = desk("lead")
    lines = (
        "kind,value,reason,expires\n"
        "phone,+44 113 496 0999,=HYPERLINK(1),2999-05-01\n"
        "phone,not a phone,why,\n"
        "email_domain,two.example,<script>alert(1)</script>,\n"
    )

    page = lead.send("lists/exempt/import", 200, file=(io.BytesIO(lines.encode()), "lists.csv"))
    copy = lead.client.post("/console/lists/exempt/export", data={"form_token": lead.form_token})
    rows = list(csv.DictReader(io.StringIO(copy.text)))
    back = lead.send("lists/allow/import", 200, file=(io.BytesIO(copy.data), "lists.csv"))

    assert "2 added" in page
    assert '<td class="number">3</td><td><bdi>value must be a telephone number' in page
    assert "<script>alert" not in page
    assert {row["value"] for row in rows} == {"'+441134960999", "two.example"}
    assert {row["reason"] for row in rows} == {"'=HYPERLINK(1)", "<script>alert(1)</script>"}
    assert {row["expires"] for row in rows} == {"2999-05-01", ""}
    assert "2 added" in back
    assert audited(lead).count("list.exported") == 1


def test_a_file_that_is_none_is_told_in_words(desk: Callable[..., Any]) -> None:
    lead = desk("lead")

    def load(content: bytes) -> str:
        return str(lead.send("lists/block/import", 422, file=(io.BytesIO(content), "lists.csv")))

    assert "Choose a CSV file." in lead.send("lists/block/import", 422)
    assert "The first line must name the columns" in load(b"a,b\n1,2\n")
    assert "is not text in UTF-8" in load(b"\xff\xfe")
    large = lead.client.post(
        "/console/lists/block/import", data=b"x" * (4 * 1024 * 1024), content_type="multipart/form-data; boundary=x"
    )
    assert (large.status_code, "larger than this address takes" in large.text) == (413, True)


def test_reviewers_read_and_search_but_change_nothing(desk: Callable[..., Any]) -> None:
    reviewer = desk("reviewer")

    page = reviewer.read("lists?list=block")
    for path in ("lists/block/add", "lists/block/import", "lists/block/export", "lists/block/x/end"):
        reviewer.send(path, 403, **ENTRY)

    assert "Add to the block list" not in page
    reviewer.send("lists/search", 200, list="block", value="mills.example")
