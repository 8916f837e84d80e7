"""Bans on what ties nobody: no pair of a guarded address, no exemption for what was banned."""

from __future__ import annotations

from typing import Any

from models.linkage.identifier import IdentifierKind
from models.linkage.joining import GuardState
from service.domain.decision import Decision
from service.domain.standing import ListHit, ListName
from service.usecases.ports_clusters import Guard
from service.usecases.standing import standing_of

ALLOW = Decision.ALLOW
PHONE = "+33612345678"


def test_a_guarded_address_makes_no_pair_with_a_browser(gate: Any) -> None:
    shared = {"ip": "81.2.69.142", "agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/131.0"}
    banned = gate.came(**shared)
    gate.said(banned)
    assert gate.came(**shared).assessment.linkage["bans"]["pairs_14d"] == 1

    with gate.store.begin() as work:
        (key,) = work.clusters.keys_of([(IdentifierKind.IP, "81.2.69.142")])
        work.clusters.set_guard(Guard(key, GuardState.EXEMPT, gate.now, "lea", "campus"))
        work.commit()

    assert gate.came(**shared).assessment.linkage["bans"]["pairs_14d"] == 0


def test_a_ban_on_what_is_exempt_ends_that_it_lets_anybody_in(gate: Any) -> None:
    banned = gate.came(phone=PHONE)
    with gate.store.begin() as work:
        (key,) = work.clusters.keys_of([(IdentifierKind.PHONE, PHONE)])
        work.clusters.set_guard(Guard(key, GuardState.EXEMPT, gate.now, "lea", "office"))
        work.commit()
    hits = (ListHit(ListName.EXEMPT, IdentifierKind.PHONE, "e1"),)
    before = gate.came(phone=PHONE).assessment
    gate.said(banned)
    after = gate.came(phone=PHONE).assessment

    assert not standing_of(before.linkage, hits, {}).ban_touched
    assert after.linkage["bans"] | {"guarded": 1} == after.linkage["bans"]
    assert standing_of(after.linkage, hits, {}).ban_touched
    assert after.decision is ALLOW


def test_a_mailbox_that_was_not_proven_vouches_for_nobody() -> None:
    exempt = ListHit(ListName.EXEMPT, IdentifierKind.EMAIL_DOMAIN, "e1")
    block = ListHit(ListName.BLOCK, IdentifierKind.MAILBOX, "b1")

    def hits(verified: bool | None) -> tuple[ListHit, ...]:
        return standing_of({}, (exempt, block), {"behaviour": {"email_verified": verified}}).hits

    assert hits(False) == (block,)
    assert hits(True) == hits(None) == (exempt, block)


def test_marks_know_whether_a_guard_is_on_them(gate: Any) -> None:
    banned = gate.came(device="d", card="c")
    gate.said(banned)
    with gate.store.begin() as work:
        (key,) = work.clusters.keys_of([(IdentifierKind.DEVICE, "d")])
        work.clusters.set_guard(Guard(key, GuardState.SHARED, gate.now, "worker", "laboratory"))
        work.commit()

    bans = gate.came(device="d").assessment.linkage["bans"]

    assert (bans["strong"], bans["had"], bans["guarded"]) == (0, 0, 1)
    assert gate.came(device="d", card="c").assessment.linkage["bans"]["guarded"] == 0
