"""The case in front of others of its cluster, as pages name it."""

from __future__ import annotations

from dataclasses import dataclass

from service.console.dependencies import ConsoleDependencies
from service.console.door import signed_in
from service.domain.case import Case, CaseState
from service.domain.errors import GatehouseError


@dataclass(frozen=True, slots=True)
class Front:
    """A case that others stand behind; ``name`` is the caller's own id of its sign-up, or what it is about."""

    case: Case
    name: str

    @property
    def waits(self) -> bool:
        """Whether it is still in the queue: when it is not, the next comes forward within a round of the worker."""
        return self.case.state is not CaseState.RESOLVED


def readable_case(deps: ConsoleDependencies, case_id: str | None) -> Case | None:
    """The case of this id, where there is one that the reviewer may see."""
    if not case_id:
        return None
    try:
        return deps.cases.read.read(case_id, acting=signed_in().acting).case
    except GatehouseError:
        return None


def front_of(deps: ConsoleDependencies, case_id: str | None) -> Front | None:
    """The case that others stand behind, where the reviewer may see it."""
    case = readable_case(deps, case_id)
    if case is None:
        return None
    with deps.begin() as work:
        recorded = None if case.record_id is None else work.ledger.get(signed_in().acting.owner, case.record_id)
    return Front(case, case.subject if recorded is None else recorded.signup.signup_id)
