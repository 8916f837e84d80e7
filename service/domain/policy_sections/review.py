"""The policy's section ``[review]``: queues, how soon cases are due, leases, samples and second persons."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.signup import AccountType

_SECTION = ConfigDict(extra="forbid", frozen=True, strict=True)

QueueName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class QueuePolicy(BaseModel):
    """One queue. A case goes into the first queue whose conditions all hold; an empty condition always holds."""

    model_config = _SECTION

    name: QueueName
    kinds: tuple[Annotated[str, Field(pattern=r"^(review|appeal|manual)$")], ...] = Field(default=(), strict=False)
    account_types: tuple[Annotated[AccountType, Field(strict=False)], ...] = Field(default=(), strict=False)
    reason_groups: tuple[Annotated[str, Field(min_length=1, max_length=32)], ...] = Field(default=(), strict=False)
    capacity_a_day: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    due_hours: Annotated[float, Field(gt=0, le=24 * 90, strict=False)] = 24.0
    by_hand: bool = False

    def takes(self, *, kind: str, account_type: AccountType, reason_group: str) -> bool:
        """Whether a new case belongs here; a queue ``by_hand`` is only escalated to."""
        return (
            not self.by_hand
            and (not self.kinds or kind in self.kinds)
            and (not self.account_types or account_type in self.account_types)
            and (not self.reason_groups or reason_group in self.reason_groups)
        )

    @property
    def due_after(self) -> timedelta:
        """How long a case may wait before it is overdue."""
        return timedelta(hours=self.due_hours)


_QUEUES = (
    QueuePolicy(name="appeals", kinds=("appeal",), capacity_a_day=40, due_hours=24),
    QueuePolicy(name="networks", reason_groups=("linkage",), capacity_a_day=200, due_hours=24),
    QueuePolicy(name="research", account_types=(AccountType.RESEARCH,), capacity_a_day=80, due_hours=24),
    QueuePolicy(name="educational", capacity_a_day=200, due_hours=12),
    QueuePolicy(name="escalated", capacity_a_day=40, due_hours=8, by_hand=True),
)
"""Appeals are people who already waited once; students lose a day of a course, so theirs are due within half a day."""


class ReviewPolicy(BaseModel):
    """How people review.

    Attributes:
        lease_minutes: how long a claimed case stays its reviewer's without a sign of life.
        blind_sample: the share of cases that two people judge without seeing each other's opinion.
        second_person_above: an action on more sign-ups than this needs a second person.
        undo_seconds: how long the reviewer may take a verdict back without asking anybody.
        escalation: the queue that two differing opinions, and escalations without a target, go to.
    """

    model_config = _SECTION

    lease_minutes: Annotated[float, Field(ge=1, le=24 * 60, strict=False)] = 30.0
    blind_sample: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.05
    second_person_above: Annotated[int, Field(ge=1, le=1_000_000)] = 25
    undo_seconds: Annotated[int, Field(ge=0, le=86_400)] = 60
    escalation: QueueName = "escalated"
    queues: tuple[QueuePolicy, ...] = Field(default=_QUEUES, min_length=1, strict=False)

    @model_validator(mode="after")
    def _consistent(self) -> ReviewPolicy:
        names = [queue.name for queue in self.queues]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two queues are called {twice[0]}")
        if self.escalation not in names:
            raise ValueError(f"the queue to escalate to, {self.escalation}, is not among the queues")
        if not any(_takes_everything(queue) for queue in self.queues):
            raise ValueError("one queue must take whatever no other takes: leave its conditions out")
        return self

    @property
    def lease(self) -> timedelta:
        """How long a claim lasts."""
        return timedelta(minutes=self.lease_minutes)

    @property
    def undo_window(self) -> timedelta:
        """How long a verdict may be taken back."""
        return timedelta(seconds=self.undo_seconds)

    def queue_for(self, *, kind: str, account_type: AccountType, reason_group: str) -> QueuePolicy:
        """The queue of a new case."""
        for queue in self.queues:
            if queue.takes(kind=kind, account_type=account_type, reason_group=reason_group):
                return queue
        raise RuntimeError("bug: a policy without a queue that takes everything")

    def named(self, name: str) -> QueuePolicy | None:
        """The queue of a name."""
        return next((queue for queue in self.queues if queue.name == name), None)

    def share(self, queue: QueuePolicy) -> float:
        """The part of a day's reviews that the queue is meant to get."""
        return queue.capacity_a_day / sum(each.capacity_a_day for each in self.queues)


def _takes_everything(queue: QueuePolicy) -> bool:
    return not (queue.by_hand or queue.kinds or queue.account_types or queue.reason_groups)
