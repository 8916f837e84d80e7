"""Attacks: started by corroborated surprises, told to every owner concerned, ended by silence; on every store."""

from __future__ import annotations

import itertools
import json
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.reference.reference import Reference
from service.config import PREFIX, read_settings
from service.domain.attack import ENDS_AFTER, SIGNUPS_TO_START, STARTS_WITHIN, Attack, key_id
from service.domain.caller import Caller, Scope
from service.domain.decision import Assessment, Decision
from service.domain.errors import ConflictError
from service.domain.event import Event
from service.jobs import jobs_of
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import AuditEntry, NewRecord
from service.usecases.watch_attacks import ListAttacks, WatchAttacks
from service.worker import Worker

Kind = IdentifierKind
Store = MemoryStore | SqlStore
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PATTERN = Identifier(Kind.EMAIL_PATTERN, "w.w##@clear.example")
BIN = Identifier(Kind.BIN, "424242")
FORM = Identifier(Kind.FORM_LANGUAGE, "4|cy-GB")
CARRIED = (PATTERN, BIN, FORM)
TWO = {"email_pattern": 91, "bin": 64}


def linkage(surprises: Mapping[str, int], *, frauds: int = 0, one_place: int = 0) -> dict[str, dict[str, int]]:
    """What an assessment records of sign-ups whose keys surprise."""
    campaign = {"keys": len(surprises), "surprise": max(surprises.values(), default=0), "one_place": one_place}
    document = {"device": {"links_1h": 1}, "cluster": {"frauds": frauds}}
    return document | ({"campaign": campaign | dict(surprises)} if surprises else {})


class Watched:
    """A store that decisions are recorded in, and the worker's watch over it."""

    def __init__(self, store: Store, make_record: Callable[..., NewRecord]) -> None:
        self.store = store
        self.numbers = itertools.count(1)
        self._make = make_record

    def record(self, at: datetime, surprises: Mapping[str, int], owner: str = "acme", **signs: int) -> NewRecord:
        return self._make(
            f"su_{next(self.numbers)}",
            at=at,
            owner=owner,
            identifiers=CARRIED,
            assessment=assessment(at, linkage(surprises, **signs)),
        )

    def came(
        self,
        count: int,
        at: datetime = NOON,
        surprises: Mapping[str, int] = TWO,
        *,
        every: timedelta = MINUTE,
        owner: str = "acme",
        **signs: int,
    ) -> None:
        for number in range(count):
            with self.store.begin() as work:
                work.ledger.append(self.record(at + number * every, surprises, owner, **signs))
                work.commit()

    def watch(self, now: datetime) -> int:
        with self.store.begin() as work:
            work.audit.seal(at=now)
        return WatchAttacks(self.store.begin, lambda _: str(uuid.uuid4()))(now)

    def attacks(self, owner: str = "acme") -> Sequence[Attack]:
        return ListAttacks(self.store.begin)(caller=Caller(owner, "k1", frozenset({Scope.REVIEW})))

    def events(self, attack: Attack) -> Sequence[Event]:
        with self.store.begin() as work:
            return work.events.of_subject(attack.id)

    def going_on(self) -> int:
        with self.store.begin() as work:
            return work.attacks.count_open()


def assessment(at: datetime, of_linkage: Mapping[str, Mapping[str, int]]) -> Assessment:
    return Assessment(
        id=str(uuid.uuid4()),
        decided_at=at,
        decision=Decision.ALLOW,
        score=0.1,
        reasons=(),
        rules=(),
        vector=None,
        signals={},
        linkage=of_linkage,
        model=None,
        policy_version=1,
    )


@pytest.fixture
def watched(store: Store, make_record: Callable[..., NewRecord]) -> Watched:
    return Watched(store, make_record)


def test_enough_corroborated_surprises_within_an_hour_start_an_attack_on_each_key(watched: Watched) -> None:
    watched.came(SIGNUPS_TO_START - 1)
    assert (watched.watch(NOON + 5 * MINUTE), watched.attacks()) == (0, ())
    watched.came(3, NOON + 10 * MINUTE, {"email_pattern": 104, "bin": 60})
    now = NOON + 15 * MINUTE

    assert watched.watch(now) == 2

    of_kind = {each.kind: each for each in watched.attacks()}
    assert set(of_kind) == {Kind.EMAIL_PATTERN, Kind.BIN}
    pattern = of_kind[Kind.EMAIL_PATTERN]
    assert (pattern.signups, pattern.surprise, pattern.owners) == (7, 104, {"acme"})
    assert (pattern.started_at, pattern.first_seen_at, pattern.last_seen_at) == (now, NOON, NOON + 12 * MINUTE)
    assert (pattern.ended_at, of_kind[Kind.BIN].surprise, watched.going_on()) == (None, 64, 2)


def test_the_event_names_key_kind_surprise_and_times_and_nothing_in_clear(watched: Watched) -> None:
    watched.came(SIGNUPS_TO_START)
    watched.watch(NOON + 5 * MINUTE)

    pattern = next(each for each in watched.attacks() if each.kind is Kind.EMAIL_PATTERN)
    [event] = watched.events(pattern)
    assert (event.type, event.owner) == ("attack.started", "acme")
    assert event.data == {
        "id": pattern.id,
        "key": {"kind": "email_pattern", "id": pattern.key},
        "surprise": 9.1,
        "signups": SIGNUPS_TO_START,
        "first_seen_at": NOON.isoformat(),
        "last_seen_at": (NOON + 4 * MINUTE).isoformat(),
        "started_at": (NOON + 5 * MINUTE).isoformat(),
        "ended_at": None,
    }
    assert "clear.example" not in json.dumps(dict(event.data))


def test_a_key_keeps_its_name_and_shares_it_with_no_other() -> None:
    names = {key_id(kind, digest) for kind in (Kind.BIN, Kind.BIN_COUNTRY) for digest in (b"1", b"2")}

    assert len(names) == 4
    assert key_id(Kind.BIN, b"1") in names


@pytest.mark.parametrize(
    ("surprises", "signs"),
    [
        ({"email_pattern": 300}, {}),
        # The same cards, said twice.
        ({"bin": 300, "bin_country": 300}, {}),
        # A class in its own computer room.
        ({"email_pattern": 300, "profile_network": 300, "form_language": 300}, {"one_place": 1}),
        ({}, {"frauds": 3}),
    ],
)
def test_a_burst_without_another_sign_is_no_attack(
    watched: Watched, surprises: Mapping[str, int], signs: dict[str, int]
) -> None:
    watched.came(40, surprises=surprises, **signs)

    assert (watched.watch(NOON + STARTS_WITHIN), watched.attacks()) == (0, ())


def test_one_key_with_frauds_in_the_cluster_is_an_attack(watched: Watched) -> None:
    watched.came(SIGNUPS_TO_START, surprises={"email_pattern": 70}, frauds=1)

    assert watched.watch(NOON + 9 * MINUTE) == 1


def test_surprises_further_apart_than_an_hour_do_not_add_up(watched: Watched) -> None:
    watched.came(3 * SIGNUPS_TO_START, every=STARTS_WITHIN / (SIGNUPS_TO_START - 1))

    assert (watched.watch(NOON + 12 * STARTS_WITHIN), watched.attacks()) == (0, ())


def test_an_attack_goes_on_with_every_surprise_and_ends_when_it_is_quiet(watched: Watched) -> None:
    watched.came(SIGNUPS_TO_START, surprises=TWO)
    watched.watch(NOON + 5 * MINUTE)
    last = NOON + timedelta(hours=5)
    # One key alone goes on: no start, but no silence either.
    watched.came(1, last, {"email_pattern": 61})

    assert watched.watch(last + MINUTE) == 0
    assert watched.watch(NOON + ENDS_AFTER + 10 * MINUTE) == 1
    going_on, ended = watched.attacks()
    assert (going_on.kind, going_on.signups, going_on.last_seen_at) == (Kind.EMAIL_PATTERN, 6, last)
    assert (ended.kind, ended.ended_at) == (Kind.BIN, NOON + ENDS_AFTER + 10 * MINUTE)
    assert watched.watch(last + ENDS_AFTER + MINUTE) == 1
    assert watched.going_on() == 0

    assert [each.type for each in watched.events(ended)] == ["attack.started", "attack.ended"]
    over = watched.events(going_on)[-1].data
    assert (over["signups"], over["ended_at"]) == (6, (last + ENDS_AFTER + MINUTE).isoformat())


def test_a_key_that_was_attacked_may_be_attacked_again(watched: Watched) -> None:
    for start in (NOON, NOON + 3 * ENDS_AFTER):
        watched.came(SIGNUPS_TO_START, start)
        watched.watch(start + 9 * MINUTE)
        watched.watch(start + 2 * ENDS_AFTER)

    assert len(watched.attacks()) == 4
    assert watched.going_on() == 0


def test_every_owner_concerned_is_told_once_and_sees_the_attack_and_nobody_else_does(watched: Watched) -> None:
    watched.came(SIGNUPS_TO_START - 1, owner="acme")
    watched.came(1, NOON + 20 * MINUTE, owner="beta")
    watched.watch(NOON + 21 * MINUTE)
    watched.came(2, NOON + 30 * MINUTE, owner="gamma")
    watched.watch(NOON + 40 * MINUTE)
    watched.watch(NOON + 2 * ENDS_AFTER)

    assert len(watched.attacks("gamma")) == len(watched.attacks("acme")) == 2
    assert watched.attacks("delta") == ()
    told = [(each.type.value, each.owner) for each in watched.events(watched.attacks()[0])]
    owners = ("acme", "beta", "gamma")
    assert sorted(told) == [(f"attack.{what}", owner) for what in ("ended", "started") for owner in owners]


def test_a_sign_up_that_is_judged_again_is_no_further_one(watched: Watched) -> None:
    watched.came(SIGNUPS_TO_START - 1)
    watched.watch(NOON + 5 * MINUTE)
    with watched.store.begin() as work:
        [first, *_] = work.ledger.stream()
    for number in range(3):
        at = NOON + (6 + number) * MINUTE
        with watched.store.begin() as work:
            entry = AuditEntry(at, "key:k1", "signup.reassessed", first.id, {})
            work.ledger.append_assessment(first.signup_no, assessment(at, linkage(TWO)), entry)
            work.commit()

        assert watched.watch(at) == 0


def test_a_step_is_taken_by_one_worker(watched: Watched) -> None:
    watched.came(SIGNUPS_TO_START)
    with watched.store.begin() as work:
        work.audit.seal(at=NOON)
        step = work.attacks.next_step()
        assert step is not None
        work.attacks.advance(step, at=NOON)
        with watched.store.begin() as other:
            other.attacks.advance(step, at=NOON)
            other.commit()

        with pytest.raises(ConflictError):
            work.commit()


def test_an_attack_that_was_seen_again_meanwhile_does_not_end(watched: Watched) -> None:
    watched.came(SIGNUPS_TO_START)
    watched.watch(NOON + 5 * MINUTE)
    late = NOON + 2 * ENDS_AFTER
    with watched.store.begin() as work:
        [quiet, *_] = work.attacks.quiet(before=late)
        work.attacks.end(quiet, at=late)
        watched.came(1, late)
        watched.watch(late)

        with pytest.raises(ConflictError):
            work.commit()


def test_one_attack_at_a_time_goes_on_for_a_key(watched: Watched) -> None:
    watched.came(SIGNUPS_TO_START)
    watched.watch(NOON + 5 * MINUTE)
    with watched.store.begin() as work:
        [recorded, *_] = work.ledger.stream()
        member = work.clusters.member(recorded.signup_no)
        assert member is not None
        key = next(each for each in member.identifiers if each.kind is Kind.BIN)
        [attack] = work.attacks.open([key]).values()
        changed = Attack(**{name: getattr(attack, name) for name in attack.__slots__} | {"id": "another"})
        work.attacks.start(key, changed)

        with pytest.raises(ConflictError):
            work.commit()


def test_old_sights_are_forgotten_and_attacks_are_not(watched: Watched) -> None:
    watched.came(SIGNUPS_TO_START)
    watched.watch(NOON + 5 * MINUTE)
    watched.watch(NOON + 3 * ENDS_AFTER)

    with watched.store.begin() as work:
        assert work.attacks.forget(before=NOON + 9 * ENDS_AFTER) == 0
    assert len(watched.attacks()) == 2


def test_a_decision_that_commits_late_is_not_missed(
    postgresql_url: str, open_store: Callable[..., SqlStore], make_record: Callable[..., NewRecord]
) -> None:
    watched = Watched(open_store(postgresql_url), make_record)
    written, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        work = watched.store.begin()
        work.ledger.append(watched.record(NOON, TWO))
        [write] = work._stage.take()

        def run(connection: Any) -> None:
            write.run(connection)
            written.set()
            go_on.wait(30)

        work._database.transaction(run)

    late = threading.Thread(target=slowly)
    late.start()
    assert written.wait(30)
    # These have later numbers and are there first.
    watched.came(SIGNUPS_TO_START - 1)
    assert watched.watch(NOON + 5 * MINUTE) == 0
    go_on.set()
    late.join(30)

    assert watched.watch(NOON + 6 * MINUTE) == 2


def test_the_worker_watches(
    sql_store: SqlStore, make_record: Callable[..., NewRecord], reference: Reference, tmp_path: Path
) -> None:
    settings = read_settings({f"{PREFIX}DATA_DIR": str(tmp_path)})
    watched = Watched(sql_store, make_record)
    watched.came(SIGNUPS_TO_START)

    done = Worker(jobs_of(sql_store, settings, reference), now=lambda: NOON + 6 * MINUTE).round()

    assert done["attacks started or ended"] == 2
