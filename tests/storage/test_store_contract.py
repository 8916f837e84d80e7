"""What every store promises of what is written: nothing before the commit, all of it after, a sign-up once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import Window
from models.signup import (
    AccountType,
    Behaviour,
    Captcha,
    CheckResult,
    Device,
    Funding,
    Identity,
    Institution,
    NetworkReport,
    Payment,
    PaymentChecks,
    PaymentMethod,
    PriorChecks,
    Role,
    Signup,
    Sponsor,
)
from service.domain.decision import Assessment
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import AlreadyRecordedError, AuditEntry, NewRecord
from service.usecases.ports_search import SearchQuery

Store = MemoryStore | SqlStore
Make = Callable[..., NewRecord]
RecordAll = Callable[..., None]
DEVICE = Identifier(IdentifierKind.DEVICE, "device-1", counted="oriane@college.example")


def whole_signup(occurred_at: datetime) -> Signup:
    """A sign-up with every part filled in."""
    return Signup(
        signup_id="su_whole",
        account_type=AccountType.RESEARCH,
        occurred_at=occurred_at,
        identity=Identity(
            full_name="Oriane Maupertuis Ågren 王",
            country="FR",
            birth_year=1999,
            role=Role.RESEARCHER,
            institution=Institution(name="Collège d'Exemple", country="FR"),
            sponsor=Sponsor(email="dean@college.example"),
        ),
        email="oriane@college.example",
        phone="+33100000000",
        payment=Payment(
            method=PaymentMethod.CARD,
            fingerprint="fp_1",
            bin="424242",
            funding=Funding.PREPAID,
            checks=PaymentChecks(cvc=CheckResult.FAIL),
        ),
        device=Device(ip="2001:db8::7", network=NetworkReport(vpn=True, last_seen=date(2026, 11, 20))),
        behaviour=Behaviour(form_seconds=74.25, pasted_fields=("email",), stated_use="Protein folding"),
        prior_checks=PriorChecks(email_verified=True, captcha=Captcha.PASSED),
        custom={"campaign": "spring", "weight": 0.5, "tried": 2, "paid": False},
    )


def is_recorded(store: Store, signup_id: str, now: datetime) -> bool:
    with store.begin() as work:
        return work.ledger.look("acme", signup_id, (), now=now).answer is not None


def test_what_is_recorded_reads_back_whole(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    signup = whole_signup(noon - timedelta(microseconds=1))
    assessment = make_assessment()
    record = make_record(signup=signup, at=noon, assessment=assessment)
    record_all(store, record)

    with store.begin() as work:
        found = work.ledger.get("acme", record.id)

    assert found is not None
    assert (found.signup, found.assessments, found.recorded_at, found.owner) == (signup, (assessment,), noon, "acme")


def test_a_record_belongs_to_its_owner_alone(store: Store, make_record: Make, record_all: RecordAll) -> None:
    record = make_record()
    record_all(store, record)

    with store.begin() as work:
        assert work.ledger.get("another", record.id) is None
        assert work.ledger.get(None, record.id) is not None
        assert work.ledger.search("another", SearchQuery()) == ()


def test_nothing_staged_is_visible_before_commit(store: Store, make_record: Make, noon: datetime) -> None:
    with store.begin() as work:
        work.ledger.append(make_record("su_1", identifiers=(DEVICE,)))
        assert not is_recorded(store, "su_1", noon)
        linkage = work.ledger.look("acme", "x", (DEVICE,), now=noon + timedelta(1)).linkage
        assert linkage.links(DEVICE.kind, Window.WEEK) == 0

        work.commit()

        assert is_recorded(store, "su_1", noon)


def test_leaving_without_commit_discards_everything(store: Store, make_record: Make, noon: datetime) -> None:
    with store.begin() as work:
        work.ledger.append(make_record("su_1"))
        work.audit.add(AuditEntry(noon, "key:k1", "tried", "su_1", {}))
        work.policies.add("x = 1", at=noon, by="ops", reason="try", activate=True)

    def fail_half_way() -> None:
        with store.begin() as work:
            work.ledger.append(make_record("su_2"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()

    with store.begin() as work:
        work.commit()
        assert work.ledger.search(None, SearchQuery()) == ()
        assert work.audit.entries() == ()
        assert work.policies.active() is None


def test_a_refused_write_takes_the_whole_unit_with_it(
    store: Store, make_record: Make, record_all: RecordAll, noon: datetime
) -> None:
    record_all(store, make_record("su_1"))

    with store.begin() as work:
        work.ledger.append(make_record("su_2", identifiers=(DEVICE,)))
        work.ledger.append(make_record("su_1"))
        with pytest.raises(AlreadyRecordedError):
            work.commit()

    with store.begin() as work:
        assert [found.signup_id for found in work.ledger.search(None, SearchQuery())] == ["su_1"]
        assert len(work.audit.entries()) == 1
        look = work.ledger.look("acme", "x", (DEVICE,), now=noon + timedelta(1))
        assert look.linkage.links(DEVICE.kind, Window.WEEK) == 0


def test_a_signup_id_is_recorded_once_an_owner(store: Store, make_record: Make, record_all: RecordAll) -> None:
    record_all(store, make_record("su_1"), make_record("su_1", owner="another"))

    with store.begin() as work:
        work.ledger.append(make_record("su_1"))
        with pytest.raises(AlreadyRecordedError):
            work.commit()


def test_the_recorded_answer_is_given_again_byte_for_byte(
    store: Store, make_record: Make, record_all: RecordAll, noon: datetime
) -> None:
    record_all(store, make_record("su_1", answer=b'{"a": "\xc3\xa9"}', fingerprint=b"\x07" * 32))

    with store.begin() as work:
        look = work.ledger.look("acme", "su_1", (DEVICE,), now=noon)

    assert look.answer is not None
    assert (look.answer.body, look.answer.fingerprint) == (b'{"a": "\xc3\xa9"}', b"\x07" * 32)


def test_of_sixteen_racing_for_one_signup_id_one_records(store: Store, make_record: Make, noon: datetime) -> None:
    def race(runner: int) -> str:
        with store.begin() as work:
            work.ledger.append(make_record("su_1", identifiers=(DEVICE,), answer=b"%d" % runner))
            try:
                work.commit()
            except AlreadyRecordedError:
                return "beaten"
            return str(runner)

    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(race, range(16)))

    winners = [result for result in results if result != "beaten"]
    with store.begin() as work:
        look = work.ledger.look("acme", "su_1", (), now=noon)
        later = work.ledger.look("acme", "x", (DEVICE,), now=noon + timedelta(1))
        assert len(work.audit.entries()) == 1
    assert look.answer is not None
    assert [look.answer.body.decode()] == winners
    assert later.linkage.links(DEVICE.kind, Window.WEEK) == 1


def test_an_identifier_carried_twice_is_one_link(
    store: Store, make_record: Make, record_all: RecordAll, noon: datetime
) -> None:
    record_all(store, make_record(identifiers=(DEVICE, Identifier(DEVICE.kind, DEVICE.value, "other"))))

    with store.begin() as work:
        look = work.ledger.look("acme", "x", (DEVICE,), now=noon + timedelta(1))

    assert (look.linkage.links(DEVICE.kind, Window.WEEK), look.linkage.others(DEVICE.kind)) == (1, 0)


def test_audit_entries_read_back_newest_first(store: Store, noon: datetime) -> None:
    entries = [
        AuditEntry(noon + timedelta(seconds=at), "key:k1", "signups.searched", "acme", {"by": ["ip"], "found": at})
        for at in range(3)
    ]
    with store.begin() as work:
        for entry in entries:
            work.audit.add(entry)
        work.commit()

    with store.begin() as work:
        assert work.audit.entries(subject="acme", limit=2) == (entries[2], entries[1])
        assert work.audit.entries(subject="another") == ()


def test_every_store_can_be_probed(store: Store) -> None:
    store.probe()
    store.probe()
    store.checkpoint()
