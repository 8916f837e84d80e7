"""Install the policy that ships with the service into a database that holds none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.domain.policy import default_policy_text
from service.usecases.ports import AuditEntry, Begin


@dataclass(frozen=True, slots=True)
class InstallPolicy:
    """Make the shipped policy version 1."""

    begin: Begin

    def __call__(self, *, now: datetime) -> bool:
        """Install it; false when the database holds a policy already."""
        with self.begin() as work:
            if work.policies.all():
                return False
            version = work.policies.add(
                default_policy_text(), at=now, by="gatehouse", reason="ships with the service", activate=True
            )
            work.audit.add(
                AuditEntry(
                    at=now, actor="gatehouse", action="policy.activated", subject=str(version.version), detail={}
                )
            )
            work.commit()
        return True
