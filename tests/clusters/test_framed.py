"""Framing: whoever writes down what is public of somebody else, and is refused or banned, has nobody denied by that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from service.domain.caller import Caller, Scope
from service.domain.decision import Decision
from service.usecases.learn_identifiers import Learnt, LearntKind
from service.usecases.ports import AuditEntry

CALLER = Caller("campus", "k1", frozenset(Scope))
ALLOW, STEP_UP, REVIEW, DENY = Decision
MAIL, PHONE = "hesper.quillfeather@college-q.example", "+33612345678"
PUBLIC = {"mail": MAIL, "phone": PHONE}


def rounds(gate: Any, count: int = 2) -> None:
    for _ in range(count):
        gate.work()
        gate.look_back(gate.now)


def settled(gate: Any, view: Any, decision: Decision, **changes: Any) -> None:
    """A further assessment, as a proof that is asked for or given leaves one behind."""
    with gate.store.begin() as work:
        recorded = work.ledger.get("campus", view.id)
        last = recorded.assessments[-1]
        made = replace(last, id=gate.new_id(gate.now), decided_at=gate.now, decision=decision, **changes)
        work.ledger.append_assessment(recorded.signup_no, made, AuditEntry(gate.now, "test", "settled", view.id, {}))
        work.commit()


def learns(gate: Any, view: Any, device: str, card: str) -> None:
    gate.later(seconds=1)
    learnt = [Learnt(LearntKind.DEVICE_ID, device), Learnt(LearntKind.PAYMENT_FINGERPRINT, card)]
    gate.clusters.learn(view.id, learnt, caller=CALLER, now=gate.now)


@pytest.mark.parametrize(
    ("typed", "doubted", "becomes"),
    [
        ("mailboxes", False, "allow"),
        ("mailboxes and telephones", False, "step_up"),
        # An operator's own accounts, which his refused ones lead to.
        ("mailboxes and telephones", True, "deny"),
    ],
)
def test_a_university_that_was_typed_into_refused_forms_is_not_contained(
    gate: Any, typed: str, doubted: bool, becomes: str
) -> None:
    def with_phone(at: int) -> dict[str, str]:
        return {"phone": f"+3361234567{at}"} if typed != "mailboxes" else {}

    known = [{"mail": f"p{at}@college-q.example"} | with_phone(at) for at in range(9)]
    victims = [gate.came(device="hall", **each) for each in known]
    ring = [gate.came(device="d", card="c") for _ in range(12)]
    for at, view in enumerate(ring[:3]):
        gate.said(view, source=("reviewer", "chargeback")[at % 2])
    rounds(gate)
    forms = [gate.came(device="d", card="c", **each) for each in known]

    gate.judge_clusters = replace(
        gate.judge_clusters, doubt=Doubt(gate.judge, lambda _, numbers: dict.fromkeys(numbers, doubted))
    )
    rounds(gate)

    assert set(gate.decisions([*ring, *forms])) == {"deny"}
    assert set(gate.decisions(victims)) == {becomes}


@pytest.mark.parametrize("typed", ["mail", "phone"])
@pytest.mark.parametrize("doubted", [False, True])
def test_nor_is_one_whose_mailboxes_or_telephones_were_typed_by_accounts_that_were_let_in(
    gate: Any, typed: str, *, doubted: bool
) -> None:
    value = {"mail": "p{}@college-q.example", "phone": "+3361234567{}"}[typed]
    known = [{typed: value.format(at)} for at in range(5)]
    hall = [gate.came(device="hall", **each) for each in known]
    ring = [gate.came(device="d", card="c", **each) for each in known]
    for at, view in enumerate(ring[:3]):
        gate.said(view, source=("reviewer", "chargeback")[at % 2])
    gate.judge_clusters = replace(
        gate.judge_clusters, doubt=Doubt(gate.judge, lambda _, numbers: dict.fromkeys(numbers, doubted))
    )

    rounds(gate)

    assert set(gate.decisions(ring[3:])) == {"deny"}
    # An operator's own accounts, which only telephones tie, are doubted.
    assert set(gate.decisions(hall)) == ({"deny"} if doubted else {"step_up"})


def test_one_ban_of_a_stranger_with_his_mailbox_and_telephone_asks_whom_they_belong_to(gate: Any) -> None:
    owner = gate.came(**PUBLIC)
    stranger = gate.came(mail=MAIL.replace("@", "+x@"), phone=PHONE)
    gate.said(stranger)

    rounds(gate)

    assert gate.latest(owner) is STEP_UP
    # Who comes now cannot be told from the banned one: a person looks, whatever the number of bans.
    assert gate.decision(**PUBLIC)[0] is REVIEW
    gate.said(gate.came(mail=MAIL.replace("@", "+y@")))
    gate.said(gate.came(mail=MAIL.replace("@", "+z@")))
    decision, codes = gate.decision(**PUBLIC)
    assert (decision, "REPLACEMENT_OF_BANNED_CERTAIN" in codes) == (REVIEW, False)


@pytest.mark.parametrize("at_once", [True, False])
def test_who_came_after_a_banned_account_is_held_whoever_else_is_banned_later(gate: Any, at_once: bool) -> None:
    first = gate.came(**PUBLIC)
    after = gate.came(mail=MAIL.replace("@", "+x@"), phone=PHONE)
    last = gate.came(phone=PHONE)
    gate.said(first)
    if not at_once:
        rounds(gate, 1)
    gate.said(last)
    rounds(gate, 1)

    assert gate.latest(after) is REVIEW


def test_whoever_was_there_first_is_held_all_the_same_for_anything_else(gate: Any) -> None:
    first = gate.came(device="farm", phone=PHONE)
    for _ in range(10):
        gate.came(device="farm")
    gate.said(gate.came(phone=PHONE))

    rounds(gate, 1)

    assert gate.latest(first) is REVIEW


def test_frauds_that_hang_by_public_things_leave_a_case_and_deny_nobody(gate: Any) -> None:
    ring = [gate.came(device=f"d{at // 2}", card=f"c{(at + 1) // 2 % 4}") for at in range(8)]
    known = [{"mail": f"f{at}@college-q.example", "phone": f"+3361234567{at}"} for at in range(3)]
    for at, each in enumerate(known):
        gate.clusters.learn(
            ring[at].id,
            [Learnt(LearntKind.EMAIL, each["mail"]), Learnt(LearntKind.PHONE, each["phone"])],
            caller=CALLER,
            now=gate.now,
        )
        gate.said(gate.came(**each), source=("reviewer", "chargeback")[at % 2])
    rounds(gate)

    assert "deny" not in gate.decisions(ring)
    assert [each.reason for each in gate.cases.cases.values()] == ["PIECE_WITH_FRAUD"]


def test_what_is_learnt_again_changes_nothing_for_whom_a_person_let_go(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    rounds(gate, 1)
    gate.clusters.contain.release(gate.cluster(ring[0]), owner=None, by="lea", reason="mistaken", now=gate.now)
    rounds(gate, 1)
    learns(gate, ring[0], "r-d0", "new-card")
    before = gate.latest(ring[0])
    rounds(gate, 1)
    learns(gate, ring[-1], "r-d3", "r-c0")

    assert gate.read(lambda work: work.after_bans.bans(limit=9)) == ()
    rounds(gate, 1)
    assert gate.latest(ring[0]) is before


def test_what_one_has_to_have_counts_as_before(gate: Any) -> None:
    pool = gate.came(device="d", phone=PHONE)
    gate.said(gate.came(device="d", phone=PHONE))

    rounds(gate)

    assert gate.latest(pool) is DENY
    assert gate.decision(device="d", mail=MAIL)[0] is REVIEW


def test_mailbox_and_telephone_of_a_contained_ring_are_one_edge(gate: Any) -> None:
    ring = [gate.came(device="d", card="c", **(PUBLIC if at == 4 else {})) for at in range(6)]
    for at, view in enumerate(ring[:3]):
        gate.said(view, source=("reviewer", "chargeback")[at % 2])
    rounds(gate, 1)
    with_both = gate.came(**PUBLIC)

    assert with_both.assessment.linkage["cluster"]["contained"] == 1
    assert gate.decision(phone=PHONE, device="d")[0] is DENY


def test_a_proof_that_was_pending_when_the_ban_came_lets_nobody_in(gate: Any) -> None:
    asked = gate.came(device="d", card="c")
    settled(gate, asked, STEP_UP)
    gate.said(gate.came(device="d", card="c"))
    rounds(gate, 1)

    assert gate.latest(asked) is DENY


def test_a_proof_that_was_given_between_the_ban_and_the_look_back_does_not_hide_it(gate: Any) -> None:
    asked, banned = gate.came(device="d", card="c"), gate.came(device="d", card="c")
    gate.said(banned)
    gate.later(seconds=1)
    settled(gate, asked, ALLOW, vector=None)
    rounds(gate, 1)

    assert gate.latest(asked) is DENY


def test_who_came_after_a_ban_and_learns_what_it_is_on_is_looked_at(gate: Any) -> None:
    banned = gate.came(device="d", card="c")
    gate.said(banned)
    rounds(gate, 1)
    newcomer = gate.came(device="o", card="p")
    learns(gate, newcomer, "d", "c")

    rounds(gate, 1)

    assert gate.latest(newcomer) is DENY


@pytest.mark.parametrize("learner", ["the other", "the banned"])
@pytest.mark.parametrize("first", ["ban", "learning"])
def test_what_is_learnt_before_or_after_a_ban_is_looked_back_at(gate: Any, learner: str, first: str) -> None:
    other, banned = gate.came(device="o", card="p"), gate.came(device="d", card="c")
    device, card = ("d", "c") if learner == "the other" else ("o", "p")
    who = other if learner == "the other" else banned

    if first == "learning":
        learns(gate, who, device, card)
    gate.said(banned)
    rounds(gate, 1)
    if first == "ban":
        learns(gate, who, device, card)
    rounds(gate, 1)

    assert gate.latest(other) is DENY


def test_hundreds_of_forms_hide_nobody_who_was_let_in_from_a_look_back(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.usecases.look_back.CARRIERS", 5)
    let_in = [gate.came(card="c") for _ in range(3)]
    gate.said(let_in[0])
    forms = [gate.came(card="c") for _ in range(8)]

    rounds(gate, 1)

    assert set(gate.decisions(forms)) == {"review"}
    assert gate.decisions(let_in[1:]) == ["review", "review"]


def test_one_whom_a_person_let_go_protects_no_ring_that_ties_him_to_itself(gate: Any) -> None:
    mine = gate.ring(8, frauds=3, name="m")
    rounds(gate, 1)
    cluster = gate.cluster(mine[0])
    gate.clusters.contain.release(cluster, owner=None, by="lea", reason="mistaken", now=gate.now)
    rounds(gate, 1)
    released = mine[0]
    ring = gate.ring(8, name="r")
    for at, view in enumerate(ring[:3]):
        gate.said(view, source=("reviewer", "chargeback")[at % 2])
    bridge = gate.came(device="r-d0", card="r-c1")
    learns(gate, released, "r-d0", "r-c1")
    rounds(gate)

    assert set(gate.decisions([*ring[3:], bridge])) == {"deny"}
    assert gate.cluster(released) == gate.cluster(ring[0])


def test_refused_forms_that_look_honest_do_not_speak_for_a_ring(gate: Any) -> None:
    ring = [gate.came(device="d", card="c") for _ in range(8)]
    gate.said(ring[0])
    forms = [gate.came(device="d", card="c") for _ in range(9)]
    of_ring, of_forms = ([gate.number(each) for each in views] for views in (ring, forms))

    def doubted(_: Any, numbers: Any) -> dict[int, bool]:
        return {number: number in of_ring for number in numbers}

    gate.judge_clusters = replace(gate.judge_clusters, doubt=Doubt(gate.judge, doubted))
    gate.work()

    assert gate.read(lambda work: work.ledger.refused_among([*of_ring, *of_forms])) == set(of_forms)
    assert set(gate.decisions(ring)) == {"deny"}


@dataclass
class Doubt:
    """Whoever is said to be doubted."""

    judge: Any
    doubted: Any

    def __call__(self, work: Any, numbers: Any) -> Any:
        return self.doubted(work, numbers)


def test_strangers_on_one_card_range_hide_no_bans_of_the_same_habits(gate: Any) -> None:
    same = {
        "bin": "531234",
        "ip": "91.10.1.4",
        "agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/131.0",
        "mail": "anna.smith1@gmail.com",
    }
    for at in range(3):
        gate.said(gate.came(**same | {"mail": f"anna.smith{at}@gmail.com", "ip": f"91.10.{at}.4"}))
    for at in range(20):
        gate.said(gate.came(bin="531234", mail=f"z{at}@else{at}.example"))

    assert (
        gate.came(**same | {"ip": "91.10.9.4", "mail": "anna.smith9@gmail.com"}).assessment.linkage["bans"][
            "triples_72h"
        ]
        == 3
    )


def second_ring(gate: Any, size: int) -> list[Any]:
    """Accounts that a bridge ties to three frauds by a telephone and a mailbox alone, two edges away."""
    frauds = [
        gate.came(device="fd", card="fc", phone=f"+3361234560{at}", mail=f"f{at}@college-q.example") for at in range(3)
    ]
    bridge = gate.came(device="ld", card="lc", phone="+33612345600", mail="f1@college-q.example")
    rest = [gate.came(device="ld", card="lc") for _ in range(size)]
    for view, source in zip(frauds, ("reviewer", "chargeback", "partner"), strict=True):
        gate.said(view, source=source)
    return [bridge, *rest]


@pytest.mark.parametrize(("doubted", "size"), [(False, 4), (True, 4), (True, 201)])
def test_whom_a_bridge_of_public_things_ties_to_frauds_is_a_case_or_contained_if_doubted(
    gate: Any, size: int, *, doubted: bool
) -> None:
    ring = second_ring(gate, size)

    def sampled(_: Any, numbers: Any) -> Any:
        return dict.fromkeys(numbers[:: max(1, -(-len(numbers) // 200))], doubted)

    gate.judge_clusters = replace(gate.judge_clusters, doubt=Doubt(gate.judge, sampled))

    gate.work()

    if doubted:
        assert set(gate.decisions(ring)) == {"deny"}
        assert gate.cases.cases == {}
    else:
        assert gate.decisions(ring) == ["step_up", *["allow"] * size]
        assert [each.reason for each in gate.cases.cases.values()] == ["PIECE_WITH_FRAUD"]
