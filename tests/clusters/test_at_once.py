"""Many at once: no deadlock is told to anybody, no member is lost, and who comes second is not sent away."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.marks import Mark
from service.connections import CasesOfWorker
from service.domain.caller import Caller, Scope
from service.domain.cluster import identifier_handle
from service.domain.containment import Looked
from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.domain.outcome import Label, Statement
from service.domain.reviewer import Acting, Role
from service.storage.sql import marks, partition
from service.storage.sql.cases import SqlCases
from service.storage.sql.clusters import SqlClusters
from service.storage.sql.store import SqlStore
from service.usecases.learn_identifiers import Learnt, LearntKind
from service.usecases.open_case import OpenCase, subject_of
from service.usecases.ports import NewRecord
from service.usecases.ports_after_ban import DueBan
from service.usecases.ports_clusters import Guard, Known
from service.usecases.recognise_shared import RecogniseShared
from service.usecases.workers_cases import WorkersCase

CALLER = Caller("campus", "k1", frozenset(Scope))
THREADS, SIGN_UPS, VALUES = 16, 240, 60
WORKERS = 4
ALLOW, STEP_UP, REVIEW, DENY = Decision.ALLOW, Decision.STEP_UP, Decision.REVIEW, Decision.DENY
KINDS = (IdentifierKind.DEVICE, IdentifierKind.PAYMENT, IdentifierKind.PHONE, IdentifierKind.MAILBOX)


def test_sixteen_threads_on_shared_identifiers_lose_nobody(
    postgresql_url: str,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    noon: Any,
) -> None:
    store, rng = open_store(postgresql_url), random.Random(11)
    drawn = [[Identifier(kind, f"{rng.randrange(VALUES)}") for kind in rng.sample(KINDS, 2)] for _ in range(SIGN_UPS)]

    def came(number: int) -> None:
        at, carried = noon + timedelta(milliseconds=number), drawn[number]
        with store.begin() as work:
            clusters = work.ledger.look("acme", f"su_{number}", carried, now=at).linkage.company.clusters
            record = make_record(f"su_{number}", at=at, identifiers=carried, clusters=clusters)
            work.ledger.append(record)
            work.commit()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(came, range(SIGN_UPS)))
    with store.begin() as work:
        work.clusters.settle(at=noon)
        members = list(work.clusters.recent(after_no=0, limit=SIGN_UPS + 1))
        cluster_of = {member.signup_id: work.clusters.cluster_of(member.signup_no) for member in members}
        sizes = sum(
            summary.size
            for cluster in set(cluster_of.values())
            if cluster is not None and (summary := work.clusters.summary(cluster)) is not None
        )

    assert sizes == len(members) == SIGN_UPS
    parts: dict[int | None, set[int]] = {}
    for number in range(SIGN_UPS):
        parts.setdefault(cluster_of[f"su_{number}"], set()).add(number)
    assert {frozenset(part) for part in parts.values()} == _union_find(drawn)


def at_once(call: Callable[[int], Any], numbers: Sequence[int]) -> list[Any]:
    """The call with each number, all begun at the same moment; what one raises is raised here."""
    gathered = Barrier(len(numbers))

    def begun(number: int) -> Any:
        gathered.wait()
        return call(number)

    with ThreadPoolExecutor(len(numbers)) as pool:
        return list(pool.map(begun, numbers))


def test_sixteen_contain_unrelated_clusters_at_once(sql_gate: Any) -> None:
    names = [sql_gate.cluster(sql_gate.ring(4, frauds=1, name=f"r{at}")[0]) for at in range(THREADS)]
    contain, now = sql_gate.clusters.contain.contain, sql_gate.now

    made = at_once(lambda at: contain(names[at], owner="campus", by="key:k1", reason="ring", now=now), range(THREADS))

    assert sorted(each.number for each in made) == list(range(1, THREADS + 1))
    assert len({each.cluster for each in made}) == THREADS


def test_one_cluster_is_contained_once_by_sixteen_at_once(sql_gate: Any) -> None:
    name = sql_gate.cluster(sql_gate.ring(4, frauds=1)[0])

    def contain(_: int) -> str:
        try:
            sql_gate.clusters.contain.contain(name, owner="campus", by="key:k1", reason="ring", now=sql_gate.now)
        except ConflictError as error:
            return str(error)
        return "contained"

    answers = Counter(at_once(contain, range(THREADS)))

    assert answers == {"contained": 1, "The cluster is contained already.": THREADS - 1}


def test_sixteen_outcomes_of_one_sign_up_at_once_are_all_recorded(sql_gate: Any) -> None:
    view = sql_gate.came()

    def say(at: int) -> Any:
        said = Statement(Label.FRAUD, f"source-{at}", "seen", 1.0)
        return sql_gate.outcomes(view.id, said, caller=CALLER, now=sql_gate.now)

    spoken = at_once(say, range(THREADS))

    assert sorted(each.outcome.ordinal for each in spoken) == list(range(1, THREADS + 1))


def test_a_job_beside_itself_does_everything_once(sql_gate: Any) -> None:
    rings = [sql_gate.ring(8, frauds=3, name=f"r{at}") for at in range(3)]
    allowed = [view for ring in rings for view in ring[:5]]
    sql_gate.later(seconds=5)

    at_once(lambda _: sql_gate.look_back(sql_gate.now), range(WORKERS))
    at_once(lambda _: sql_gate.judge_clusters(sql_gate.now), range(WORKERS))
    at_once(lambda _: sql_gate.carry_out(sql_gate.now), range(WORKERS))
    sql_gate.carry_out(sql_gate.now)
    at_once(lambda _: sql_gate.settle(sql_gate.now), range(WORKERS))

    records = [sql_gate.read(lambda work, view=view: work.ledger.get("campus", view.id)) for view in allowed]
    histories = {tuple(each.decision for each in recorded.assessments) for recorded in records}
    assert histories <= {(ALLOW, REVIEW, DENY), (ALLOW, DENY)}
    assert sql_gate.read(lambda work: work.containments.next_number()) == len(rings) + 1


def test_many_workers_undo_corrected_bans_once(sql_gate: Any) -> None:
    ring, before = sql_gate.ring(8, frauds=3), sql_gate.came(device="d", card="c")
    sql_gate.said(mistaken := sql_gate.came(device="d", card="c"))
    sql_gate.work()
    sql_gate.look_back(sql_gate.now)
    assert sql_gate.latest(before) is DENY
    for view in (*ring[5:], mistaken):
        sql_gate.said(view, "legitimate", source="law")
    opens = CasesOfWorker(lambda: sql_gate.policy, sql_gate.new_id, lambda: sql_gate.now)
    undo = replace(sql_gate.undo_bans, cases=opens)
    sql_gate.later(seconds=5)

    at_once(lambda _: undo(sql_gate.now), range(WORKERS))
    undo(sql_gate.now)

    assert sql_gate.read(lambda work: work.after_bans.corrected(limit=10)) == ()
    history = sql_gate.read(lambda work: work.ledger.get("campus", before.id)).assessments
    assert [each.decision for each in history] == [ALLOW, DENY, ALLOW]
    (contained,) = sql_gate.read(lambda work: work.containments.of_cluster(sql_gate.number(ring[0])))
    assert sql_gate.read(lambda work: work.cases.of_subject("campus", f"unfounded:{contained.id}")) is not None


def test_who_came_just_after_a_release_is_looked_at_again_by_one_of_many_workers(sql_gate: Any) -> None:
    ring = sql_gate.ring(8, frauds=1)
    by = {"owner": "campus", "by": "key:k1", "reason": "ring"}
    sql_gate.clusters.contain.contain(sql_gate.cluster(ring[0]), now=sql_gate.now, **by)
    sql_gate.clusters.contain.release(sql_gate.cluster(ring[0]), now=sql_gate.now, **by)
    late = sql_gate.came(device="r-d0", mail="late@mailinator.com")  # asked, for whatever reason
    assert sql_gate.latest(late) is STEP_UP

    at_once(lambda _: sql_gate.settle(sql_gate.now), range(WORKERS))

    tasks = sql_gate.read(lambda work: work.containments.tasks(limit=9))
    assert [task.touched.signup_no for task in tasks].count(sql_gate.number(late)) == 1


def test_a_laboratorys_card_is_recognised_by_many_workers_at_once(
    sql_gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = []
    for at in range(6):
        people.append(sql_gate.came(school="Invented Physics", mail=f"{'abcdef'[at]}@physics.example", card="pi"))
        sql_gate.later(days=3)
    for view in people:
        sql_gate.said(view, "legitimate")
    workers = [
        RecogniseShared(sql_gate.store.begin, lambda: sql_gate.policy, sql_gate.reference.mail) for _ in range(WORKERS)
    ]
    set_guard, together = SqlClusters.set_guard, Barrier(WORKERS)

    def set_together(clusters: SqlClusters, guard: Guard) -> None:
        together.wait()
        set_guard(clusters, guard)

    monkeypatch.setattr(SqlClusters, "set_guard", set_together)
    at_once(lambda at: workers[at](sql_gate.now), range(WORKERS))

    assert len(sql_gate.read(lambda work: work.clusters.guards())) == 1
    assert len({sql_gate.cluster(view) for view in people}) == len(people)
    assert recorded(sql_gate, "guard.set") == 1


def write_down(work: Any, what: str, gate: Any, view: Any) -> None:
    member = work.clusters.member(gate.number(view))
    match what:
        case "judgement":
            work.containments.judged(Looked(member.signup_no, 1, 1, 1, 0), at=gate.now)
        case _:
            due = DueBan(Known(member.signup_no, Mark.BANNED, gate.now), again_at=None, reached_at=gate.now)
            work.after_bans.looked_back(due, at=gate.now)


@pytest.mark.parametrize("what", ["judgement", "look back"])
def test_what_sixteen_workers_write_down_alike_is_refused_to_none_of_them(sql_gate: Any, what: str) -> None:
    view = sql_gate.came()

    def written(_: int) -> None:
        with sql_gate.store.begin() as work:
            write_down(work, what, sql_gate, view)
            work.commit()

    for _ in range(4):
        assert at_once(written, range(THREADS)) == [None] * THREADS


def recorded(gate: Any, action: str) -> int:
    entries = gate.read(lambda work: work.audit.entries(limit=1_000))
    return sum(each.action == action for each in entries)


def asked_at_once(ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, step: str, gate: Any, view: Any) -> Any:
    """What sixteen are answered who cut the device of an account, or undo that; nobody knows of the others' step."""
    name, together = gate.cluster(view), Barrier(THREADS)
    member = gate.read(lambda work: work.clusters.member(gate.number(view)))
    handle = next(identifier_handle(key.kind, key.digest) for key in member.identifiers if key.kind is KINDS[0])
    original = getattr(SqlClusters, step)

    def stepped_together(clusters: SqlClusters, guard: Guard) -> None:
        together.wait()
        original(clusters, guard)

    def asked(at: int) -> str:
        try:
            ask(name, handle, owner="campus", by=f"key:{at}", reason="shared", now=gate.now)
        except ConflictError as error:
            return str(error)
        return "done"

    with monkeypatch.context() as patch:
        patch.setattr(SqlClusters, step, stepped_together)
        return Counter(at_once(asked, range(THREADS)))


def test_one_identifier_is_cut_and_tied_again_once_by_sixteen_at_once(
    sql_gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    views, cut = [sql_gate.came(device="d") for _ in range(4)], sql_gate.clusters.cut

    answers = asked_at_once(cut, monkeypatch, "set_guard", sql_gate, views[0])

    assert answers == {"done": 1, "This identifier ties nobody already.": THREADS - 1}
    assert len({sql_gate.cluster(view) for view in views}) == 4

    answers = asked_at_once(cut.undo, monkeypatch, "lift_guard", sql_gate, views[0])

    assert answers == {"done": 1, "Somebody else was faster; this guard is lifted already.": THREADS - 1}
    assert len({sql_gate.cluster(view) for view in views}) == 1
    assert recorded(sql_gate, "cluster.cut") == recorded(sql_gate, "cluster.cut_undone") == 1


def opened_at_once(open_case: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What becomes of several who open the same case; nobody knows of the others'."""
    add, together = SqlCases.add, Barrier(WORKERS)

    def added_together(*arguments: Any) -> None:
        together.wait()
        add(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(SqlCases, "add", added_together)
        return at_once(open_case, range(WORKERS))


def test_the_audit_record_names_the_one_case_that_many_workers_opened_at_once(
    sql_gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = sql_gate.came()
    opens = CasesOfWorker(lambda: sql_gate.policy, sql_gate.new_id, lambda: sql_gate.now)
    case = WorkersCase(f"piece:{view.id}", "campus", "PIECE", view.id, 1, {}, note="A piece.")

    def opened(_: int) -> None:
        with sql_gate.store.begin() as work:
            opens.open(work, case)
            work.commit()

    opened_at_once(opened, monkeypatch)

    made = sql_gate.read(lambda work: work.cases.of_subject("campus", case.subject))
    entries = sql_gate.read(lambda work: work.audit.entries(limit=1_000))
    assert [each.subject for each in entries if each.action == "case.opened"] == [made.id]
    assert len(sql_gate.read(lambda work: work.cases.notes(made.id))) == 1


def test_of_several_who_open_a_case_by_hand_at_once_the_others_are_told_so(
    sql_gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, review = sql_gate.came(), sql_gate.policy.document.review
    open_case = OpenCase(sql_gate.store.begin, lambda: review, sql_gate.new_id)

    def opened(at: int) -> str:
        try:
            case = open_case(view.id, acting=Acting(f"key:{at}", Role.LEAD, "campus"), now=sql_gate.now)
        except ConflictError as error:
            return str(error)
        return str(case.id)

    answers = opened_at_once(opened, monkeypatch)

    made = sql_gate.read(lambda work: work.cases.of_subject("campus", subject_of(view.id)))
    refused = "Somebody opened a case about this sign-up at the same moment."
    assert Counter(answers) == {made.id: 1, refused: WORKERS - 1}
    assert recorded(sql_gate, "case.opened") == 1


def learn_while(monkeypatch: pytest.MonkeyPatch, gate: Any, view: Any, said: Callable[[], Any]) -> None:
    """Learn a device; what is said meanwhile comes just when what is known of the sign-up was carried over to it."""
    carry_over, beside = marks.carry_over, Thread(target=said)

    def carried_over(*parts: Any) -> None:
        carry_over(*parts)
        beside.start()
        beside.join(timeout=0.5)  # who waits for the sign-up's row ends after us

    with monkeypatch.context() as patch:
        patch.setattr(partition, "carry_over", carried_over)
        gate.clusters.learn(view.id, [Learnt(LearntKind.DEVICE_ID, "learnt")], caller=CALLER, now=gate.now)
    beside.join()


@pytest.mark.parametrize(("before", "later"), [("unknown", "fraud"), ("fraud", "legitimate")])
def test_what_is_said_while_an_identifier_is_learnt_is_known_of_it_as_well(
    sql_gate: Any, monkeypatch: pytest.MonkeyPatch, before: str, later: str
) -> None:
    view = sql_gate.came()
    sql_gate.said(view, before)

    learn_while(monkeypatch, sql_gate, view, lambda: sql_gate.said(view, later))

    member = sql_gate.read(lambda work: work.clusters.member(sql_gate.number(view)))
    of_devices = [key for key in member.identifiers if key.kind is IdentifierKind.DEVICE]
    known = [sql_gate.read(lambda work, key=key: work.clusters.known_of(key, limit=9)) for key in of_devices]
    assert len(known) == 2
    assert [[each.mark for each in of_device] for of_device in known] == [[member.label], [member.label]]
    assert (sql_gate.came(device="learnt").assessment.decision is ALLOW) is (later == "legitimate")


def _union_find(drawn: list[list[Identifier]]) -> set[frozenset[int]]:
    parent = list(range(len(drawn)))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    first: dict[tuple[str, str], int] = {}
    for number, carried in enumerate(drawn):
        for each in carried:
            parent[root(number)] = root(first.setdefault((each.kind, each.value), number))
    parts: dict[int, set[int]] = {}
    for number in range(len(drawn)):
        parts.setdefault(root(number), set()).add(number)
    return {frozenset(part) for part in parts.values()}
