"""The overview: sign-ups by part of the world, the step-up funnel, drift, and what the page shows of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.monitoring.drift import Drift
from models.reference.parts_of_the_world import part_of_the_world
from models.reference.reference import Reference
from service.app import application_of
from service.console.figures import Stack, stacked_bars
from service.console.overview_figures import method_rows
from service.domain.challenge import Challenge, ChallengeMethod, ChallengeStatus, ClosedBy
from service.domain.decision import Assessment, Decision
from service.domain.evidence import POOLED, Doubt
from service.domain.pass_rates import PassRate, Side
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.step_up import PageSeal, StepUp
from service.usecases.drift import MeasureDrift
from service.usecases.overview import ReadOverview
from service.usecases.ports import NewRecord
from service.usecases.ports_figures import CountryCount, Funnel
from service.usecases.ports_step_up import NewStepUp

Make = Callable[..., NewRecord]


def decided(make_record: Make, at: datetime, country: str | None, decision: Decision) -> NewRecord:
    assessment = Assessment(
        id=f"a-{at.isoformat()}", decided_at=at, decision=decision, score=0.1, reasons=(), rules=(), vector=None,
        signals={"identity": {"country": country}}, linkage={}, model=None, policy_version=1,
    )  # fmt: skip
    return make_record(at=at, assessment=assessment)


def challenge(number: int, at: datetime, status: ChallengeStatus, *, opened: bool = True) -> Challenge:
    over = status is not ChallengeStatus.PENDING
    return Challenge(
        id=f"c{number}",
        method=ChallengeMethod.EMAIL_CODE,
        created_at=at,
        expires_at=at + timedelta(days=3),
        tries_left=3,
        sends_left=3,
        status=status,
        opened=opened,
        closed_at=at if over else None,
        closed_by=ClosedBy.CODE if over else None,
    )


def test_the_newest_sign_ups_are_counted_by_part_of_the_world(
    store: Any, make_record: Make, noon: datetime, reference: Reference
) -> None:
    told = (("BR", Decision.ALLOW), ("GB", Decision.DENY), ("FR", Decision.ALLOW), (None, Decision.STEP_UP))
    with store.begin() as work:
        for minute, (country, decision) in enumerate(told):
            work.ledger.append(decided(make_record, noon + timedelta(minutes=minute), country, decision))
        work.commit()

    with store.begin() as work:
        newest = work.figures.decisions_by_country(since=noon, most=3)
    read = ReadOverview(store.begin, lambda country: part_of_the_world(country, reference.time_zones))
    overview = read(ReviewPolicy(), now=noon + timedelta(hours=1))

    assert set(newest) == {
        CountryCount("GB", Decision.DENY, 1),
        CountryCount("FR", Decision.ALLOW, 1),
        CountryCount(None, Decision.STEP_UP, 1),
    }
    assert {part: dict(counts) for part, counts in overview.parts} == {
        "Europe": {Decision.ALLOW: 1, Decision.DENY: 1},
        "America": {Decision.ALLOW: 1},
        "unknown": {Decision.STEP_UP: 1},
    }
    assert overview.parts[0][0] == "Europe"


def test_the_funnel_counts_people_and_the_table_challenges(store: Any, make_record: Make, noon: datetime) -> None:
    states = (
        (ChallengeStatus.FAILED, ChallengeStatus.PASSED),
        (ChallengeStatus.EXPIRED,),
        (ChallengeStatus.PENDING,),
    )
    number = 0
    for person, statuses in enumerate(states):
        made = decided(make_record, noon + timedelta(minutes=person), "GB", Decision.STEP_UP)
        challenges = []
        for status in statuses:
            challenges.append(challenge(number, noon, status, opened=status is not ChallengeStatus.PENDING))
            number += 1
        with store.begin() as work:
            work.ledger.append(made)
            work.commit()
        with store.begin() as work:
            step_up = StepUp(
                record_id=made.id,
                owner=made.owner,
                reference=f"r{person}",
                page=PageSeal(1, bytes([person]) * 32),
                doubt=Doubt(odds=1.0, allow_odds=0.1, groups=("device",)),
                challenges=tuple(challenges),
            )
            work.step_ups.add(NewStepUp(step_up, (), ()))
            work.commit()

    with store.begin() as work:
        funnel = work.figures.funnel(since=noon)
        counts = work.figures.challenges(since=noon)
        later = work.figures.funnel(since=noon + timedelta(days=1))
    rate = PassRate(ChallengeMethod.EMAIL_CODE, POOLED, Side.HONEST, 0.9, 0.92, 0.9, 0.94, 100.0)
    (row,) = method_rows(counts, [rate])

    assert (funnel, later) == (Funnel(asked=3, opened=2, passed=1), Funnel(0, 0, 0))
    assert (row.asked, row.opened, row.passed, row.failed, row.lapsed, row.pending) == (4, 3, 1, 1, 1, 1)
    assert row.pass_rate == pytest.approx(1 / 3)
    assert (row.honest, row.fraud) == (rate, None)


def test_versions_stand_on_the_time_axis_of_the_chart() -> None:
    stacks = [Stack(f"day {place}", (("allow", 1),)) for place in range(4)]

    drawn = stacked_bars(stacks, label="x", marks={1: "policy 2", 3: "<model>"}, width=400)

    assert '<line class="mark" x1="100.0"' in drawn
    assert ">policy 2</text>" in drawn
    assert "&lt;model&gt;</text>" in drawn


def test_the_page_tells_drift_in_words_and_numbers(desk: Callable[..., Any], drifted: Drift) -> None:
    reviewer = desk("reviewer")
    application = application_of(reviewer.client.application)
    before = reviewer.read("overview")
    MeasureDrift(application.store.begin, application.settings.model_dir, []).keep(drifted, now=datetime.now(UTC))

    page = reviewer.read("overview")

    assert "The worker has measured none yet" in before
    assert "2 alarms" in page
    assert "form seconds" in page
    assert "0.400" in page
    assert "bin 10 % then, 20 % now (alarm)" in page
