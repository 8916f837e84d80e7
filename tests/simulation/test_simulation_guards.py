"""Guards per family and per world: no family gives itself away, none is alone anywhere, and every story is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from models.reference.network_kinds import NetworkKind
from models.reference.reference import Reference
from models.signup import Signup
from models.simulation.attackers.campaign import Brief
from models.simulation.attackers.families import FAMILIES
from models.simulation.challenges import answered
from models.simulation.honest.kinds import HONEST_KINDS
from models.simulation.imperfect import imperfect
from models.simulation.streams import Streams
from models.simulation.tables.networks import NetworkUse
from models.simulation.tables.tables import load_tables
from models.simulation.truth import SimulatedSignup
from models.simulation.world import World, simulate

START = datetime(2026, 4, 6, tzinfo=UTC)
CRUDE = frozenset({"A1", "A2"})
Signups = tuple[SimulatedSignup, ...]
RawFields = Callable[[Signup], list[float]]
_OPERATORS, _ACCOUNTS, _DAYS = 20, 20, 12
_FOLDS = 5


@pytest.fixture(scope="module")
def contest() -> Signups:
    """Twenty operators of every family with 24 accounts each, beside ordinary people.

    Their AUC varies from world to world mostly with the operators, not with the accounts: a standard error of 0.02
    needs about twenty of them.
    """
    world = World(
        tables=load_tables(1),
        streams=Streams(1),
        start=START,
        days=_DAYS,
        kinds=HONEST_KINDS,
        accidental_sharing=0.002,
        feedback=None,
    )
    for family in FAMILIES:
        for number in range(_OPERATORS):
            crew = world.crew(f"{family.family}/{number}")
            begin = START + timedelta(days=crew.rng.uniform(0, 3))
            days = min(8.0, crew.rng.uniform(*family.days))
            name = f"op_{family.family}_{number:03d}"
            world.enlist(family(Brief(name, _ACCOUNTS, begin, days, crew, world.calendar, number)))
    return tuple(world.play(600))


def _folds(signups: Signups) -> NDArray[np.int64]:
    """Operators and honest groups whole, each side spread evenly over the folds."""
    numbers: dict[str, dict[str, int]] = defaultdict(dict)
    folds = []
    for each in signups:
        truth = each.truth
        known = numbers[truth.kind if truth.fraud else "honest"]
        folds.append(known.setdefault(truth.operator or truth.group or truth.signup_id, len(known)) % _FOLDS)
    return np.array(folds)


def _tree_auc(matrix: NDArray[np.float64], labels: NDArray[np.bool_], folds: NDArray[np.int64], depth: int) -> float:
    found = []
    for fold in range(_FOLDS):
        inside = folds == fold
        tree = DecisionTreeClassifier(
            max_depth=depth, min_samples_leaf=30, class_weight="balanced", random_state=0
        ).fit(matrix[~inside], labels[~inside])
        found.append(float(roc_auc_score(labels[inside], tree.predict_proba(matrix[inside])[:, 1])))
    return float(np.mean(found))


def test_no_family_is_found_by_two_questions(
    contest: Signups, raw: RawFields, record_property: Callable[[str, object], None]
) -> None:
    """The single-family oracle: a depth-2 tree on raw fields, judged on operators it has not seen."""
    matrix = np.nan_to_num(np.array([raw(each.signup) for each in contest]), nan=-1.0)
    kinds = np.array([each.truth.kind for each in contest])
    labels = np.array([each.truth.fraud for each in contest])
    folds = _folds(contest)
    figures: dict[str, float] = {}
    for family in FAMILIES:
        rows = ~labels | (kinds == family.family)
        figures[family.family] = _tree_auc(matrix[rows], labels[rows], folds[rows], depth=2)
        record_property(f"depth-2 AUC of {family.family}", round(figures[family.family], 3))

    given_away = {family: round(auc, 3) for family, auc in figures.items() if family not in CRUDE and auc > 0.75}

    assert given_away == {}
    # The crude ones are crude: the measure finds what is there to be found.
    assert min(figures[family] for family in CRUDE) > 0.8


def test_shuffled_labels_cannot_be_learnt_from_people_without_operators(contest: Signups, raw: RawFields) -> None:
    people = tuple(each for each in contest if not each.truth.fraud and each.truth.group is None)
    matrix = np.nan_to_num(np.array([raw(each.signup) for each in people]), nan=-1.0)
    random = np.random.default_rng(1)
    folds = np.arange(len(people)) % _FOLDS

    found = [_tree_auc(matrix, random.random(len(people)) < 0.4, folds, depth=2) for _ in range(4)]

    assert np.mean(found) == pytest.approx(0.5, abs=0.02)


def test_no_operator_is_alone_on_a_network_an_issuer_or_a_handshake(contest: Signups, reference: Reference) -> None:
    def network(signup: Signup) -> str | None:
        return reference.networks.look_up(signup.device.ip).key

    def issuer(signup: Signup) -> str | None:
        return signup.payment.bin if signup.payment else None

    def handshake(signup: Signup) -> str | None:
        return signup.device.ja4

    for value in (network, issuer, handshake):
        users: dict[str, set[str]] = defaultdict(set)
        used: Counter[str] = Counter()
        by_operator: dict[str, Counter[str]] = defaultdict(Counter)
        for each in contest:
            found = value(each.signup)
            if found is not None:
                users[found].add(each.truth.operator or each.truth.signup_id)
                used[found] += 1
                if each.truth.operator:
                    by_operator[each.truth.operator][found] += 1
        home = {operator: counts.most_common(1)[0][0] for operator, counts in by_operator.items()}

        # Where an operator is most at home, others are too.
        alone = [
            operator for operator, place in home.items() if len(users[place]) == 1 and by_operator[operator][place] > 2
        ]

        # Seven thousand people leave some small banks of the tables without a customer.
        assert len(alone) <= 0.03 * len(home), (value.__name__, alone)


def test_every_family_has_three_operators_or_more() -> None:
    world = simulate(days=20, seed=4, start=START, honest_per_day=200, prevalence=0.5, kinds=["H1", "H4", "H5"])
    operators: dict[str, set[str]] = defaultdict(set)
    for each in world:
        if each.truth.operator is not None:
            operators[each.truth.kind].add(each.truth.operator)

    assert {family: len(found) for family, found in operators.items() if len(found) < 3} == {}
    assert set(operators) == {family.family for family in FAMILIES}


def test_a_hydra_says_how_it_shares(contest: Signups) -> None:
    by_variant: dict[str | None, set[str | None]] = defaultdict(set)
    reuse: dict[str, Counter[str]] = defaultdict(Counter)
    for each in contest:
        if each.truth.kind == "A3":
            by_variant[each.truth.variant].add(each.truth.operator)
            if each.truth.variant == "A3-aligned" and each.signup.device.device_id:
                reuse[str(each.truth.operator)][each.signup.device.device_id] += 1

    assert set(by_variant) == {"A3-crossed", "A3-aligned", "A3-aligned-more"}
    assert len(by_variant["A3-crossed"]) == _OPERATORS / 2
    means = [float(np.mean(list(devices.values()))) for devices in reuse.values()]
    assert np.mean(means) <= 3
    assert all(each.truth.is_of({"A3"}) for each in contest if each.truth.variant == "A3-aligned")
    assert any(each.truth.is_of({"A3-aligned"}) for each in contest)


def test_cover_traffic_moves_only_inside_crowds(contest: Signups) -> None:
    crowds: dict[str, list[datetime]] = defaultdict(list)
    for each in contest:
        if each.truth.kind in {"H4", "H5"} and each.truth.group:
            crowds[each.truth.group].append(each.signup.occurred_at)
    covers = [each for each in contest if each.truth.kind == "A15"]

    def covered(now: datetime) -> bool:
        recent = timedelta(minutes=91)
        return any(sum(timedelta() <= now - at <= recent for at in moments) >= 4 for moments in crowds.values())

    event = any(each.truth.kind == "H17" for each in contest)
    assert len(covers) > 100
    assert event or sum(covered(each.signup.occurred_at) for each in covers) >= 0.98 * len(covers)


def test_a_standby_pool_is_open_before_the_fall_and_in_use_after_it() -> None:
    world = simulate(days=120, seed=6, start=START, honest_per_day=15, prevalence=0.5, families=["A16"], kinds=["H1"])
    by_operator: dict[str, list[SimulatedSignup]] = defaultdict(list)
    for each in world:
        if each.truth.fraud:
            by_operator[str(each.truth.operator)].append(each)

    assert len(by_operator) >= 3
    for accounts in by_operator.values():
        standby = [each for each in accounts if each.truth.variant == "A16-standby"]
        idle = [each.truth.live_at - each.signup.occurred_at for each in standby if each.truth.live_at]
        first = [each for each in accounts if each.truth.variant == "A16-first"]
        live = [each.truth.live_at for each in standby if each.truth.live_at]
        assert 0.2 <= len(standby) / max(1, len(first)) <= 1.3
        assert min(idle) >= timedelta(days=15)
        assert max(idle) <= timedelta(days=61)
        assert timedelta(0) < max(live) - min(live) <= timedelta(hours=23)
        assert all(
            each.truth.outcome.known_at >= each.truth.live_at
            for each in standby
            if each.truth.outcome and each.truth.live_at
        )


def test_a_broker_serves_several_operators_and_honest_people() -> None:
    world = tuple(simulate(days=6, seed=3, start=START, honest_per_day=300, prevalence=0.4, families=["A18"]))
    customers: dict[str, set[str | None]] = defaultdict(set)
    for each in world:
        customers[each.signup.device.ip].add(each.truth.operator)
    brokered = [owners for owners in customers.values() if len(owners - {None}) >= 2]
    operators = set().union(*brokered)
    sold = [each for each in world if len(customers[each.signup.device.ip] - {None}) >= 2]

    assert len(operators - {None}) >= 3
    assert 0.01 <= sum(not each.truth.fraud for each in sold) / len(sold) <= 0.25


def test_a_poisoner_is_trusted_first_and_floods_only_what_was_banned() -> None:
    world = simulate(days=60, seed=8, start=START, honest_per_day=80, prevalence=0.25, families=["A20"], kinds=["H1"])
    accounts: dict[str, list[SimulatedSignup]] = defaultdict(list)
    for each in world:
        if each.truth.fraud:
            accounts[str(each.truth.operator)].append(each)

    floods = 0
    for mine in accounts.values():
        flood = [each for each in mine if each.truth.variant == "A20-flood"]
        bait = [each for each in mine if each.truth.variant == "A20-abuse" and each.signup.occurred_at < _first(flood)]
        grown = [each for each in mine if each.truth.variant == "A20-grown"]
        if not flood:
            continue
        floods += 1
        assert max(each.signup.occurred_at for each in grown) <= min(each.signup.occurred_at for each in bait)
        banned = [each.truth.outcome.known_at for each in bait if each.truth.outcome]
        assert not banned or min(banned) <= _first(flood)
        assert {each.truth.outcome.label for each in grown if each.truth.outcome} <= {"legitimate"}
    assert floods >= 3


def _first(accounts: list[SimulatedSignup]) -> datetime:
    return min((each.signup.occurred_at for each in accounts), default=datetime.max.replace(tzinfo=UTC))


def test_slow_labels_come_weeks_later() -> None:
    def median_days(labels: str) -> float:
        world = simulate(
            days=8,
            seed=5,
            start=START,
            honest_per_day=150,
            prevalence=0.5,
            families=["A6"],
            kinds=["H1"],
            labels=labels,  # type: ignore[arg-type]  # the two words come from the loop below
        )
        delays = [
            (each.truth.outcome.known_at - each.signup.occurred_at) / timedelta(days=1)
            for each in world
            if each.truth.fraud and each.truth.outcome
        ]
        return float(np.median(delays))

    assert median_days("slow") > 1.3 * median_days("ordinary")


def test_challenges_are_passed_as_each_family_can_and_known_within_half_an_hour(contest: Signups) -> None:
    rng = Streams(1).of("challenges")

    def share(family: str | None) -> float:
        return float(np.mean([answered("institution_sso", START, rng, family=family).passed for _ in range(2000)]))

    assert share("A10") == pytest.approx(0.90, abs=0.03)
    assert share("A3") == pytest.approx(0.02, abs=0.015)
    assert share("A19") == pytest.approx(share(None), abs=0.03)
    for each in contest:
        challenge = each.truth.challenge
        assert (challenge is not None) == (each.truth.decision == "step_up")
        if challenge is not None:
            assert each.truth.let_in == challenge.passed
            waited = challenge.known_at - each.signup.occurred_at
            assert timedelta(seconds=59) <= waited <= timedelta(minutes=31)


def test_an_operator_who_knows_the_features_has_no_cheap_tell() -> None:
    def world(*, white_box: bool) -> Signups:
        every = simulate(
            days=4,
            seed=9,
            start=START,
            honest_per_day=300,
            prevalence=0.5,
            families=["A1", "A3", "A6"],
            white_box=white_box,
        )
        return tuple(each for each in every if each.truth.fraud)

    informed, usual = world(white_box=True), world(white_box=False)

    assert any(each.signup.device.webdriver for each in usual)
    assert not any(each.signup.device.webdriver for each in informed)
    devices = Counter(each.signup.device.device_id for each in informed if each.signup.device.device_id)
    assert devices.most_common(1)[0][1] > 3


def test_other_tables_are_another_world() -> None:
    def exits(seed: int) -> set[str]:
        tables, rng = load_tables(seed), Streams(1).of("exits")
        return {tables.networks.exit(NetworkUse.VPN, rng).ip(rng) for _ in range(200)}

    first, second = load_tables(1), load_tables(2)

    assert len(exits(1) & exits(2)) < 40
    bins = [{issuer.bin for issuer in tables.issuers.virtual.items} for tables in (first, second)]
    assert len(bins[0] & bins[1]) <= 2


def test_lists_with_gaps_lack_what_was_asked_and_the_same_each_time(reference: Reference) -> None:
    gaps, again, other = imperfect(reference, 1), imperfect(reference, 1), imperfect(reference, 2)
    tables, rng = load_tables(1), Streams(1).of("gaps")
    servers = [tables.networks.exit(NetworkUse.HOSTING, rng).ip(rng) for _ in range(3_000)]
    hosting = {ip for ip in servers if reference.networks.look_up(ip).kind is NetworkKind.HOSTING}
    hosts = {reference.networks.look_up(ip).key for ip in hosting}
    listed = {ip for ip in hosting if gaps.networks.look_up(ip).kind is NetworkKind.HOSTING}
    found = {reference.networks.look_up(ip).key for ip in listed}
    domains = [tables.schools.listed(place, rng).domain for place in tables.places.items for _ in range(20)]
    academic = {domain for domain in domains if reference.academic.look_up(domain).academic}

    assert 1 - len(gaps.mail.disposable) / len(reference.mail.disposable) == pytest.approx(0.15, abs=0.01)
    assert 1 - len(found) / len(hosts) == pytest.approx(0.10, abs=0.06)
    kept = sum(gaps.academic.look_up(each).academic for each in academic)
    assert kept / len(academic) == pytest.approx(0.92, abs=0.03)
    assert gaps.mail.disposable == again.mail.disposable != other.mail.disposable


def test_the_same_seed_is_the_same_world_in_every_process() -> None:
    code = (
        "import hashlib; from datetime import UTC, datetime; from models.simulation.world import simulate;"
        "start = datetime(2026, 4, 6, tzinfo=UTC);"
        "w = simulate(days=0.5, seed=3, start=start, honest_per_day=300, prevalence=0.2);"
        "print(hashlib.sha256(repr(list(w)).encode()).hexdigest())"
    )

    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1
