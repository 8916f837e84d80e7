"""Show what an identifier of a cluster says in clear, after writing down who asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.identifiers import identifiers_of
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from service.domain.cluster import cluster_id
from service.usecases.contain_cluster import find_cluster
from service.usecases.cut_identifier import carried
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_clusters import IdentifierKey

CARRIERS = 20
"""Sign-ups that are asked: what somebody learnt of an account later is in none of them."""


@dataclass(frozen=True, slots=True)
class RevealIdentifier:
    """The store keeps a digest alone; what a person typed is in their sign-up, encrypted."""

    begin: Begin
    reference: Reference

    def __call__(self, name: str, handle: str, *, owner: str | None, by: str, now: datetime) -> str | None:
        """The value as it is compared; ``None`` when no sign-up says it: it was learnt of the account later.

        Raises:
            NotFoundError: there is no such cluster for this owner, or nobody in it carries the identifier.
        """
        with self.begin() as work:
            cluster = find_cluster(work, name, owner)
            key = carried(work, cluster, handle, owner)
            detail: dict[str, object] = {"identifier": handle}
            work.audit.add(AuditEntry(now, by, "cluster.identifier_revealed", cluster_id(cluster), detail))
            work.commit()
            return self._value(work, key, owner)

    def _value(self, work: UnitOfWork, key: IdentifierKey, owner: str | None) -> str | None:
        numbers = [member.signup_no for member in work.clusters.carriers(key, limit=CARRIERS)]
        for recorded in work.ledger.several(numbers):
            if owner not in (None, recorded.owner):
                continue
            for each in identifiers_of(recorded.signup, derive_signals(recorded.signup, self.reference)):
                if each.kind is key.kind and key in work.clusters.keys_of([(each.kind, each.value)]):
                    return each.value
        return None
