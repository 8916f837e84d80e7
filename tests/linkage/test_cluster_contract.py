"""Who belongs together and what is known of whom: held against the stores in memory and in SQL, member for member.

Long, because it is one contract: every store of clusters is held to all of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.linkage.company import Company
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.joining import DEGREE_CAP, GuardState
from models.linkage.marks import Mark
from models.linkage.velocity import Linkage
from service.domain.errors import ConflictError
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from service.usecases.ports_clusters import Guard
from service.usecases.unite_tied import unite_tied

Kind = IdentifierKind
Store = MemoryStore | SqlStore
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OWNER = "acme"


def identifiers(**values: str) -> tuple[Identifier, ...]:
    """``device="d1"`` and so on, by the kinds' names; ``college`` makes the browser that of a computer room."""
    crowd = values.pop("crowd", "") == "yes"
    return tuple(
        Identifier(Kind(name), value, of_a_crowd=crowd and name == "device_profile") for name, value in values.items()
    )


class Service:
    """A store that sign-ups are recorded in as the service does it: a look first, then the record."""

    def __init__(self, store: Store, make_record: Callable[..., NewRecord]) -> None:
        self.store = store
        self._make = make_record
        self._numbers = itertools.count(1)

    def came(self, *carried: Identifier, ago: timedelta = HOUR, looked: bool = True) -> int:
        number, at = next(self._numbers), NOW - ago
        with self.store.begin() as work:
            clusters: Sequence[int] = ()
            if looked:
                clusters = work.ledger.look(OWNER, f"su_{number}", carried, now=at).linkage.company.clusters
            work.ledger.append(self._make(f"su_{number}", at=at, identifiers=carried, clusters=clusters))
            work.commit()
        return number

    def linkage(self, *carried: Identifier, now: datetime = NOW) -> Linkage:
        with self.store.begin() as work:
            return work.ledger.look(OWNER, "new", carried, now=now).linkage

    def company(self, *carried: Identifier) -> Company:
        return self.linkage(*carried).company

    def again(self, number: int, *carried: Identifier) -> Linkage:
        with self.store.begin() as work:
            recorded = next(each for each in work.ledger.stream() if each.signup_no == number)
            return work.ledger.linkage_again(recorded, carried, now=NOW)

    def known(self, number: int, mark: Mark, *, ago: timedelta = MINUTE) -> None:
        with self.store.begin() as work:
            work.clusters.mark(number, mark, at=NOW - ago)
            work.commit()

    def otherwise(self, number: int, mark: Mark) -> None:
        with self.store.begin() as work:
            work.clusters.unmark(number, mark, at=NOW)
            work.commit()

    def guard(self, identifier: Identifier, state: GuardState = GuardState.SHARED, *, since: datetime = NOW) -> Guard:
        with self.store.begin() as work:
            key = work.clusters.keys_of([(identifier.kind, identifier.value)])[0]
            guard = Guard(key, state, since=since, by="t", reason="a laboratory's card")
            work.clusters.set_guard(guard)
            work.commit()
        return guard

    def lift(self, guard: Guard) -> None:
        with self.store.begin() as work:
            work.clusters.lift_guard(guard)
            work.commit()

    def holding(self, *carried: Identifier) -> dict[int, set[str]]:
        """The kinds that each containment holds."""
        with self.store.begin() as work:
            keys = work.clusters.keys_of([(each.kind, each.value) for each in carried])
            return {number: {key.kind.value for key in of} for number, of in work.clusters.holding(keys).items()}

    def partition(self, count: int) -> set[frozenset[int]]:
        parts: dict[int | None, set[int]] = {}
        with self.store.begin() as work:
            for number in range(1, count + 1):
                parts.setdefault(work.clusters.cluster_of(number), set()).add(number)
        return {frozenset(part) for part in parts.values()}


@pytest.fixture
def service(store: Store, make_record: Callable[..., NewRecord]) -> Service:
    return Service(store, make_record)


@pytest.mark.parametrize("kind", ["mailbox", "device", "payment", "phone", "orcid", "behaviour_fingerprint"])
def test_one_strong_identifier_joins(service: Service, kind: str) -> None:
    first = service.came(*identifiers(**{kind: "x"}))

    company = service.company(*identifiers(**{kind: "x"}))

    assert (company.clusters, company.size, company.edges) == ((first,), 1, 1)


@pytest.mark.parametrize("kind", [kind.value for kind in Kind if kind not in {*DEGREE_CAP, *list(Kind)[:6]}])
def test_weak_identifiers_never_join(service: Service, kind: str) -> None:
    carried = (*identifiers(**{kind: "x"}), *identifiers(network="n", email_domain="d"))
    service.came(*carried)

    assert service.company(*carried).size == 0


def test_two_medium_identifiers_join_when_they_agree_with_the_same_sign_up(service: Service) -> None:
    service.came(*identifiers(ip="1", device_profile="p"))
    service.came(*identifiers(ip="2", device_profile="q"))

    assert service.company(*identifiers(ip="1", device_profile="p")).size == 1
    assert service.company(*identifiers(ip="1", device_profile="p")).edges == 2
    assert service.company(*identifiers(ip="1", device_profile="q")).size == 0
    assert service.company(*identifiers(ip="1")).size == 0


def test_a_computer_room_is_not_a_cluster(service: Service) -> None:
    room = identifiers(ip="1", device_profile="p", crowd="yes")
    service.came(*room)

    assert service.company(*room).size == 0


@pytest.mark.parametrize(("ago", "size"), [(7 * DAY, 1), (7 * DAY + MINUTE, 0)])
def test_an_address_ties_for_a_week(service: Service, ago: timedelta, size: int) -> None:
    service.came(*identifiers(ip="1", cardholder_bin="c"), ago=ago)

    assert service.company(*identifiers(ip="1", cardholder_bin="c")).size == size


@pytest.mark.parametrize("kind", list(DEGREE_CAP))
def test_a_medium_identifier_beyond_its_cap_ties_nobody(service: Service, kind: Kind) -> None:
    other = "device_profile" if kind is Kind.IP else "ip"
    for number in range(DEGREE_CAP[kind]):
        service.came(*identifiers(**{kind.value: "x", other: str(number)}))
    tied = identifiers(**{kind.value: "x", other: "0"})

    assert service.company(*tied).size == 1
    service.came(*identifiers(**{kind.value: "x", other: "another"}))
    assert service.company(*tied).size == 0


def test_a_common_name_does_not_tie_strangers(service: Service) -> None:
    tied = identifiers(ip="1", name="wang wei", name_birth="wang wei|2004")
    service.came(*tied)
    assert service.company(*tied).size == 1

    service.came(*identifiers(name="wang wei", name_birth="wang wei|1999"))

    assert service.company(*tied).size == 0


def test_a_sign_up_unites_the_clusters_that_it_touches(service: Service) -> None:
    one, other = service.came(*identifiers(device="d")), service.came(*identifiers(phone="p"))
    both = identifiers(device="d", phone="p")

    assert service.company(*both).clusters == (one, other)
    third = service.came(*both)
    assert service.partition(third) == {frozenset({one, other, third})}
    assert service.company(*identifiers(phone="p")).size == 3


def test_size_growth_and_age_are_of_the_members_before(service: Service) -> None:
    for ago in (3 * DAY, 5 * HOUR, 10 * MINUTE):
        service.came(*identifiers(device="d"), ago=ago)

    company = service.company(*identifiers(device="d"))

    assert (company.size, company.growth_24h, company.growth_1h) == (3, 2, 1)
    assert company.age_us == 3 * DAY // timedelta(microseconds=1)


def test_size_and_growth_are_of_both_clusters_that_a_sign_up_touches(service: Service) -> None:
    for ago in (3 * DAY, 5 * HOUR, 10 * MINUTE):
        service.came(*identifiers(device="d"), ago=ago)
        service.came(*identifiers(phone="p"), ago=ago - MINUTE)

    company = service.company(*identifiers(device="d", phone="p"))

    assert len(company.clusters) == 2
    assert (company.size, company.growth_24h, company.growth_1h) == (6, 4, 2)


def test_a_guarded_identifier_ties_nobody_and_is_told(service: Service) -> None:
    card = identifiers(payment="card")
    service.came(*card)
    service.guard(card[0])

    company = service.company(*card)

    assert (company.edges, company.guarded, company.clusters) == (0, 1, ())
    alone = service.came(*card, *identifiers(mailbox="m"))
    assert service.company(*identifiers(mailbox="m")).clusters == (alone,)


def test_a_guard_is_set_once_and_lifted_by_whoever_means_that_one(service: Service) -> None:
    card = identifiers(payment="card")
    service.came(*card)
    cut = service.guard(*card, state=GuardState.CUT)

    for state in (GuardState.EXEMPT, GuardState.CUT):
        with pytest.raises(ConflictError):
            service.guard(*card, state=state)
    for other in (replace(cut, state=GuardState.EXEMPT), replace(cut, since=NOW - MINUTE)):
        with pytest.raises(ConflictError):
            service.lift(other)
    assert service.company(*card).guarded == 1

    service.lift(cut)

    assert service.company(*card).edges == 1
    with pytest.raises(ConflictError):
        service.lift(cut)
    service.guard(*card, state=GuardState.EXEMPT)


def test_a_sign_up_that_is_judged_again_keeps_no_company_with_itself(service: Service) -> None:
    own = service.came(*identifiers(device="d"))
    assert service.again(own, *identifiers(device="d")).company.size == 0

    service.came(*identifiers(device="d"))
    assert service.again(own, *identifiers(device="d")).company.size == 1


def test_composition_tells_networks_names_and_institutions(service: Service) -> None:
    for number in range(4):
        service.came(
            *identifiers(
                device="d", network=str(number), name=str(number % 2), institution="i", email_pattern="w@x", payment="c"
            )
        )
    composition = service.company(*identifiers(device="d", email_pattern="w@x")).composition

    assert (composition.members, composition.networks, composition.names, composition.cards) == (4, 4, 2, 1)
    assert (composition.alike, composition.institutions, composition.devices) == (4, (4,), 1)


def test_a_ban_is_known_on_every_identifier_of_the_account(service: Service) -> None:
    banned = service.came(*identifiers(device="d", ip="1", ip_prefix="1.0", email_domain="x.example"))
    service.known(banned, Mark.BANNED, ago=2 * HOUR)

    linkage = service.linkage(*identifiers(device="d", ip_prefix="1.0", email_domain="x.example", phone="new"))

    assert linkage.touched.strong_kinds == linkage.touched.strong_bans == 1
    assert linkage.company.frauds == 1
    assert linkage.company.fraud_age_us == 2 * HOUR // timedelta(microseconds=1)
    for kind in (Kind.DEVICE, Kind.IP_PREFIX, Kind.EMAIL_DOMAIN):
        marks = linkage.marks(kind)
        assert marks is not None
        assert marks.banned == 1


def test_a_ban_that_is_taken_back_counts_nowhere(service: Service) -> None:
    banned = service.came(*identifiers(device="d"))
    before = service.linkage(*identifiers(device="d")).as_document()
    service.known(banned, Mark.BANNED)
    service.otherwise(banned, Mark.BANNED)

    assert service.linkage(*identifiers(device="d")).as_document() == before


def test_clean_accounts_do_not_wash_a_ban_out_of_sight(service: Service) -> None:
    banned = service.came(*identifiers(device="d"), ago=DAY)
    service.known(banned, Mark.BANNED, ago=HOUR)
    for number in range(300):
        clean = service.came(*identifiers(device="d"), ago=timedelta(seconds=300 - number))
        if number < 260:
            service.known(clean, Mark.PASSED, ago=timedelta(seconds=300 - number))

    linkage = service.linkage(*identifiers(device="d"))

    assert linkage.company.size == 256
    assert linkage.company.frauds == 1
    assert linkage.touched.strong_bans == 1


def test_of_many_bans_the_newest_sixteen_are_looked_at_one_by_one(service: Service) -> None:
    accounts = [service.came(*identifiers(device="d"), ago=DAY) for _ in range(20)]
    for hours, account in enumerate(accounts, start=1):
        service.known(account, Mark.BANNED, ago=hours * HOUR)

    marks = service.linkage(*identifiers(device="d")).marks(Kind.DEVICE)

    assert marks is not None
    assert marks.banned == 20
    assert [ban.signup_no for ban in marks.bans] == accounts[:16]
    assert [ban.age_us for ban in marks.bans] == [hours * HOUR // timedelta(microseconds=1) for hours in range(1, 17)]


def test_bans_of_pairs_and_triples_are_touched_only_together(service: Service) -> None:
    first = service.came(*identifiers(ip="1", device_profile="p"))
    second = service.came(*identifiers(email_pattern="w@x", profile_network="n|p", bin="424242"))
    for number in (first, second):
        service.known(number, Mark.BANNED, ago=HOUR)

    pair = service.linkage(*identifiers(ip="1", device_profile="p")).touched
    triple = service.linkage(*identifiers(email_pattern="w@x", profile_network="n|p", bin="424242")).touched
    apart = service.linkage(*identifiers(ip="1", email_pattern="w@x", bin="424242")).touched

    assert (pair.pair_bans, pair.triple_bans, triple.pair_bans, triple.triple_bans) == (1, 0, 0, 1)
    assert (apart.pair_bans, apart.triple_bans, apart.pressure) == (0, 0, 0.0)
    assert pair.pressure > triple.pressure > 0


def test_results_of_challenges_are_counted_for_a_month(service: Service) -> None:
    for mark, ago in ((Mark.PASSED, HOUR), (Mark.FAILED, DAY), (Mark.FAILED, 31 * DAY)):
        service.known(service.came(*identifiers(device="d"), ago=40 * DAY), mark, ago=ago)

    marks = service.linkage(*identifiers(device="d")).marks(Kind.DEVICE)

    assert marks is not None
    assert (marks.passed, marks.failed) == (1, 1)


def test_a_containment_is_seen_on_what_it_holds_until_it_lets_go(service: Service) -> None:
    service.came(*identifiers(device="d", phone="p"))
    with service.store.begin() as work:
        keys = work.clusters.keys_of([(Kind.DEVICE, "d"), (Kind.PHONE, "p")])
        work.clusters.hold(keys, 1, at=NOW)
        work.commit()
    assert service.company(*identifiers(device="d", phone="p", mailbox="m")).contained == 2

    with service.store.begin() as work:
        work.clusters.let_go(1, at=NOW)
        work.commit()
    assert service.company(*identifiers(device="d", phone="p", mailbox="m")).contained == 0


def test_identifiers_learnt_later_tie_clusters(service: Service) -> None:
    one, other = service.came(*identifiers(mailbox="a")), service.came(*identifiers(mailbox="b"))
    for number in (one, other):
        with service.store.begin() as work:
            work.clusters.add_identifiers(number, identifiers(behaviour_fingerprint="f"), at=NOW - MINUTE)
            work.commit()
            work.clusters.settle(at=NOW)

    assert service.partition(2) == {frozenset({one, other})}
    assert service.company(*identifiers(behaviour_fingerprint="f")).size == 2


@pytest.mark.parametrize(("ago", "size"), [(7 * DAY, 2), (7 * DAY + MINUTE, 1)])
def test_a_medium_identifier_learnt_later_ties_in_pairs_with_what_was_carried(
    service: Service, ago: timedelta, size: int
) -> None:
    service.came(*identifiers(ip="1", device_profile="p"), ago=ago)
    other = service.came(*identifiers(ip="2", device_profile="p"))
    learnt = identifiers(ip="1")
    with service.store.begin() as work:
        work.clusters.add_identifiers(other, learnt, at=NOW)
        work.commit()
        recorded = next(each for each in work.ledger.stream() if each.signup_no == other)
        tied = unite_tied(work, recorded, (*learnt, *identifiers(device_profile="p")), came_at=NOW, now=NOW)
        cluster = work.clusters.cluster_of(other)
        assert cluster is not None
        summary = work.clusters.summary(cluster)

    assert summary is not None
    assert (tied, summary.size) == (size == 2, size)


def test_what_a_containment_holds_is_told_by_identifier_while_it_stands(service: Service) -> None:
    held, guarded = identifiers(device="d", payment="c")
    with service.store.begin() as work:
        keys = work.clusters.keys_of([(each.kind, each.value) for each in (held, guarded)])
        work.clusters.hold(keys, 7, at=NOW)
        work.commit()
    before = service.holding(held, guarded)
    service.guard(guarded)
    after = service.holding(held, guarded)
    with service.store.begin() as work:
        work.clusters.let_go(7, at=NOW)
        work.commit()

    assert (before, after, service.holding(held)) == ({7: {"device", "payment"}}, {7: {"device"}}, {})


def test_what_is_known_of_a_sign_up_marks_what_is_learnt_of_it_later(service: Service) -> None:
    banned = service.came(*identifiers(mailbox="m"))
    service.known(banned, Mark.BANNED, ago=2 * HOUR)
    with service.store.begin() as work:
        work.clusters.add_identifiers(banned, identifiers(payment="card", network="n"), at=NOW - MINUTE)
        work.commit()
    touched = service.linkage(*identifiers(payment="card")).touched
    service.otherwise(banned, Mark.BANNED)

    assert touched.strong_bans == 1
    assert service.linkage(*identifiers(payment="card")).touched.strong_bans == 0


def test_a_cluster_is_divided_and_found_again_by_what_leads_there(service: Service) -> None:
    left = [service.came(*identifiers(payment="card", device="left")) for _ in range(2)]
    right = [service.came(*identifiers(payment="card", device="right")) for _ in range(2)]
    service.guard(*identifiers(payment="card"), state=GuardState.CUT)
    with service.store.begin() as work:
        cluster = work.clusters.cluster_of(left[0])
        assert cluster is not None
        leads = work.clusters.keys_of([(Kind.DEVICE, "right")])[0]
        work.clusters.split(cluster, [right], [(leads, right[0])])

    assert service.partition(4) == {frozenset(left), frozenset(right)}
    assert service.company(*identifiers(device="right")).size == 2
    assert service.company(*identifiers(device="left")).size == 2
    service.came(*identifiers(device="right", phone="p"))
    assert service.company(*identifiers(phone="p")).size == 3


_STRONG = ("device", "payment", "phone", "mailbox")
_SIGN_UPS = st.lists(
    st.dictionaries(st.sampled_from(_STRONG), st.sampled_from("abcd"), min_size=1, max_size=3), min_size=1, max_size=14
)


@pytest.mark.parametrize("looked", [True, False], ids=["as-judged", "unseen"])
def test_the_partition_is_that_of_a_plain_union_find_in_any_order(
    request: pytest.FixtureRequest, service: Service, looked: bool
) -> None:
    worlds = itertools.count()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(sign_ups=_SIGN_UPS, order=st.randoms(use_true_random=False))
    def agrees(sign_ups: list[dict[str, str]], order: Any) -> None:
        world = next(worlds)
        order.shuffle(sign_ups)
        numbers = []
        for each in sign_ups:
            values = {kind: f"{world}{value}" for kind, value in each.items()}
            numbers.append(service.came(*identifiers(**values), looked=looked))
        parts = service.partition(max(numbers))

        assert {part for part in parts if min(part) >= numbers[0]} == _union_find(sign_ups, numbers)

    agrees()


def _union_find(sign_ups: list[dict[str, str]], numbers: list[int]) -> set[frozenset[int]]:
    merged: list[tuple[set[Any], set[int]]] = []
    for each, number in zip(sign_ups, numbers, strict=True):
        own = set(each.items())
        touching = [part for part in merged if part[0] & own]
        values = own.union(*(part[0] for part in touching))
        members = {number}.union(*(part[1] for part in touching))
        merged = [*(part for part in merged if part not in touching), (values, members)]
    return {frozenset(members) for _, members in merged}


_CARRIED = st.dictionaries(
    st.sampled_from(
        ["device", "payment", "ip", "device_profile", "cardholder_bin", "name", "name_birth", "ip_prefix", "bin",
         "email_domain", "email_pattern", "profile_network", "network", "institution", "inviter"]
    ),
    st.sampled_from("xyz"),
    max_size=9,
)  # fmt: skip
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("came"), _CARRIED, st.integers(0, 45 * 24)),
        st.tuples(st.sampled_from(["mark", "unmark"]), st.integers(0, 11), st.sampled_from(list(Mark))),
        st.tuples(st.just("guard"), st.sampled_from(["device", "payment"]), st.sampled_from("xyz")),
    ),
    max_size=16,
)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_any_story_gives_in_sql_what_it_gives_in_memory(
    request: pytest.FixtureRequest,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    database: str,
) -> None:
    in_sql = Service(open_store(request.getfixturevalue(f"{database}_url")), make_record)
    worlds = itertools.count()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(steps=_STEPS, asked=_CARRIED, again=st.integers(0, 11))
    def agree(steps: list[Any], asked: dict[str, str], again: int) -> None:
        world = next(worlds)
        in_memory = Service(MemoryStore(), make_record)
        numbers: list[tuple[int, int, tuple[Identifier, ...]]] = []
        marked: set[tuple[int, Mark]] = set()
        guarded: set[tuple[str, str]] = set()
        for step, (what, first, second) in enumerate(steps):
            if what == "came":
                carried = identifiers(**{kind: f"{world}{value}" for kind, value in first.items()})
                ago = HOUR * second + timedelta(seconds=step)
                numbers.append((in_sql.came(*carried, ago=ago), in_memory.came(*carried, ago=ago), carried))
            elif what == "guard":
                if (first, second) not in guarded:
                    for each in (in_sql, in_memory):
                        each.guard(*identifiers(**{first: f"{world}{second}"}))
                guarded.add((first, second))
            elif first < len(numbers) and second is not Mark.CONTAINED:
                for each, number in zip((in_sql, in_memory), numbers[first][:2], strict=True):
                    if what == "unmark":
                        each.otherwise(number, second)
                    elif (first, second) not in marked:
                        each.known(number, second, ago=timedelta(seconds=100 - step))
                marked.add((first, second))
        wanted = identifiers(**{kind: f"{world}{value}" for kind, value in asked.items()})

        _same(in_sql.linkage(*wanted), in_memory.linkage(*wanted))
        if again < len(numbers):
            own_sql, own_memory, carried = numbers[again]
            _same(in_sql.again(own_sql, *carried), in_memory.again(own_memory, *carried))

    agree()


def _same(found: Linkage, expected: Linkage) -> None:
    assert found.as_document() == expected.as_document()
    assert found.company.composition == expected.company.composition
    assert found.company.fraud_age_us == expected.company.fraud_age_us
    assert found.touched == expected.touched
