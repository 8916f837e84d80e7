"""Containments: what is held of a cluster, since when and by whom, and what became of the accounts that it touches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from models.linkage.identifier import IdentifierKind

WORKER = "worker"
"""Who opens a containment that evidence alone asks for."""


class ContainmentState(StrEnum):
    """Where a containment stands. The values are stored: never rename one."""

    PENDING = "pending"
    """It waits for another person and touches nobody."""
    STANDING = "standing"
    RELEASED = "released"


class Role(StrEnum):
    """How a member is touched. The values are stored: never rename one."""

    CORE = "core"
    """Held by two edges or more: it is part of what is contained."""
    LEAF = "leaf"
    """It hangs on the core by one edge, or through others: it is asked for a proof that does not rest on that edge.

    Likewise, once the containment is released, who touched what it held while it stood."""


class Progress(IntEnum):
    """What has been done about a touched member. The values are stored: never change one."""

    WAITING = 1
    CHANGED = 2
    UNCHANGED = 3
    RESTORING = 4
    RESTORED = 5


@dataclass(frozen=True, slots=True)
class Containment:
    """One containment of a cluster.

    Attributes:
        number: what its holds on identifiers are kept under.
        id: as people and callers name it.
        cluster: the number of the cluster when it was opened.
        core: members that it contains; likewise ``leaves``.
        opened_by: a person, or the worker.
        confirmed_by: the second person, where one was needed.
        reason: a code.
        whole: it was asked for of everybody in the cluster, whatever its structure.
        declined: it was released while it waited, and never stood.
    """

    number: int
    id: str
    cluster: int
    state: ContainmentState
    core: int
    leaves: int
    opened_at: datetime
    opened_by: str
    reason: str
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None
    released_at: datetime | None = None
    released_by: str | None = None
    whole: bool = False
    declined: bool = False

    @property
    def stands_since(self) -> datetime | None:
        """When it began to stand; ``None`` when it waits, or was given up before anybody confirmed it.

        Of one that was released unconfirmed nobody can tell whether it ever needed a second person: it never stood.
        """
        if self.confirmed_at is not None:
            return self.confirmed_at
        return self.opened_at if self.state is ContainmentState.STANDING else None

    def stood_at(self, at: datetime) -> bool:
        """Whether it stood at an instant."""
        since, until = self.stands_since, self.released_at
        return since is not None and since <= at and (until is None or at < until)


def oldest_first(containments: Iterable[Containment]) -> tuple[int, ...]:
    """Their numbers, by when they were opened: a part has a new number and is as old as what it was parted from."""
    return tuple(each.number for each in sorted(containments, key=lambda each: (each.opened_at, each.number)))


@dataclass(frozen=True, slots=True)
class Touched:
    """A member that a containment touches; ``ties`` are the kinds of identifier by which a leaf hangs, if itself."""

    signup_no: int
    role: Role
    ties: tuple[IdentifierKind, ...] = ()


@dataclass(frozen=True, slots=True)
class InCore:
    """A sign-up was in the core of a containment that stood at an instant; ``since`` is when it began to stand."""

    signup_no: int
    containment_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """A touched member about which something is still to be done.

    Attributes:
        containment_id: of the containment.
        before_id: for one that is to be restored, the assessment that stood before; ``made_id`` the one that was made.
            Of those who only touched what was held there is neither.
        released_at: when the containment was released, if it was.
    """

    containment: int
    containment_id: str
    touched: Touched
    progress: Progress
    before_id: str | None = None
    made_id: str | None = None
    released_at: datetime | None = None

    @property
    def is_a_look(self) -> bool:
        """Whether a released containment, which made nothing of the member, owes it a look and at most a case.

        Looks are alike, whichever containment owes them: they are at today's history.
        """
        return self.progress is Progress.RESTORING and self.made_id is None


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: the progress from now on, the assessment that stood before and the one that was made."""

    task: Task
    progress: Progress
    before_id: str | None = None
    made_id: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """How a cluster looked when it was judged: it is judged again once that has changed."""

    cluster: int
    frauds: int
    newest_fraud_us: int
    size: int
    failed: int = 0

    def is_due_after(self, judged: Looked | None, *, judged_from: int, failed_from: int) -> bool:
        """Whether it is to be judged again: its frauds changed, or those who failed a proof did, or it grew.

        Growth and failed proofs count by tenths: a hydra has more of both every minute. ``judged_from`` members are the
        fewest for growth to count, ``failed_from`` failed proofs (0 for never) the fewest for those. One account by
        itself is nothing to judge.
        """
        failed = self.failed if 0 < failed_from <= self.failed else 0
        if self.size < 2 or not (self.frauds or failed):
            return False
        if judged is None or (self.frauds, self.newest_fraud_us) != (judged.frauds, judged.newest_fraud_us):
            return True
        if failed > judged.failed and 10 * failed >= 11 * judged.failed:
            return True
        return self.size >= judged_from and 10 * self.size >= 11 * judged.size
