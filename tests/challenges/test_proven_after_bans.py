"""Whoever is asked because of the bans of the last days and gives the proof begins on probation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from service.domain.watch import WATCHED, WATCHED_KINDS, Watch
from service.usecases.end_probations import EndProbations

Make = Callable[..., dict[str, Any]]
USE = "I compare translations of medieval charters with a language model for a thesis on monks who were scribes"


@pytest.fixture
def watched(document: Make) -> Callable[[str], dict[str, Any]]:
    """People with a card range and a wording in common, and no identifier."""

    def make(name: str) -> dict[str, Any]:
        payment = {"method": "card", "fingerprint": f"fp_{name}", "bin": "424242", "cardholder_name": name.upper()}
        return document(
            f"su_{name}",
            identity={"full_name": f"{name.title()} Example", "country": "GB", "role": "student", "birth_year": 2004},
            email=f"{name}.example@ox.ac.uk",
            device={"ip": f"81.2.{len(name)}.142", "webdriver": False},
            payment=payment,
            behaviour={"stated_use": f"{USE}."},
        )

    return make


def asked_after_a_ban(service: Any, watched: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Somebody who is asked for a proof because a watch on the habits of a banned account holds."""
    banned, now = service.sign_up(watched("ada")), service.clock.now
    with service.parts.store.begin() as work:
        member = work.clusters.member(work.ledger.get("acme", banned["id"]).signup_no)
        habits = frozenset((key.kind, key.digest) for key in member.identifiers if key.kind in WATCHED_KINDS)
        work.after_bans.open_watch(Watch(1, "w1", 1, habits, 0.001, now, now + timedelta(hours=72)))
        work.commit()
    service.parts.assess.after_bans._due = float("-inf")  # it looks again every few seconds of real time
    answer: dict[str, Any] = service.sign_up(watched("bertha"))
    assert answer["decision"] == "step_up"
    assert WATCHED in answer["rules"]
    return answer


def give_the_proof(service: Any, answer: dict[str, Any]) -> dict[str, Any]:
    for challenge in answer["challenges"]:
        attested = challenge["method"] == "supervisor_attestation"
        evidence = {"attester_email": "p.supervisor@ox.ac.uk"} if attested else {}
        passed = {"status": "passed", "evidence": evidence}
        status, state = service.post(f"/v1/challenges/{challenge['id']}/result", passed)
        assert status == 200, state
    read: dict[str, Any] = service.read(answer["id"])
    return read


@pytest.mark.parametrize("database", ["sqlite_url", "postgresql_url"])
def test_a_proof_given_after_a_ban_lets_in_on_a_probation_that_ends_by_itself(
    database: str, request: Any, start: Callable[..., Any], watched: Callable[[str], dict[str, Any]]
) -> None:
    service = start(request.getfixturevalue(database))
    answer = asked_after_a_ban(service, watched)

    now = give_the_proof(service, answer)

    assert (now["decision"], now["grant"]["tier"], now["grant"]["quota"]) == ("allow", "probation", 0.25)
    assert "PROVEN_AFTER_BANS" in [each["code"] for each in now["reasons"]]
    kind, told = service.events(answer["id"])[-1]
    assert (kind, told["decision"], told["grant"]["tier"]) == ("signup.changed", "allow", "probation")

    service.clock.forward(days=31)
    EndProbations(service.parts.store.begin, service.parts.assess.new_id)(service.clock.now)
    assert service.read(answer["id"])["grant"]["tier"] == "full"


def test_a_proof_that_a_doubt_of_ones_own_asked_for_lets_in_in_full(
    sqlite_url: str, start: Callable[..., Any], document: Make
) -> None:
    service = start(sqlite_url)
    payment = {"method": "card", "fingerprint": "fp_1", "bin": "424242", "cardholder_name": "A EXAMPLE"}
    answer = service.sign_up(document(payment=payment, phone="+442079460958"))
    assert answer["decision"] == "step_up"

    now = give_the_proof(service, answer)

    assert (now["decision"], now["grant"]["tier"]) == ("allow", "full")
