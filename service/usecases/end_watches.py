"""End watches: what a watch was opened for may have been corrected, and then it asks nobody any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.linkage.marks import Mark, most_bans
from service.domain.cluster import cluster_id
from service.domain.containment import WORKER
from service.domain.errors import ConflictError
from service.domain.policy_sections.clusters import AfterBan
from service.domain.watch import MATCHES, Watch, Watches
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, IdentifierKey, Known


@dataclass(frozen=True, slots=True)
class EndWatches:
    """Follows corrected bans to the watches that may have been opened for them.

    Whom a watch asked waits for the proof: the assessment does not say which watch it was, and another may have asked.
    """

    begin: Begin

    def __call__(self, bans: Sequence[Known], lines: AfterBan, now: datetime) -> int:
        """End those for which no ban stands any more; how many."""
        ended = 0
        with self.begin() as work:
            over = [
                (watch, cluster, corrected)
                for watch, cluster, corrected in _touched(work, bans, now)
                if not _frauds_in(work, cluster) and not _follows_another(work, watch, lines, now)
            ]
        for watch, cluster, corrected in over:
            # Another worker may have ended it at the same moment: then it is written down once.
            with self.begin() as work, suppress(ConflictError):
                detail: dict[str, object] = {"watch": watch.id, "corrected": corrected}
                work.after_bans.end_watch(watch, at=now)
                work.audit.add(AuditEntry(now, WORKER, "watch.ended", cluster_id(cluster), detail))
                work.commit()
                ended += 1
        return ended


def _touched(work: UnitOfWork, bans: Sequence[Known], now: datetime) -> Iterator[tuple[Watch, int, list[str]]]:
    """The watches of the clusters that corrected accounts are in, with these and the cluster that each is of by now.

    And those with which they share two habits: a cut may have parted them from where it was opened, and the watch of
    another cluster may have spared them one of their own.
    """
    standing = work.after_bans.watches(now=now) if bans else ()
    if not standing:
        return
    members = work.clusters.several([ban.signup_no for ban in bans])
    cluster_of = work.clusters.clusters_of([member.signup_no for member in members])
    for watch in standing:
        cluster = work.clusters.root(watch.cluster)
        corrected = [each.id for each in members if cluster_of[each.signup_no] == cluster or _is_like(watch, each)]
        if corrected:
            yield watch, watch.cluster if cluster is None else cluster, sorted(corrected)


def _is_like(watch: Watch, member: ClusterMember) -> bool:
    return bool(Watches([watch]).matching([(key.kind, key.digest) for key in member.identifiers]))


def _frauds_in(work: UnitOfWork, cluster: int) -> bool:
    summary = work.clusters.summary(cluster)
    return summary is not None and summary.frauds > 0


def _follows_another(work: UnitOfWork, watch: Watch, lines: AfterBan, now: datetime) -> bool:
    """Whether a ban stands, in whatever cluster, whose own watch would still hold and ask the same.

    It may have opened none, because its habits were watched already.
    """
    since = now - timedelta(hours=lines.watch_hours)
    kinds: dict[int, set[object]] = defaultdict(set)
    for key in _keys_of(watch):
        for known in work.clusters.known_of(key, limit=most_bans(key.kind)):
            if known.mark is Mark.BANNED and known.at > since:
                kinds[known.signup_no].add(key.kind)
                if len(kinds[known.signup_no]) >= MATCHES:
                    return True
    return False


def _keys_of(watch: Watch) -> Sequence[IdentifierKey]:
    return sorted(IdentifierKey(kind, digest) for kind, digest in watch.keys)
