"""The world keeps its promises: reproducible, in order, of all kinds, and told in documents that the API takes."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import phonenumbers
import pytest
from email_validator import validate_email
from stdnum import isni, luhn

from models.signup_document import document_of_signup, signup_of_document
from models.simulation.files import read_truths, read_world, truth_path, write_signups
from models.simulation.honest.kinds import HONEST_KINDS
from models.simulation.scenario import small_hydra
from models.simulation.tables.ror import orcid
from models.simulation.truth import SimulatedSignup
from models.simulation.world import simulate

START = datetime(2026, 4, 6, tzinfo=UTC)
World = tuple[SimulatedSignup, ...]


def _small(seed: int = 3, **changes: object) -> list[SimulatedSignup]:
    arguments: dict[str, object] = {"days": 0.6, "start": START, "honest_per_day": 400.0, "prevalence": 0.1} | changes
    return list(simulate(seed=seed, **arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["w.jsonl", "w.jsonl.zst"])
def test_the_same_seed_writes_the_same_bytes(tmp_path: Path, name: str) -> None:
    (tmp_path / "again").mkdir()
    paths = (tmp_path / name, tmp_path / "again" / name)
    for path in paths:
        write_signups(path, _small())

    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert truth_path(paths[0]).read_bytes() == truth_path(paths[1]).read_bytes()


def test_another_seed_is_another_world() -> None:
    assert {each.signup.email for each in _small(3)}.isdisjoint({each.signup.phone for each in _small(4)})
    assert [each.signup for each in _small(3)] != [each.signup for each in _small(4)]


@pytest.mark.parametrize("name", ["w.jsonl", "w.jsonl.zst"])
def test_a_world_reads_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    simulated = _small()

    written = write_signups(tmp_path / name, simulated)

    assert written == len(simulated)
    assert list(read_world(tmp_path / name)) == simulated


def test_the_truth_is_in_no_field_of_the_file_of_signups(tmp_path: Path) -> None:
    simulated = _small()
    write_signups(tmp_path / "w.jsonl", simulated)

    text = (tmp_path / "w.jsonl").read_text()

    assert not re.search(r"op_A\d|\"fraud\"|\"kind\"|\"operator\"", text)
    assert [truth.signup_id for truth in read_truths(tmp_path / "w.truth.jsonl")] == [
        each.signup.signup_id for each in simulated
    ]


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    for seed in (3, 4):
        write_signups(tmp_path / f"{seed}.jsonl", _small(seed))

    with pytest.raises(ValueError, match=r"4.truth.jsonl does not belong to 3.jsonl: line 1"):
        list(read_world(tmp_path / "3.jsonl", tmp_path / "4.truth.jsonl"))


def test_a_family_more_leaves_the_honest_as_they_were() -> None:
    def honest(families: tuple[str, ...]) -> list[tuple[str, datetime, str]]:
        return [
            (each.signup.signup_id, each.signup.occurred_at, each.signup.identity.full_name)
            for each in _small(families=families)
            if not each.truth.fraud
        ]

    assert honest(("A2",)) == honest(("A2", "A12"))


def test_signups_come_in_time_order_within_the_world(world: World) -> None:
    times = [each.signup.occurred_at for each in world]

    assert times == sorted(times)
    assert times[0] >= START


def test_every_kind_and_family_is_there_in_its_proportion(world: World, honest: World) -> None:
    kinds = Counter(each.truth.kind for each in world)

    assert {f"A{number}" for number in range(1, 21)} <= set(kinds)
    everyday = sum(each.truth.kind != "H17" for each in honest)
    for kind in HONEST_KINDS:
        # Classes, residences and cohorts come in crowds, events when they come.
        if kind.id not in {"H4", "H5", "H14", "H17"}:
            assert kinds[kind.id] / everyday == pytest.approx(kind.share, rel=0.45), kind.id
    assert kinds["H4"] >= 30
    assert 0.03 < kinds["H5"] / everyday < 0.16
    assert 0.10 < 1 - len(honest) / len(world) < 0.22


def test_chosen_families_and_kinds_are_alone() -> None:
    simulated = _small(families=["A5"], kinds=["H1", "H9"])

    assert {each.truth.kind for each in simulated} == {"A5", "H1", "H9"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"families": ["A99"]}, "unknown A99"),
        ({"kinds": ["X"]}, "unknown X"),
        ({"days": 0}, "days > 0"),
        ({"prevalence": 1.0}, "prevalence < 1"),
        ({"start": datetime(2026, 4, 6)}, "time zone"),  # noqa: DTZ001 - the mistake under test
    ],
)
def test_a_world_that_cannot_be_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _small(**wrong)


def test_documents_are_as_the_api_takes_them(world: World) -> None:
    ids = set()
    for each in world[::4]:
        document = document_of_signup(each.signup)
        assert signup_of_document(document) == each.signup
        validate_email(each.signup.email, check_deliverability=False)
        if each.signup.phone is not None:
            assert phonenumbers.is_possible_number(phonenumbers.parse(each.signup.phone)), each.signup.phone
        _assert_limits(each)
        ids.add(each.signup.signup_id)
    assert len(ids) == len(world[::4])


def _assert_limits(each: SimulatedSignup) -> None:
    signup = each.signup
    identity, device, payment, behaviour = signup.identity, signup.device, signup.payment, signup.behaviour
    assert 0 < len(identity.full_name) <= 200
    assert len(signup.signup_id) <= 64
    assert len(device.user_agent or "") <= 1024
    assert device.ja4 is None or re.fullmatch(r"[tq][0-9a-z]{9}_[0-9a-f]{12}_[0-9a-f]{12}", device.ja4)
    assert device.screen is None or re.fullmatch(r"\d{2,5}x\d{2,5}", device.screen)
    for country in (identity.country, payment and payment.issuer_country, payment and payment.billing_country):
        assert country is None or re.fullmatch(r"[A-Z]{2}", country)
    if payment is not None and payment.bin is not None:
        assert re.fullmatch(r"\d{6,8}", payment.bin)
    texts = [identity.website, identity.programme, behaviour and behaviour.stated_use, identity.full_name]
    texts += [payment.fingerprint, payment.cardholder_name, payment.billing_postal_code] if payment else []
    assert all(len(text) <= 2000 for text in texts if text)
    assert not any(_card_numbers(text) for text in texts if text)


def _card_numbers(text: str) -> list[str]:
    return [run for run in re.findall(r"(?:\d[ -]?){13,19}", text) if luhn.is_valid(re.sub(r"\D", "", run))]


def test_orcids_have_their_check_digit() -> None:
    rng = random.Random(5)

    assert all(isni.is_valid(orcid(rng)) for _ in range(200))
    assert not any(isni.is_valid(orcid(rng, valid=False)) for _ in range(200))


def test_outcomes_are_late_incomplete_and_only_for_those_let_in(world: World, honest: World, fraud: World) -> None:
    assert all(each.truth.let_in for each in world if each.truth.outcome)
    delays = sorted(
        (each.truth.outcome.known_at - each.signup.occurred_at).total_seconds() / 86_400
        for each in fraud
        if each.truth.outcome
    )
    assert all(delay >= 0 for delay in delays)
    assert 0.8 < delays[len(delays) // 2] < 4
    assert 4 < delays[len(delays) * 9 // 10] < 40
    unlabelled = [each for each in fraud if each.truth.let_in and each.truth.outcome is None]
    assert 0.04 < len(unlabelled) / sum(each.truth.let_in for each in fraud) < 0.25
    wrong = [each for each in honest if each.truth.outcome and each.truth.outcome.label == "fraud"]
    assert 0.002 < len(wrong) / len(honest) < 0.012
    assert (
        0.3
        < sum(each.truth.outcome.corrected_at is not None for each in wrong if each.truth.outcome) / len(wrong)
        < 0.85
    )


def test_operators_hear_what_the_defender_decides() -> None:
    """Under a defender who lets nobody in, there is nothing to ban and so nothing to replace."""
    open_door = _small(days=3.0, families=["A8"], kinds=["H1"], prevalence=0.5, feedback=lambda _: "allow")
    closed_door = _small(days=3.0, families=["A8"], kinds=["H1"], prevalence=0.5, feedback=lambda _: "deny")

    assert all(each.truth.let_in for each in open_door)
    assert not any(each.truth.let_in or each.truth.outcome for each in closed_door)
    assert [e.signup.email for e in open_door if e.truth.fraud] != [
        e.signup.email for e in closed_door if e.truth.fraud
    ]


def test_the_small_hydra_is_one_hour_of_students_with_a_class_and_linked_accounts() -> None:
    hour = small_hydra(seed=7, start=START)
    times = [each.signup.occurred_at for each in hour]
    accounts = [each for each in hour if each.truth.fraud]
    people = [each for each in hour if not each.truth.fraud]
    devices = Counter(each.signup.device.device_id for each in accounts if each.signup.device.device_id)

    assert times == sorted(times)
    assert (times[-1] - times[0]).total_seconds() <= 3600
    assert 200 <= len(people) <= 400
    assert 80 <= len(accounts) <= 120
    assert sum(each.truth.kind == "H4" for each in people) >= 30
    assert devices.most_common(1)[0][1] >= 3
    assert len({each.signup.device.ip for each in accounts}) > len(accounts) * 0.7


def test_a_great_hydra_grows_to_its_size() -> None:
    simulated = _small(days=2.0, prevalence=0.0, kinds=["H1"], hydra_live_accounts=400)

    accounts = [each for each in simulated if each.truth.operator == "op_A3_great"]

    assert 300 <= len(accounts) <= 600


def test_a_great_hydra_with_more_money_replaces_more() -> None:
    simulated = _small(days=6.0, prevalence=0.0, kinds=["H1"], hydra_live_accounts=200, hydra_reopens=3.0)

    accounts = [each for each in simulated if each.truth.operator == "op_A3_great"]

    assert 450 <= len(accounts) <= 600


def test_progress_is_told_up_to_the_end() -> None:
    told: list[tuple[int, int]] = []

    simulated = _small(days=2.0, progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (len(simulated), len(simulated))
    assert all(done <= total for done, total in told)
