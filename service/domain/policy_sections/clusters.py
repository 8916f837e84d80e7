"""The policy's section ``[clusters]``: whose word counts, when a cluster is contained, what guards and watches need."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from service.domain.policy_sections.section import Probability, Section

SourceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Days = Annotated[int, Field(ge=0, le=3_650)]


class OutcomeLines(Section):
    """Whose outcome stands when sources contradict each other, and how sure it must be to mark anything."""

    precedence: Annotated[tuple[SourceName, ...], Field(strict=False)] = (
        "law",
        "reviewer",
        "partner",
        "traffic_classifier",
        "chargeback",
    )
    """Sources, the one that wins first; sources that are not named come last, the newest of them first."""
    certain: Probability = 0.9
    """From this confidence on an outcome bans identifiers, or makes an account count as verified good."""


class ContainmentLines(Section):
    """When a piece of a cluster that no single identifier holds together is contained without a person."""

    frauds: Count = 3
    sources: Count = 2
    """Different sources that the frauds must come from, so that no single mistaken one contains anybody."""
    fraud_share: Probability = 0.2
    """Of the labelled members; reached with ``frauds``, it stands in for the second source."""
    doubted: Annotated[int, Field(ge=0, le=1_000_000)] = 5
    """Members that failed a proof, or that would be asked for one even if nobody had come before them: so many contain
    together with one known fraud. So many failed proofs make a case without any. Labels come in days, these in minutes;
    0 leaves them out."""
    doubted_share: Probability = 0.5
    """Of the members of whom that can be told: where fewer were doubted, it says nothing of the others."""
    branch_share: Probability = 0.25
    """What hangs on a contained piece, or on a banned account, through one of its own is asked for a proof where so
    many of it are doubted, or known as fraud, two at least (of two one): a laboratory that shares one telephone with a
    ring is not."""
    judged_from: Count = 20
    """Members from which on one known fraud has a cluster judged again as it grows."""
    second_person_above: Count = 500
    """A containment of more members that a person asks for waits until another person confirms it."""
    by_evidence_up_to: Count = 50_000
    """Evidence alone contains up to so many members at once; what is larger waits for a person."""
    spread_hours: Annotated[float, Field(ge=0.0, le=168.0)] = 24.0
    """Consequences for accounts that were let in are told at random times within this span."""

    @property
    def spread(self) -> timedelta:
        """See ``spread_hours``."""
        return timedelta(hours=self.spread_hours)


class GuardLine(Section):
    """What makes an identifier of one kind shared: verified-good accounts of different clusters, over some days."""

    good: Count
    clusters: Count
    days: Days
    fraud_share: Probability = 0.0
    """Known fraud among the labelled that is borne; beyond it the guard is dropped."""


class GuardLines(Section):
    """Shared infrastructure: from when on an identifier ties nobody."""

    device: GuardLine = GuardLine(good=4, clusters=4, days=7)
    payment: GuardLine = GuardLine(good=5, clusters=5, days=14)
    ip: GuardLine = GuardLine(good=20, clusters=10, days=14, fraud_share=0.02)
    ip_dropped_at_share: Probability = 0.05
    ip_dropped_at_frauds_24h: Count = 5


class AfterBan(Section):
    """What is looked at again once a ban is confirmed."""

    look_back_days: Days = 90
    look_back_accounts: Count = 2_000
    bridges: Count = 3
    bridge_kinds: Count = 2
    bridge_days: Days = 30
    watch_hours: Annotated[float, Field(ge=0.0, le=720.0)] = 72.0
    watch_budget: Probability = 0.003
    """The share of all sign-ups that watches together may ask for a proof: one that would ask more is not opened."""
    likeness_hours: Annotated[float, Field(ge=0.0, le=720.0)] = 72.0
    likeness_at_once: Probability = 0.015
    """The share of honest newcomers that may be asked for being like the banned, while the budget lasts.

    As those from before tell it: who comes during an attack is like them and not quite, and in rehearsals half as many
    more were asked.
    """
    likeness_budget: Probability = 0.003
    """The share of a month's sign-ups that may be asked for it: days without an attack are saved for one."""
    likeness_back: Probability = 0.003
    """The share of accounts that were let in before that may be asked each time something new is known."""


class ClusterLines(Section):
    """Everything above; a document without the section is read with these values."""

    outcomes: OutcomeLines = OutcomeLines()
    containment: ContainmentLines = ContainmentLines()
    guards: GuardLines = GuardLines()
    after_ban: AfterBan = AfterBan()
