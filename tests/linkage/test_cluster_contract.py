"""Who belongs together: held against the stores in memory and in SQL, member for member."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from models.linkage.joining import DEGREE_CAP, GuardState
from service.domain.errors import ConflictError
from service.usecases.unite_tied import unite_tied
from tests.linkage.recording import DAY, HOUR, MINUTE, NOW, Kind, Service, identifiers


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


def test_a_cluster_is_divided_and_found_again_by_what_leads_there(service: Service) -> None:
    left = [service.came(*identifiers(payment="card", device="left")) for _ in range(2)]
    right = [service.came(*identifiers(payment="card", device="right")) for _ in range(2)]
    service.guard(*identifiers(payment="card"), state=GuardState.CUT)
    with service.store.begin() as work:
        cluster = work.clusters.cluster_of(left[0])
        assert cluster is not None
        leads = work.clusters.keys_of([(Kind.DEVICE, "right")])[0]
        carried = {each.signup_no: len(each.identifiers) for each in work.clusters.several(right)}
        work.clusters.split(cluster, [right], [(leads, right[0])], carried)

    assert service.partition(4) == {frozenset(left), frozenset(right)}
    assert service.company(*identifiers(device="right")).size == 2
    assert service.company(*identifiers(device="left")).size == 2
    service.came(*identifiers(device="right", phone="p"))
    assert service.company(*identifiers(phone="p")).size == 3
