"""What every store promises: staging, rollback, one record a sign-up, what is read back, keys and policies.

Long, because it is one contract: every store is held to all of it.
"""

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
from service.domain.decision import Assessment, Decision, Explored, Reason
from service.domain.errors import ConflictError, NotFoundError
from service.domain.event import APART, Event, EventType
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import AlreadyRecordedError, AuditEntry, NewRecord
from service.usecases.ports_api_keys import ApiKey
from service.usecases.ports_recordings import FirstDecision
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


def test_another_assessment_joins_the_history_and_leaves_the_first(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    first = make_assessment()
    second = make_assessment(
        decided_at=noon + timedelta(hours=1), decision=Decision.DENY, score=None, model=None, vector=None
    )
    record = make_record(assessment=first)
    record_all(store, record)

    with store.begin() as work:
        found = work.ledger.get("acme", record.id)
        assert found is not None
        work.ledger.append_assessment(
            found.signup_no, second, AuditEntry(noon, "key:k1", "signup.reassessed", record.id, {})
        )
        work.commit()
        again = work.ledger.get("acme", record.id)

        assert again is not None
        assert again.assessments == (first, second)
        assert [entry.action for entry in work.audit.entries(subject=record.id)] == [
            "signup.reassessed",
            "signup.recorded",
        ]
        assert [each.decision for each in work.ledger.search("acme", SearchQuery())] == [Decision.DENY]


def test_assessments_of_many_sign_ups_are_written_together_as_they_are(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    records = [make_record() for _ in range(3)]
    record_all(store, *records)
    text = "quotes ' \" and \\ and %(rows)s, a line\n, a tab\t, Ågren 王 🙂"
    later = noon + timedelta(hours=1)
    made = [
        make_assessment(decided_at=later, vector=bytes(range(256)), reasons=(Reason("A", "rule", text, -0.1),)),
        make_assessment(decided_at=later, score=None, model=None, vector=None, degraded=True, degraded_reason=text),
        make_assessment(decided_at=later, score=0.1 + 0.2, signals={"email": {"free": None, "pattern": text}}),
    ]

    with store.begin() as work:
        for record, assessment in zip(records, made, strict=True):
            found = work.ledger.get("acme", record.id)
            assert found is not None
            events = [
                Event(f"{name}-{record.id}", EventType.SIGNUP_CHANGED, "acme", record.id, later, later, {"text": text})
                for name in ("first", "second")
            ]
            audit = AuditEntry(later, "worker", "signup.reassessed", record.id, {"text": text})
            work.ledger.append_assessment(found.signup_no, assessment, audit, events)
        work.commit()

    with store.begin() as work:
        for record, assessment in zip(records, made, strict=True):
            found = work.ledger.get("acme", record.id)
            assert found is not None
            assert found.assessments[-1] == assessment
            told = work.events.of_subject(record.id)
            assert [each.id for each in told][-2:] == [f"first-{record.id}", f"second-{record.id}"]
            assert told[-1].data == {"text": text}
            assert work.audit.entries(subject=record.id)[0].detail == {"text": text}


def test_an_assessment_that_follows_from_what_is_not_the_last_one_is_refused_with_all_that_belongs_to_it(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    later = noon + timedelta(hours=1)
    first, second = make_assessment(), make_assessment(decided_at=later, decision=Decision.DENY)
    record = make_record(assessment=first)
    record_all(store, record)

    def append(assessment: Assessment, *, after: str, due: timedelta) -> None:
        event = Event(assessment.id, EventType.SIGNUP_CHANGED, "acme", record.id, later, later + due, {})
        with store.begin() as work:
            found = work.ledger.get("acme", record.id)
            assert found is not None
            audit = AuditEntry(later, "worker", "signup.reassessed", record.id, {})
            work.ledger.append_assessment(found.signup_no, assessment, audit, [event], after=after)
            work.commit()

    append(second, after=first.id, due=timedelta(hours=9))
    with pytest.raises(ConflictError):
        append(make_assessment(decided_at=later), after=first.id, due=timedelta(0))

    with store.begin() as work:
        again = work.ledger.get("acme", record.id)
        assert again is not None
        assert again.assessments == (first, second)
        assert [each.due_at for each in work.events.of_subject(record.id)][-1] == later + timedelta(hours=9)
        assert len(work.audit.entries(subject=record.id)) == 2


def test_what_is_told_of_a_sign_up_is_due_before_what_is_told_of_it_later(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    one, other = make_record(assessment=make_assessment()), make_record(assessment=make_assessment())
    record_all(store, one, other)

    def tell(record: NewRecord, name: str, due: timedelta) -> None:
        event = Event(name, EventType.SIGNUP_CHANGED, "acme", record.id, noon, noon + due, {})
        with store.begin() as work:
            found = work.ledger.get("acme", record.id)
            assert found is not None
            audit = AuditEntry(noon, "worker", "signup.reassessed", record.id, {})
            work.ledger.append_assessment(found.signup_no, make_assessment(), audit, [event])
            work.commit()

    tell(other, "another's", timedelta(hours=9))
    tell(one, "first", timedelta(hours=9))
    tell(one, "second", timedelta(hours=3))
    tell(one, "third", timedelta(hours=5))

    with store.begin() as work:
        due = [(each.id, each.due_at - noon) for each in work.events.of_subject(one.id)][-3:]
        three, five = timedelta(hours=3), timedelta(hours=5)
        assert due == [("first", three - APART), ("second", three), ("third", five)]
        assert work.events.of_subject(other.id)[-1].due_at == noon + timedelta(hours=9)


@pytest.fixture
def searched(
    store: Store, make_record: Make, record_all: RecordAll, make_assessment: Callable[..., Assessment], noon: datetime
) -> Store:
    """Five sign-ups an hour apart: su_0 … su_4; the odd ones are on ``DEVICE`` and denied, su_0 is record-only."""
    for number in range(5):
        record_all(
            store,
            make_record(
                f"su_{number}",
                at=noon + timedelta(hours=number),
                identifiers=(DEVICE,) if number % 2 else (Identifier(IdentifierKind.IP, "192.0.2.7"),),
                account_type=AccountType.RESEARCH if number == 4 else AccountType.EDUCATIONAL,
                assessment=make_assessment(decision=Decision.DENY if number % 2 else Decision.ALLOW)
                if number
                else None,
            ),
        )
    return store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (SearchQuery(), ["su_4", "su_3", "su_2", "su_1", "su_0"]),
        (SearchQuery(identifiers=((DEVICE.kind, DEVICE.value),)), ["su_3", "su_1"]),
        (SearchQuery(identifiers=((DEVICE.kind, DEVICE.value), (IdentifierKind.IP, "192.0.2.7"))), []),
        (SearchQuery(identifiers=((IdentifierKind.PHONE, DEVICE.value),)), []),
        (SearchQuery(signup_id="su_2"), ["su_2"]),
        (SearchQuery(account_type=AccountType.RESEARCH), ["su_4"]),
        (SearchQuery(decision=Decision.ALLOW), ["su_4", "su_2"]),
        (SearchQuery(limit=2), ["su_4", "su_3"]),
    ],
)
def test_a_search_finds_what_holds_newest_first(searched: Store, query: SearchQuery, expected: list[str]) -> None:
    with searched.begin() as work:
        assert [found.signup_id for found in work.ledger.search("acme", query)] == expected


def test_a_search_finds_by_what_an_id_ends_in(searched: Store) -> None:
    with searched.begin() as work:
        wanted = work.ledger.search("acme", SearchQuery(signup_id="su_2"))[0]
        found = work.ledger.search("acme", SearchQuery(id_ends_in=wanted.id[-12:]))
        assert work.ledger.search("other", SearchQuery(id_ends_in=wanted.id[-12:])) == ()
        assert work.ledger.search("acme", SearchQuery(id_ends_in="%")) == ()

    assert [each.signup_id for each in found] == ["su_2"]


def test_a_search_in_time_includes_its_start_and_not_its_end(searched: Store, noon: datetime) -> None:
    query = SearchQuery(recorded_from=noon + timedelta(hours=1), recorded_before=noon + timedelta(hours=3))
    with searched.begin() as work:
        assert [found.signup_id for found in work.ledger.search("acme", query)] == ["su_2", "su_1"]


def test_pages_of_a_search_meet_without_gap_or_overlap(searched: Store) -> None:
    seen: list[str] = []
    before: int | None = None
    with searched.begin() as work:
        while page := work.ledger.search("acme", SearchQuery(limit=2, before_no=before)):
            seen += [found.signup_id for found in page]
            before = page[-1].signup_no

    assert seen == ["su_4", "su_3", "su_2", "su_1", "su_0"]


def test_a_found_line_tells_the_decision_and_a_record_only_one_has_none(searched: Store, noon: datetime) -> None:
    with searched.begin() as work:
        found = work.ledger.search("acme", SearchQuery())

    assert (found[0].decision, found[0].score) == (Decision.ALLOW, 0.412)
    assert (found[-1].decision, found[-1].score, found[-1].recorded_at) == (None, None, noon)


def test_a_stream_is_in_the_order_of_recording_and_goes_on_after_a_number(
    store: Store, make_record: Make, record_all: RecordAll, noon: datetime
) -> None:
    # The third was recorded by a clock that was behind; the last two share an instant.
    for name, minutes in (("a", 1), ("b", 2), ("c", 0), ("d", 5), ("e", 5)):
        record_all(store, make_record(name, at=noon + timedelta(minutes=minutes)))

    with store.begin() as work:
        whole = list(work.ledger.stream())
        rest = list(work.ledger.stream(after_no=whole[1].signup_no))

    assert [each.signup.signup_id for each in whole] == ["c", "a", "b", "d", "e"]
    assert [each.signup.signup_id for each in rest] == ["b", "d", "e"]


def test_recordings_come_in_order_with_their_first_decision_over_several_pages(
    store: Store, make_record: Make, make_assessment: Callable[..., Assessment], noon: datetime
) -> None:
    drawn = Explored(Decision.REVIEW, allowed=True, propensity=0.02)
    first = make_assessment(decision=Decision.ALLOW, vector=b"0123", explored=drawn)
    with store.begin() as work:
        work.ledger.append(make_record("su_0", at=noon, assessment=first))
        for number in range(1, 300):
            work.ledger.append(make_record(f"su_{number}", at=noon + timedelta(seconds=number // 7)))
        work.ledger.append(make_record("su_300", at=noon + timedelta(hours=1), assessment=None))
        work.commit()
    with store.begin() as work:
        number = next(iter(work.recordings.stream())).signup_no
        later = make_assessment(score=0.9, decided_at=noon + timedelta(days=1))
        work.ledger.append_assessment(number, later, AuditEntry(noon, "key:k", "again", "r", {}))
        work.commit()

    with store.begin() as work:
        found = list(work.recordings.stream())
        recorded = list(work.ledger.stream())

    assert [each.signup.signup_id for each in found] == [f"su_{number}" for number in range(301)]
    assert [(each.id, each.signup_no, each.recorded_at, each.signup) for each in found] == [
        (each.id, each.signup_no, each.recorded_at, each.signup) for each in recorded
    ]
    assert found[0].first == FirstDecision(Decision.ALLOW, first.score, b"0123", drawn)
    assert found[-1].first is None


def test_a_stream_longer_than_a_page_has_every_record_once(store: Store, make_record: Make, noon: datetime) -> None:
    with store.begin() as work:
        for number in range(450):
            work.ledger.append(make_record(f"su_{number}", at=noon + timedelta(seconds=number // 7)))
        work.commit()

    with store.begin() as work:
        assert [each.signup.signup_id for each in work.ledger.stream()] == [f"su_{number}" for number in range(450)]


def test_a_stream_after_a_number_that_is_not_there_is_refused(store: Store) -> None:
    with store.begin() as work, pytest.raises(NotFoundError):
        list(work.ledger.stream(after_no=17))


def api_key(key_id: str, created_at: datetime) -> ApiKey:
    return ApiKey(key_id, f"key {key_id}", "acme", frozenset({"signups", "review"}), b"\x01" * 32, created_at)


def test_api_keys_are_kept_and_listed_oldest_first(store: Store, noon: datetime) -> None:
    newer, older = api_key("k_a", noon), api_key("k_b", noon - timedelta(days=1))
    with store.begin() as work:
        work.keys.add(newer)
        work.keys.add(older)
        work.commit()

    with store.begin() as work:
        assert work.keys.get("k_a") == newer
        assert work.keys.get("k_c") is None
        assert work.keys.all() == (older, newer)


def test_a_revoked_key_stays_revoked_at_its_first_instant(store: Store, noon: datetime) -> None:
    for write in (
        lambda work: work.keys.add(api_key("k_a", noon)),
        lambda work: work.keys.revoke("k_a", at=noon + timedelta(hours=1)),
        lambda work: work.keys.revoke("k_a", at=noon + timedelta(hours=2)),
    ):
        with store.begin() as work:
            write(work)
            work.commit()

    with store.begin() as work:
        found = work.keys.get("k_a")
        assert found is not None
        assert found.revoked_at == noon + timedelta(hours=1)
        assert not work.keys.revoke("k_none", at=noon)


def test_the_highest_activated_policy_is_in_force(store: Store, noon: datetime) -> None:
    with store.begin() as work:
        for document, activate in (("one", True), ("two", True), ("three", False)):
            work.policies.add(document, at=noon, by="ops", reason="better", activate=activate)
        work.commit()

    with store.begin() as work:
        active = work.policies.active()
        assert active is not None
        assert (active.version, active.document, active.activated_at) == (2, "two", noon)
        assert [policy.version for policy in work.policies.all()] == [1, 2, 3]


def test_of_two_policies_added_at_once_the_second_is_refused(store: Store, noon: datetime) -> None:
    with store.begin() as first, store.begin() as second:
        first.policies.add("one", at=noon, by="a", reason="r", activate=True)
        second.policies.add("two", at=noon, by="b", reason="r", activate=True)
        first.commit()

        with pytest.raises(ConflictError):
            second.commit()


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
