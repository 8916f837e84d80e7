"""What is known of whom: held against the stores in memory and in SQL, mark for mark."""

from __future__ import annotations

from datetime import timedelta

from models.linkage.marks import Mark
from tests.linkage.recording import DAY, HOUR, MINUTE, NOW, Kind, Service, identifiers


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
