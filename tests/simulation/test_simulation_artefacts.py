"""Artefact guards: nothing but what people do tells the honest from the fraudulent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier

from models.reference.mail_domains import load_mail_domains
from models.signup import Signup
from models.simulation.attackers.families import FAMILIES
from models.simulation.tables.networks import connection_of
from models.simulation.tables.tables import load_tables
from models.simulation.truth import SimulatedSignup
from models.simulation.world import simulate

START = datetime(2026, 4, 6, tzinfo=UTC)
World = tuple[SimulatedSignup, ...]
RawFields = Callable[[Signup], list[float]]
CRUDE = frozenset({"A1", "A2"})
STEALTHY = tuple(family.family for family in FAMILIES if family.family not in CRUDE)


def _auc(simulated: World, rows: Iterable[Iterable[float]], *, depth: int) -> float:
    """Out-of-fold AUC of a tree, with operators and honest groups never on both sides."""
    matrix = np.array([list(row) for row in rows], np.float64)
    labels = np.array([each.truth.fraud for each in simulated])
    names: dict[str, int] = {}
    groups = [
        names.setdefault(each.truth.operator or each.truth.group or each.truth.signup_id, len(names))
        for each in simulated
    ]
    tree = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=30, class_weight="balanced", random_state=0)
    scores = cross_val_score(
        tree, np.nan_to_num(matrix, nan=-1.0), labels, groups=groups, cv=GroupKFold(5), scoring="roc_auc"
    )
    return float(np.mean(scores))


def _by_chance(simulated: World) -> float:
    """How far above one half the AUC of no signal at all comes: three standard errors, at least 0.02."""
    frauds = sum(each.truth.fraud for each in simulated)
    honest = len(simulated) - frauds
    return max(0.02, 3 * ((frauds + honest + 1) / (12 * frauds * honest)) ** 0.5)


def _without(simulated: World, families: Iterable[str]) -> World:
    left_out = set(families)
    return tuple(each for each in simulated if each.truth.kind not in left_out)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(lambda signup: signup.signup_id.removeprefix("su_"), id="signup_id"),
        pytest.param(lambda signup: signup.device.device_id, id="device_id"),
        pytest.param(lambda signup: signup.payment and signup.payment.fingerprint, id="fingerprint"),
        # The numbers of a country begin as its plan says, and attackers live where they say: only the end is made up.
        pytest.param(lambda signup: signup.phone and signup.phone[-5:], id="phone"),
    ],
)
def test_made_up_ids_say_nothing(world: World, value: Callable[[Signup], str | None]) -> None:
    shown = tuple(each for each in world if value(each.signup))
    first_uses: dict[str, SimulatedSignup] = {}
    for each in shown:
        first_uses.setdefault(str(value(each.signup)), each)

    texts, owners = list(first_uses), tuple(first_uses.values())

    def characters(text: str) -> list[float]:
        return [len(text), sum(map(str.isdigit, text)), sum(map(str.isupper, text)), ord(text[0]), ord(text[-1])]

    assert _auc(owners, map(characters, texts), depth=3) <= 0.5 + _by_chance(owners)


@pytest.mark.parametrize("part", ["signup_id", "device_id", "fingerprint"])
def test_made_up_ids_have_no_order(world: World, part: str) -> None:
    """Alphabetical order of ids is neither the order of time nor of sides."""

    def value(signup: Signup) -> str | None:
        payment = signup.payment
        found = {"signup_id": signup.signup_id, "device_id": signup.device.device_id}
        return found.get(part, payment.fingerprint if payment else None)

    first_uses: dict[str, SimulatedSignup] = {}
    for each in world:
        if (found := value(each.signup)) is not None:
            first_uses.setdefault(found, each)
    owners = [first_uses[found] for found in sorted(first_uses)]
    places = np.arange(len(owners))
    fraud = [each.truth.fraud for each in owners]
    times = [each.signup.occurred_at.timestamp() for each in owners]

    auc = float(roc_auc_score(fraud, places))
    assert max(auc, 1 - auc) <= 0.5 + _by_chance(tuple(owners))
    assert abs(float(np.corrcoef(places, np.argsort(np.argsort(times)))[0, 1])) <= 0.05


def test_seconds_and_minutes_say_nothing(world: World) -> None:
    times = [each.signup.occurred_at for each in world]

    assert _auc(world, ([time.second] for time in times), depth=4) <= 0.5 + _by_chance(world)
    assert _auc(world, ([time.minute] for time in times), depth=4) <= 0.51 + _by_chance(world)
    assert not any(time.microsecond for time in times)


def test_the_hour_of_the_night_says_little(world: World) -> None:
    """Students do sign up at night, and half of the operators go by the day of those they claim to be; the other half
    works round the clock, which is what the small hours may tell and all they may tell.
    """
    known = [each for each in world if each.truth.kind not in CRUDE and each.signup.device.timezone]
    at_night = [
        each.signup.occurred_at.astimezone(ZoneInfo(str(each.signup.device.timezone))).hour in range(1, 6)
        for each in known
    ]
    labels = [each.truth.fraud for each in known]

    assert roc_auc_score(labels, at_night) <= 0.55
    assert np.mean([night for night, fraud in zip(at_night, labels, strict=True) if not fraud]) >= 0.05


def _mask(signup: Signup) -> list[float]:
    device, behaviour, checks = signup.device, signup.behaviour, signup.prior_checks
    values = (
        device.device_id, device.user_agent, device.accept_language, device.timezone, device.screen, device.platform,
        device.ja4, device.webdriver, device.network, behaviour and behaviour.form_seconds,
        behaviour and behaviour.pasted_fields, behaviour and behaviour.keystrokes, checks, signup.payment,
        signup.payment and signup.payment.checks, signup.identity.country,
    )  # fmt: skip
    return [float(value is None) for value in values]


def test_what_is_missing_says_nothing(world: World) -> None:
    matched = _without(world, {*CRUDE, "H4", "H7", "H11"})

    assert _auc(matched, (_mask(each.signup) for each in matched), depth=6) <= 0.60


def test_numbers_are_rounded_alike(world: World) -> None:
    for each in world:
        behaviour = each.signup.behaviour
        if behaviour is not None and behaviour.form_seconds is not None:
            assert behaviour.form_seconds == round(behaviour.form_seconds, 1)
            assert behaviour.form_seconds > 0


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [
        ("BIN", lambda signup: signup.payment and signup.payment.bin, 0.75),
        ("JA4", lambda signup: signup.device.ja4, 0.9),
        ("user agent", lambda signup: signup.device.user_agent, 0.9),
        ("time zone", lambda signup: signup.device.timezone, 0.98),
        ("language", lambda signup: signup.device.accept_language, 0.95),
        ("mail domain", lambda signup: signup.email.split("@")[1], 0.8),
        ("programme", lambda signup: signup.identity.programme, 1.0),
        ("screen", lambda signup: signup.device.screen, 0.95),
    ],
)
def test_no_table_belongs_to_one_side(
    honest: World, fraud: World, name: str, value: Callable[[Signup], str | None], least: float
) -> None:
    known = {value(each.signup) for each in honest}
    used = [value(each.signup) for each in _without(fraud, {*CRUDE, "A13"}) if value(each.signup)]

    assert sum(each in known for each in used) / len(used) >= least, name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("institution", lambda signup: signup.identity.institution and signup.identity.institution.name),
        ("first name", lambda signup: signup.identity.full_name.split()[0]),
        ("last name", lambda signup: signup.identity.full_name.split()[-1]),
        ("postal code", lambda signup: signup.payment and (signup.payment.billing_postal_code or "")[:2]),
    ],
)
def test_large_tables_are_shared_as_among_honest_people(
    honest: World, fraud: World, name: str, value: Callable[[Signup], str | None]
) -> None:
    """Where a table is larger than the world, two halves of the honest show how much two samples of it share."""
    half = [value(each.signup) for each in honest[::2]]
    known, country = set(half), Counter(each.signup.identity.country for each in honest[1::2])

    def shared(side: Iterable[SimulatedSignup]) -> float:
        # As if both sides came from the same countries: attackers choose theirs, and names follow.
        found: dict[str | None, list[bool]] = defaultdict(list)
        for each in side:
            if value(each.signup):
                found[each.signup.identity.country].append(value(each.signup) in known)
        weights = {place: country[place] for place in found}
        return sum(weights[place] * sum(hits) / len(hits) for place, hits in found.items()) / sum(weights.values())

    assert shared(_without(fraud, {*CRUDE, "A13"})) >= 0.7 * shared(honest[1::2]), name


def test_virtual_cards_and_open_enrolment_mail_have_honest_owners(world: World) -> None:
    tables = load_tables(1)
    virtual = {issuer.bin for issuer in tables.issuers.virtual.items}
    open_domains = {school.domain for school in tables.schools.open_enrolment}
    weight = _weight_to_five_percent(world)
    for chosen in (
        [each for each in world if each.signup.payment and each.signup.payment.bin in virtual],
        [each for each in world if each.signup.email.split("@")[1] in open_domains],
    ):
        honest = sum(not each.truth.fraud for each in chosen)

        assert honest / (honest + weight * (len(chosen) - honest)) >= 0.30


def _weight_to_five_percent(world: World) -> float:
    """What a fraudulent sign-up of this world weighs at the default prevalence."""
    frauds = sum(each.truth.fraud for each in world)
    return (0.05 / 0.95) * (len(world) - frauds) / frauds


def test_proxy_exits_are_also_homes(honest: World, fraud: World) -> None:
    homes = {connection_of(each.signup.device.ip) for each in honest}
    exits = {
        connection_of(each.signup.device.ip)
        for each in fraud
        if each.truth.kind in {"A3", "A4", "A5", "A6", "A8", "A14"}
    }

    assert 0.08 <= len(exits & homes) / len(exits) <= 0.35


def test_both_sides_come_over_ipv6(honest: World, fraud: World) -> None:
    def share(side: World) -> float:
        return sum(":" in each.signup.device.ip for each in side) / len(side)

    assert 0.1 <= share(honest) <= 0.4
    assert share(_without(fraud, CRUDE)) == pytest.approx(share(honest), abs=0.12)


def test_no_two_questions_of_raw_fields_find_the_stealthy(world: World, raw: RawFields) -> None:
    """A depth-2 tree per family would be the oracle of a world that gives itself away."""
    stealthy = _without(world, CRUDE)

    assert _auc(stealthy, (raw(each.signup) for each in stealthy), depth=2) <= 0.75


def test_no_raw_field_alone_finds_the_stealthy(world: World, raw: RawFields) -> None:
    stealthy = _without(world, CRUDE)
    labels = np.array([each.truth.fraud for each in stealthy])
    matrix = np.nan_to_num(np.array([raw(each.signup) for each in stealthy]), nan=-1.0)

    found = [float(roc_auc_score(labels, matrix[:, column])) for column in range(matrix.shape[1])]

    assert max(max(each, 1 - each) for each in found) <= 0.70


def _strong(signup: Signup) -> list[tuple[str, str]]:
    payment = signup.payment
    values = (
        ("device", signup.device.device_id),
        ("phone", signup.phone),
        ("card", payment.fingerprint if payment else None),
        ("mailbox", signup.email),
    )
    return [(kind, value) for kind, value in values if value]


def _degrees(simulated: World) -> Counter[tuple[str, str]]:
    return Counter(identifier for each in simulated for identifier in _strong(each.signup))


def test_honest_people_share_identifiers_too() -> None:
    """Laboratories, families and returners reach over months: a quarter of a thin world shows them."""
    quarter = tuple(simulate(days=90, seed=5, start=START, honest_per_day=60, prevalence=0))
    everyday = tuple(each for each in quarter if each.truth.kind != "H17")
    degrees = _degrees(quarter)

    shared = sum(any(degrees[identifier] > 1 for identifier in _strong(each.signup)) for each in everyday)

    assert shared / len(everyday) >= 0.06


def test_honest_sharing_reaches_as_far_as_half_of_the_operators(honest: World, fraud: World) -> None:
    by_group: dict[str, list[SimulatedSignup]] = defaultdict(list)
    by_operator: dict[str, list[SimulatedSignup]] = defaultdict(list)
    for each in honest:
        if each.truth.group is not None:
            by_group[each.truth.group].append(each)
    for each in _without(fraud, CRUDE):
        by_operator[str(each.truth.operator)].append(each)
    highest_honest = max(max(_degrees(tuple(members)).values()) for members in by_group.values())

    within = [max(_degrees(tuple(members)).values()) <= highest_honest for members in by_operator.values()]

    assert sum(within) / len(within) >= 0.5


@pytest.mark.parametrize("free", [True, False])
def test_a_new_mail_domain_says_little(world: World, free: bool) -> None:
    """First-seen and idle statistics of the two sides overlap, among free mail and among the other domains.

    Operators come back to their domains, and so do schools: people tell each other.
    """
    free_mail = load_mail_domains().free
    last_seen: dict[str, float] = {}
    rows: list[tuple[float, float]] = []
    for each in world:
        domain, now = each.signup.email.split("@")[1], each.signup.occurred_at.timestamp()
        rows.append((now - last_seen[domain] if domain in last_seen else 1e9, float(domain in last_seen)))
        last_seen[domain] = now
    # At the beginning of a world every domain is new: the second half is what a running service sees.
    kept = [
        index
        for index, each in enumerate(world)
        if each.truth.kind not in CRUDE
        and index > len(world) / 2
        and (each.signup.email.split("@")[1] in free_mail) is free
    ]
    labels: NDArray[np.bool_] = np.array([world[index].truth.fraud for index in kept])

    for column, name in enumerate(("idle for", "seen before")):
        found = float(roc_auc_score(labels, [rows[index][column] for index in kept]))

        assert max(found, 1 - found) <= 0.60, name


def test_shuffled_labels_cannot_be_learnt(world: World, raw: RawFields) -> None:
    """The measure itself is honest: without a signal it says one half."""
    shuffled = np.random.default_rng(1).permutation(len(world))
    matrix = [raw(world[index].signup) for index in shuffled]

    assert _auc(world, matrix, depth=2) == pytest.approx(0.5, abs=0.03)


def test_most_families_have_operators_of_different_size(world: World) -> None:
    sizes: dict[str, Counter[str]] = defaultdict(Counter)
    for each in world:
        if each.truth.operator is not None:
            sizes[each.truth.kind][each.truth.operator] += 1

    several = [family for family, operators in sizes.items() if len(set(operators.values())) >= 2]

    assert len(several) >= 15


def test_accidental_sharing_is_as_rare_as_asked(world: World) -> None:
    shared = sum("H16" in each.truth.overlays for each in world)

    assert 0.0008 <= shared / len(world) <= 0.004
