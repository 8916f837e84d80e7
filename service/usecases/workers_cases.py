"""Cases that the worker opens: about clusters, and about accounts because of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from service.usecases.ports import UnitOfWork

LINKAGE = "linkage"
"""The reason group of what is about several accounts: a policy may have a queue for these."""


@dataclass(frozen=True, slots=True)
class WorkersCase:
    """Something about clusters, or about one account because of others, that a person should look at.

    Attributes:
        subject: what it is about; a second case of the same subject is not opened while one is unresolved.
        owner: whose reviewers see it.
        reason: a stable code.
        detail: what they need to know, without personal data.
        record_id: the sign-up shown first.
        size: how many sign-ups it stands for.
        note: what it is about and why, for whoever takes it up: a heading of one sentence, and what more there is.
        group: the reason's group, by which it finds its queue.
        again: whether somebody judged it before: then it is somebody else's, and asked once for ever.
    """

    subject: str
    owner: str
    reason: str
    record_id: str
    size: int
    detail: Mapping[str, object]
    note: str = ""
    group: str = LINKAGE
    again: bool = False


class WorkersCases(Protocol):
    """Opens them."""

    def open(self, work: UnitOfWork, case: WorkersCase) -> None:
        """Stage a case, unless an unresolved one has the same subject, or for what is asked once any."""
        ...


class NoCases:
    """Where nobody reviews: the case is in the audit record and nowhere else."""

    def open(self, work: UnitOfWork, case: WorkersCase) -> None:
        """See ``WorkersCases``."""


@dataclass(slots=True)
class RecordedCases:
    """Keeps the newest case of every subject, for tests and demonstrations."""

    cases: dict[str, WorkersCase] = field(default_factory=dict)

    def open(self, work: UnitOfWork, case: WorkersCase) -> None:
        """See ``WorkersCases``."""
        del work
        self.cases.setdefault(case.subject, case)
