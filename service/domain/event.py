"""Events: what the sign-up flow is told, each by itself sufficient, one subject an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

APART = timedelta(minutes=1)
"""Of two events about one subject so much lies between: those that are due together are sent side by side."""


class EventType(StrEnum):
    """What may have happened. The values are sent: never rename one.

    ``ACCOUNT_REASSESS`` is whatever the worker decided anew about an account, harsher or milder.
    """

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


def before_these(events: Sequence[Event]) -> Mapping[str, datetime]:
    """When at the latest what was to be told of each subject before is due, if these follow now.

    Whoever acts on each event by itself would else end with what is no longer true, where the older one is told last.
    """
    latest: dict[str, datetime] = {}
    for each in events:
        at = max(each.occurred_at, each.due_at - APART)
        latest[each.subject] = min(at, latest.get(each.subject, at))
    return latest
