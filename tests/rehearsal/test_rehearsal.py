"""A rehearsal: what is simulated of people, what is measured, and the command."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.pieces import Lines
from models.reference.reference import Reference, load_reference
from models.signup import AccountType, Device, Identity, Payment, PaymentMethod, Signup
from models.simulation.attackers.muster import GREAT_HYDRA, GREAT_STANDBY
from models.simulation.truth import ChallengeResult, DecisionWord, Outcome, SimulatedSignup, Truth
from models.simulation.world import simulate
from service.cli import main
from service.domain.policy import default_policy_text, parse_policy
from service.rehearsal import Rehearsal, Rehearsed
from service.rehearsal_evidence import Evidence
from service.rehearsal_figures import figures_of
from service.rehearsal_ties import Ties, ties_of
from service.usecases.judge import Judge

START = datetime(2026, 5, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


@cache
def _reference() -> Reference:
    return load_reference()


def rehearsal(**changes: Any) -> Rehearsal:
    """The shipped policy, which lets in whom no rule names while no model scores."""
    policy = parse_policy(default_policy_text().replace('decision = "step_up"', 'decision = "allow"'), version=1)
    judge = Judge(
        reference=_reference(), model=lambda: None, policy=lambda: policy, new_id=lambda now: f"{now}{now:%f}"
    )
    return Rehearsal(judge, lambda: policy, **changes)


def truth(number: int, **changes: Any) -> Truth:
    """An account of the operator that was let in unasked, unless told otherwise."""
    made = Truth(f"su_{number}", True, "A3", GREAT_HYDRA, None, "web", (), "allow", True, None)
    return replace(made, **changes)


def honest(number: int, **changes: Any) -> Truth:
    return truth(number, **{"fraud": False, "kind": "H2", "operator": None} | changes)


def measured(signups: Iterable[Rehearsed], **found: Any) -> Any:
    played = rehearsal(operator=found.pop("operator", GREAT_HYDRA))
    played.signups.extend(signups)
    for name, value in found.items():
        setattr(played, name, value)
    return figures_of(played)


def at(hours: float, told: Truth, **changes: Any) -> Rehearsed:
    return Rehearsed(told, START + hours * HOUR, told.decision, **changes)


def banned(hours: float) -> Outcome:
    return Outcome("fraud", START + hours * HOUR)


def test_re_entry_is_of_attempts_after_a_loss_by_what_they_share_with_the_lost() -> None:
    figures = measured(
        [
            at(0, truth(1, outcome=banned(2)), identifiers=("d1", "p1")),
            at(1, truth(2), identifiers=("d1",)),
            at(3, truth(3), identifiers=("d1", "p3")),
            at(4, truth(4, decision="review", let_in=False), identifiers=("p1",)),
            at(5, truth(5), identifiers=("d5",)),
            at(6, truth(6, decision="step_up", let_in=False), identifiers=("d6",)),
            at(2 + 73, truth(7), identifiers=("d1",)),
        ]
    )

    assert (figures.re_entry, figures.re_entry_touching, figures.re_entry_changed) == (0.5, 0.5, 0.5)


def test_containment_is_timed_from_the_first_ban_and_the_first_failed_proof() -> None:
    failed = ChallengeResult("phone_code", passed=False, known_at=START + HOUR)
    figures = measured(
        [at(0, truth(1, decision="step_up", let_in=False, challenge=failed)), at(4, truth(2)), at(6, truth(3))],
        first_ban_at=START + 3 * HOUR,
        contained_at=START + 5 * HOUR,
    )

    assert (figures.minutes_from_failed_proof, figures.minutes_from_ban) == (240.0, 120.0)
    assert (figures.unasked, figures.unasked_before_containment) == (2, 1)


def test_honest_people_are_counted_apart_by_what_closed_them_and_since_the_attack_began() -> None:
    asked: DecisionWord = "step_up"
    figures = measured(
        [
            at(0, honest(1)),
            at(1, honest(2, kind="H6"), closed_at=START + 9 * HOUR, contained=True),
            at(2, truth(3), closed_at=START + 9 * HOUR, contained=True),
            at(3, honest(4), closed_at=START + 9 * HOUR),
            at(4, honest(5, decision=asked)),
        ]
    )

    assert (figures.honest_contained, figures.groups_contained, figures.honest_held) == (1, 1, 1)
    assert (figures.honest_asked, figures.honest_asked_in_attack) == (0.25, 0.5)
    assert figures.purity_loss == 0.5


def test_a_standby_pool_is_exposed_as_far_as_nothing_was_done_a_day_after_the_first_fell() -> None:
    def first(number: int, fell: float) -> Rehearsed:
        told = truth(number, variant="A16-first", operator=GREAT_STANDBY, outcome=banned(fell))
        return at(0, told)

    def second(number: int, **done: Any) -> Rehearsed:
        return at(1, truth(number, variant="A16-standby", operator=GREAT_STANDBY), **done)

    figures = measured(
        [
            first(1, 5),
            first(2, 10),
            first(3, 90),
            second(4, closed_at=START + 20 * HOUR),
            second(5, asked_at=START + 33 * HOUR),
            second(6, closed_at=START + 35 * HOUR),
            second(7),
            at(99, honest(8)),
        ],
        operator=GREAT_STANDBY,
    )

    assert figures.standby_exposed == 0.5
    assert measured([at(0, truth(1))]).standby_exposed is None


def signup(number: int, occurred_at: datetime) -> Signup:
    return Signup(
        signup_id=f"su_{number}",
        account_type=AccountType.EDUCATIONAL,
        occurred_at=occurred_at,
        identity=Identity(full_name="Ada Example"),
        email=f"person{number}@example.org",
        device=Device(ip=f"81.2.69.{number}", device_id=f"d{number}"),
    )


@pytest.mark.parametrize("let_in", [False, True])
def test_a_reviewers_verdict_is_an_outcome_hours_later(let_in: bool) -> None:
    played = rehearsal()

    def world() -> Iterator[SimulatedSignup]:
        for number, hours in ((1, 0.0), (2, 0.2), (3, 24 * 14)):
            came = signup(number, START + hours * HOUR)
            told = truth(number, decision=played.decide(came))
            yield SimulatedSignup(came, replace(told, decision="review", let_in=let_in) if number == 1 else told)

    played.play(world())

    assert (played.first_ban_at is None) is let_in
    if played.first_ban_at is not None:
        assert played.first_ban_at - START > HOUR / 2


def test_an_operator_is_known_as_far_as_his_accounts_lie_beside_a_known_fraud_or_were_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.rehearsal.NOTICED_FROM", 4)
    played = rehearsal()

    def world() -> Iterator[SimulatedSignup]:
        for number, device in enumerate(("shared", "shared", "own", "other"), start=1):
            came = signup(number, START + number * HOUR)
            came = replace(came, device=replace(came.device, device_id=device))
            told = truth(number, decision=played.decide(came), let_in=number != 3)
            yield SimulatedSignup(came, replace(told, outcome=banned(6)) if number == 1 else told)
        late = signup(5, START + 48 * HOUR)
        yield SimulatedSignup(late, honest(5, decision=played.decide(late)))

    played.play(world())
    figures = figures_of(played)

    assert (figures.in_bad_clusters, figures.found, figures.known) == (0.5, 0.0, 0.75)
    assert (figures.tied, figures.cluster_recall, figures.cluster_honest) == (0.5, 1.0, 0.0)


def ties(values: dict[int, tuple[str, ...]], clusters: dict[int, list[int]], honest: tuple[int, ...] = ()) -> Any:
    cluster_of = {number: cluster for cluster, members in clusters.items() for number in members}
    return ties_of(
        values,
        {number: cluster_of.get(number) for number in values},
        members=clusters.__getitem__,
        fraudulent=lambda number: number not in honest,
    )


def test_clusters_are_held_against_what_is_shared_over_any_number_of_accounts_between() -> None:
    values = {1: ("a", "b"), 2: ("b", "c"), 3: ("c",), 4: ("d",), 5: ()}

    assert ties(values, {7: [1, 2, 3], 8: [4], 9: [5]}) == Ties(tied=0.6, recall=1.0, honest=0.0)
    assert ties(values, {7: [1, 2], 8: [3, 6], 9: [5]}, honest=(6,)) == Ties(tied=0.6, recall=2 / 3, honest=0.0)
    assert ties(values, {7: [1, 2, 3, 6]}, honest=(6,)) == Ties(tied=0.6, recall=1.0, honest=0.25)


def test_nobody_is_tied_who_shares_nothing() -> None:
    assert ties({1: ("a",), 2: ("b",)}, {7: [1], 8: [2]}) == Ties(tied=0.0, recall=None, honest=None)
    assert ties({1: ("a",), 2: ("a",)}, {}) == Ties(tied=1.0, recall=0.0, honest=None)


@pytest.mark.parametrize(
    ("device", "done", "followed"),
    [
        ("shared", "allow", False),
        ("shared", "step_up", True),
        ("own", "allow", True),
    ],
)
def test_a_ban_is_followed_when_nobody_in_its_cluster_is_open_unasked_within_the_hour(
    device: str, done: DecisionWord, followed: bool
) -> None:
    played = rehearsal()
    played._jobs = ()  # or the worker would ask whoever is left

    def world() -> Iterator[SimulatedSignup]:
        for number, identifier in enumerate(("shared", device), start=1):
            came = signup(number, START + number * HOUR)
            came = replace(came, device=replace(came.device, device_id=identifier))
            told = truth(number, decision=played.decide(came))
            yield SimulatedSignup(came, replace(told, outcome=banned(6)) if number == 1 else told)
            played.signups[-1].decision = told.decision if number == 1 else done
        late = signup(5, START + 8 * HOUR)
        yield SimulatedSignup(late, honest(5, decision=played.decide(late)))

    played.play(world())

    figures = figures_of(played)
    assert figures.bans_followed == float(followed)
    assert figures.minutes_to_follow == (pytest.approx(5, abs=5) if followed else None)


def two_on_one_device(played: Rehearsal) -> Iterator[SimulatedSignup]:
    """The first of them is banned after six hours."""
    for number in (1, 2):
        came = signup(number, START + number * HOUR)
        came = replace(came, device=replace(came.device, device_id="shared"))
        told = truth(number, decision=played.decide(came))
        yield SimulatedSignup(came, replace(told, outcome=banned(6)) if number == 1 else told)


def test_the_first_ban_counts_as_followed_once_the_last_one_is_stopped_however_late() -> None:
    played = rehearsal()
    played._jobs = ()

    def world() -> Iterator[SimulatedSignup]:
        yield from two_on_one_device(played)
        for number, hours in ((5, 10), (6, 20)):
            late = signup(number, START + hours * HOUR)
            yield SimulatedSignup(late, honest(number, decision=played.decide(late)))
            played.signups[1].asked_at = START + 10 * HOUR

    played.play(world())
    figures = figures_of(played)

    assert (figures.bans_followed, figures.minutes_to_follow) == (0.0, pytest.approx(4 * 60, abs=5))


def test_a_world_is_rehearsed_the_same_way_again_with_the_same_chance() -> None:
    def told(seed: int) -> list[tuple[str, datetime]]:
        played = rehearsal(chance=Random(seed))

        def world() -> Iterator[SimulatedSignup]:
            yield from two_on_one_device(played)
            late = signup(5, START + 8 * HOUR)
            yield SimulatedSignup(late, honest(5, decision=played.decide(late)))

        played.play(world())
        return [(each.id, each.due_at) for each in played._store.told(after=0)]

    assert told(1) == told(1) != told(2)
    assert told(1)


def test_the_great_standby_opens_both_pools_before_the_first_falls() -> None:
    def allow(_: Signup) -> DecisionWord:
        return "allow"

    world = list(
        simulate(
            days=4,
            seed=3,
            start=START,
            honest_per_day=5,
            prevalence=0.0,
            standby_accounts=80,
            standby_period=(0.5, 2.5),
            standby_crossing=0.1,
            feedback=allow,
        )
    )

    own = [each for each in world if each.truth.operator == GREAT_STANDBY]
    first, second = ([each for each in own if each.truth.variant == pool] for pool in ("A16-first", "A16-standby"))
    assert len(own) == 80
    assert all(each.signup.occurred_at < START + timedelta(days=2.5) for each in own)
    devices = [{each.signup.device.device_id for each in pool} - {None} for pool in (first, second)]
    assert devices[0] & devices[1]
    assert all(each.truth.live_at and each.truth.live_at > START + timedelta(days=2.5) for each in second)


def test_the_command_measures_a_small_attack_and_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEHOUSE_DATA_DIR", str(tmp_path))
    out = tmp_path / "figures.json"
    command = "gatehouse rehearse --seeds 7 --live 20 --per-day 40 --days 0.8 --honest-per-day 5 --out"
    monkeypatch.setattr("sys.argv", [*command.split(), str(out)])
    written = []
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, None)
        written.append(out.read_text())

    (figures,) = json.loads(written[0])["as given"]["with linkage"]
    assert figures["attempts"] > 10
    assert figures["honest_contained"] == 0
    assert "re entry touching" in capsys.readouterr().out
    assert written[1] == written[0]


@pytest.mark.parametrize(("carriers", "there"), [(6, True), (5, False)])
def test_evidence_is_there_once_those_tied_to_a_ban_would_be_enough_if_each_was_doubted(
    carriers: int, there: bool
) -> None:
    played = rehearsal()
    played._jobs = ()  # nobody of the service's sees it

    def world() -> Iterator[SimulatedSignup]:
        for number in range(1, carriers + 1):
            came = signup(number, START + number * HOUR)
            card = Payment(PaymentMethod.CARD, fingerprint="one card")
            came = replace(came, device=replace(came.device, device_id="one device"), payment=card)
            told = truth(number, decision=played.decide(came))
            yield SimulatedSignup(came, replace(told, outcome=banned(4.5)) if number == 1 else told)
        late = signup(9, START + 12 * HOUR)
        yield SimulatedSignup(late, honest(9, decision=played.decide(late)))

    played.play(world())
    figures = figures_of(played)

    assert figures.minutes_from_ban is None
    # The sixth came an hour and a half after the ban of the first, and the worker's round is every five minutes.
    assert figures.minutes_to_evidence == (pytest.approx(92.5, abs=2.5) if there else None)


def test_three_frauds_from_two_sources_are_evidence_without_any_doubt() -> None:
    evidence = Evidence()
    for number in range(3):
        evidence.add(number, (Identifier(IdentifierKind.DEVICE, "one"), Identifier(IdentifierKind.PAYMENT, "one")))
    lines = Lines(doubted=0, fraud_share=1.0)

    enough = []
    for number, source in enumerate(("partner", "partner", "chargeback")):
        evidence.ban(number, source)
        enough.append(evidence.suffices(lines))

    assert enough == [False, False, True]
    assert not evidence.suffices(lines), "nothing has changed"
