"""Lists: canonical values in, hits out, without a question to the database; imports report every bad line."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.reference.reference import Reference
from models.signals.signals import Signals, derive_signals
from models.signup import AccountType, Device, Identity, Institution, Payment, PaymentMethod, Signup
from service.domain.cluster import identifier_handle
from service.domain.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from service.domain.standing import ListName
from service.storage.memory.list_entries import digests as memory_digests
from service.usecases.in_force import FRESH_FOR_S
from service.usecases.keep_lists import CSV_COLUMNS, KeepLists, NewEntry, end_of_day
from service.usecases.listed_values import LISTED_KINDS, canonical_value, shown
from service.usecases.lists_in_force import ListsInForce

SIGNUP = Signup(
    signup_id="su_1",
    account_type=AccountType.EDUCATIONAL,
    occurred_at=datetime.fromisoformat("2026-11-23T12:00:00+00:00"),
    identity=Identity(full_name="Oriane Maupertuis", country="FR", institution=Institution(name="Lycee Imaginaire")),
    email="Oriane.Maupertuis+news@physics.college.example",
    phone="+33698765432",
    payment=Payment(method=PaymentMethod.CARD, fingerprint="fp_1", bin="42424242"),
    device=Device(ip="81.2.69.142", device_id="d-1"),
)


class Lists:
    """The lists of a store, as their keeper and one process see them."""

    def __init__(self, store: Any, reference: Reference, now: datetime) -> None:
        numbers = itertools.count(1)
        self.begins = 0
        self.broken = False
        self.clock = 0.0
        self.now = now
        self.store = store
        self.keep = KeepLists(store.begin, lambda: reference, lambda _: f"e{next(numbers):04}")
        digests = getattr(store, "_pseudonyms", None)
        self.in_force = ListsInForce(
            self._begin, memory_digests if digests is None else digests.digests, lambda: self.clock
        )
        self.signals = derive_signals(SIGNUP, reference)

    def _begin(self) -> Any:
        self.begins += 1
        if self.broken:
            raise UnavailableError("away")
        return self.store.begin()

    def add(self, name: str, kind: str, value: str, **changes: Any) -> str:
        new = NewEntry(kind=kind, value=value, reason="a reason", owner="trust team", **changes)
        return self.keep.add(ListName(name), new, actor="ada", now=self.now).id

    def hits(self, signals: Signals | None = None, *, later: timedelta = timedelta()) -> list[tuple[str, str, str]]:
        self.clock += FRESH_FOR_S
        found = self.in_force(lambda: signals or self.signals, self.now + later)
        return [(hit.list.value, hit.kind.value, hit.entry_id) for hit in found]


@pytest.fixture
def lists(store: Any, reference: Reference, noon: datetime) -> Lists:
    return Lists(store, reference, noon)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("mailbox", "oriane.maupertuis@PHYSICS.college.example"),
        ("email_domain", "physics.college.example"),
        ("email_domain", "@College.Example"),  # the domain above
        ("phone", "+33 6 98 76 54 32"),
        ("payment", "fp_1"),
        ("device", "d-1"),
        ("ip", "81.2.69.142"),
        ("ip_prefix", "81.2.69.0/24"),
        ("institution", "lycée imaginaire"),
        ("bin", "42424242"),
        ("bin", "424242"),  # the shorter one above
    ],
)
def test_a_value_is_found_however_it_was_written(lists: Lists, kind: str, value: str) -> None:
    entry_id = lists.add("block", kind, value)

    assert lists.hits() == [("block", kind, entry_id)]


def test_a_network_is_found_by_its_number_or_where_it_has_none_by_its_organisation(lists: Lists) -> None:
    numbered = replace(lists.signals, network=replace(lists.signals.network, network="as64500"))
    named = lists.signals.network.network
    assert named is not None
    by_number, by_name = lists.add("exempt", "network", "AS64500"), lists.add("allow", "network", named.upper())

    assert lists.hits(numbered) == [("exempt", "network", by_number)]
    assert lists.hits() == [("allow", "network", by_name)]


def test_every_kind_that_sign_ups_show_can_be_listed(lists: Lists) -> None:
    assert {kind for kind, _ in shown(lists.signals)} == set(LISTED_KINDS) - {IdentifierKind.ORCID}


@pytest.mark.parametrize(
    ("kind", "value", "right"),
    [
        ("mailbox", "nobody", "e-mail address"),
        ("email_domain", "college", "mail domain"),
        ("phone", "12", "telephone number"),
        ("payment", "4242 4242 4242 4242", "must not be a card number"),
        ("ip", "10.0.0.1", "IP address"),
        ("ip_prefix", "81.2.0.0/16", "/24 of IPv4"),
        ("ip_prefix", "81.2.69.142/24", "/24 of IPv4"),
        ("network", "Acme", "number of a network"),
        ("bin", "42", "first 6 to 8 digits"),
        ("orcid", "0000-0002-1825-0098", "ORCID iD"),
        ("device", " ", "printable characters"),
        ("device", "a\nb", "printable characters"),
        ("name", "Oriane", "one of the kinds"),
    ],
)
def test_a_value_that_no_sign_up_can_show_is_refused(reference: Reference, kind: str, value: str, right: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is looked at below
        canonical_value(IdentifierKind(kind), value, reference)

    assert right in str(refused.value)


def test_every_wrong_field_of_an_entry_is_named_and_no_value_repeated(lists: Lists) -> None:
    new = NewEntry(kind="ip", value="secret", reason="", owner="x" * 300, expires_at=lists.now)

    with pytest.raises(InvalidError) as refused:
        lists.keep.add(ListName.BLOCK, new, actor="ada", now=lists.now)

    assert {error.pointer for error in refused.value.errors} == {"/reason", "/owner", "/expires", "/value"}
    assert "secret" not in str([str(refused.value), refused.value.errors])


def test_a_removed_entry_holds_no_longer_and_may_come_back(lists: Lists) -> None:
    first = lists.add("block", "ip", "81.2.69.142")
    seen = [lists.hits()]
    lists.keep.remove(ListName.BLOCK, first, actor="ada", now=lists.now)
    seen.append(lists.hits())
    second = lists.add("block", "ip", "81.2.69.142")
    seen.append(lists.hits())

    assert seen == [[("block", "ip", first)], [], [("block", "ip", second)]]
    with pytest.raises(NotFoundError):
        lists.keep.remove(ListName.BLOCK, first, actor="ada", now=lists.now)
    with pytest.raises(NotFoundError):
        lists.keep.remove(ListName.ALLOW, second, actor="ada", now=lists.now)


def test_an_entry_ends_at_its_instant_and_then_makes_room(lists: Lists) -> None:
    end = end_of_day(date(2026, 11, 23))
    lists.add("allow", "ip", "81.2.69.142", expires_at=end)
    last, over = end - lists.now - timedelta(microseconds=1), end - lists.now

    assert (len(lists.hits(later=last)), lists.hits(later=over)) == (1, [])
    with pytest.raises(ConflictError, match="already"):
        lists.add("allow", "ip", "81.2.69.142")
    lists.now += timedelta(days=1)
    again = lists.add("allow", "ip", "81.2.69.142")
    assert lists.hits() == [("allow", "ip", again)]


def test_one_value_may_stand_on_several_lists_and_everything_that_holds_is_told(lists: Lists) -> None:
    ids = {name: lists.add(name, "ip", "81.2.69.142") for name in ("block", "allow", "exempt")}
    domain = lists.add("block", "email_domain", "college.example")

    assert set(lists.hits()) == {
        *((name, "ip", entry_id) for name, entry_id in ids.items()),
        ("block", "email_domain", domain),
    }


def test_an_entry_is_found_by_the_name_of_its_identifier_alone(lists: Lists) -> None:
    entry_id = lists.add("exempt", "device", "d-1")
    lists.add("exempt", "device", "d-2")
    lists.add("block", "device", "d-1")
    with lists.store.begin() as work:
        (key,) = work.clusters.keys_of([(IdentifierKind.DEVICE, "d-1")])

    found = lists.keep.of_identifier(
        ListName.EXEMPT, identifier_handle(key.kind, key.digest), actor="ada", now=lists.now
    )

    assert [each.id for each in found] == [entry_id]
    with lists.store.begin() as work:
        assert [each.action for each in work.audit.entries(actor="ada", limit=1)] == ["list.read"]


def test_decisions_between_two_looks_ask_nothing_and_a_look_reads_only_what_changed(lists: Lists) -> None:
    lists.add("block", "ip", "81.2.69.142")
    lists.hits()
    before = lists.begins

    for _ in range(5):
        assert len(lists.in_force(lambda: lists.signals, lists.now)) == 1
    assert lists.begins == before
    lists.hits()
    assert lists.begins == before + 1


def test_lists_once_read_go_on_holding_while_the_database_is_away(lists: Lists, reference: Reference) -> None:
    lists.broken = True
    with pytest.raises(UnavailableError):
        lists.hits()
    lists.broken = False
    lists.add("block", "ip", "81.2.69.142")
    seen = [lists.hits()]
    lists.broken = True

    assert lists.hits() == seen[0]


def test_an_import_takes_the_good_lines_and_reports_the_bad_ones(lists: Lists) -> None:
    lists.add("block", "bin", "411111")
    lines = [
        "Kind,value,reason,owner,expires",
        "email_domain,farm.example,sold mailboxes,ada,2027-01-31",
        "email_domain,FARM.example,again,ada,",
        "bin,411111,known,ada,",
        "bin,12,short,ada,",
        "shoe_size,42,odd,ada,",
        "ip,81.2.69.142,no owner,,",
        "ip,81.2.69.143,late,ada,2020-01-01",
        "ip,81.2.69.144,odd day,ada,tomorrow",
        "ip,81.2.69.145",
        "ip,81.2.69.146,too,many,2027-01-01,fields",
        '"device","a, b",quoted,ada,',
    ]

    done = lists.keep.load(ListName.BLOCK, lines, owner=None, actor="ada", now=lists.now)

    assert done.added == 2
    assert {bad.line: bad.problem.split(" ")[0] for bad in done.bad} == {
        3: "stands",
        4: "is",
        5: "value",
        6: "kind",
        7: "owner",
        8: "expires",
        9: "expires",
        10: "line",
        11: "line",
    }
    page = lists.keep.page(ListName.BLOCK, actor="ada", now=lists.now)
    assert {entry.value for entry in page} == {"411111", "farm.example", "a, b"}


@pytest.mark.parametrize("header", ["", "value,reason", "kind,value,reason,colour"])
def test_an_import_without_a_usable_header_is_refused(lists: Lists, header: str) -> None:
    with pytest.raises(InvalidError) as refused:
        lists.keep.load(ListName.BLOCK, [header, "ip,81.2.69.142,r"], owner="ada", actor="ada", now=lists.now)

    assert all(name in str(refused.value) for name in CSV_COLUMNS)


def test_a_line_that_cannot_be_read_costs_no_other_line(lists: Lists) -> None:
    lines = [
        "kind,value,reason,owner,expires\n",
        "ip,81.2.69.142,before,ada,\n",
        f"ip,{'y' * (csv.field_size_limit() + 1)},long,ada,\n",
        "ip,81.2.69.143,last day of all,ada,9999-12-31\n",
        "ip,81.2.69.144,after,ada,9999-12-30\n",
    ]

    done = lists.keep.load(ListName.BLOCK, lines, owner=None, actor="ada", now=lists.now)

    assert done.added == 2
    assert [(bad.line, bad.problem) for bad in done.bad] == [
        (3, "line must be CSV with fields of 131,072 characters at most"),
        (4, "expires must be a day before 9999-12-31; without one an entry holds for good"),
    ]


def test_a_header_that_cannot_be_read_is_refused(lists: Lists) -> None:
    with pytest.raises(InvalidError, match="must name the columns"):
        lists.keep.load(ListName.BLOCK, ["k" * (csv.field_size_limit() + 1)], owner="ada", actor="ada", now=lists.now)


def test_a_long_import_goes_in_batches(lists: Lists) -> None:
    lines = ["kind,value,reason", *(f"device,d{at},r" for at in range(1_201)), "device,d7,again"]

    done = lists.keep.load(ListName.BLOCK, lines, owner="ada", actor="ada", now=lists.now)

    assert (done.added, [bad.line for bad in done.bad]) == (1_201, [1_203])
    with lists.store.begin() as work:
        assert work.lists.count() == 1_201


def test_a_list_is_read_page_by_page_and_every_deed_is_audited_without_the_value(lists: Lists) -> None:
    ids = [lists.add("allow", "device", f"d-{at}") for at in range(3)]
    first = lists.keep.page(ListName.ALLOW, limit=2, actor="bob", now=lists.now)
    rest = lists.keep.page(ListName.ALLOW, before=first[-1].id, limit=2, actor="bob", now=lists.now)
    lists.keep.remove(ListName.ALLOW, ids[0], actor="eve", now=lists.now)

    assert [entry.id for entry in (*first, *rest)] == ids[::-1]
    assert first[0].value == "d-2"
    with lists.store.begin() as work:
        entries = work.audit.entries()
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("list.removed", "eve"),
        ("list.read", "bob"),
        ("list.read", "bob"),
        *[("list.added", "ada")] * 3,
    ]
    assert "d-2" not in str(entries)


def test_of_two_who_add_a_value_at_once_the_second_is_refused(lists: Lists) -> None:
    lists.add("allow", "ip", "81.2.69.142")
    with lists.store.begin() as work:
        (entry,) = work.lists.page(ListName.ALLOW)
        work.lists.add(replace(entry, id="another"))
        with pytest.raises(ConflictError):
            work.commit()
    assert len(lists.hits()) == 1


def test_the_lists_are_bounded(lists: Lists, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.usecases.keep_lists.MOST_ENTRIES", 1)
    lists.add("allow", "ip", "81.2.69.142")

    with pytest.raises(ConflictError, match="at most"):
        lists.add("block", "ip", "81.2.69.143")


@pytest.mark.parametrize("database", ["sqlite_url", "postgresql_url"])
def test_no_value_stands_in_the_table_in_clear_and_old_keys_still_find_it(
    database: str, request: pytest.FixtureRequest, open_store: Callable[..., Any], reference: Reference, noon: datetime
) -> None:
    url = request.getfixturevalue(database)
    old, new = (1, bytes(range(32, 64))), (2, bytes(range(64, 96)))
    Lists(open_store(url, pseudonyms=(old,)), reference, noon).add("block", "email_domain", "college.example")

    rotated = Lists(open_store(url, pseudonyms=(new, old)), reference, noon)

    assert [name for name, _, _ in rotated.hits()] == ["block"]
    read = rotated.store._database().read
    rows = read(lambda connection: connection.exec_driver_sql("SELECT * FROM list_entries").fetchall())
    assert len(rows) == 1
    assert "college" not in str(rows)
