"""Events: what the sign-up flow is told, each by itself sufficient, one subject an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventType(StrEnum):
    """What may have happened. The values are sent: never rename one."""

    SIGNUP_DECIDED = "signup.decided"
    SIGNUP_CHANGED = "signup.changed"
    CHALLENGE_EXPIRED = "challenge.expired"
    CASE_RESOLVED = "case.resolved"
    CLUSTER_CONTAINED = "cluster.contained"
    ACCOUNT_REASSESS = "account.reassess"
    ATTACK_STARTED = "attack.started"
    ATTACK_ENDED = "attack.ended"
    APPEAL_RESOLVED = "appeal.resolved"
    WEBHOOK_TEST = "webhook.test"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one subject.

    Attributes:
        id: unique, and the same at every attempt to deliver it.
        type: what happened.
        owner: whose sign-up flow is told.
        subject: the id of the sign-up, cluster or attack it is about.
        occurred_at: when it happened.
        due_at: not delivered before this instant; consequences may be spread over time so that timing tells nothing.
        data: everything the receiver needs, as JSON; no personal data.
    """

    id: str
    type: EventType
    owner: str
    subject: str
    occurred_at: datetime
    due_at: datetime
    data: Mapping[str, object]
