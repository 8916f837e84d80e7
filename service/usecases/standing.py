"""Where a sign-up stands beside its facts: what its linkage says of bans, and the lists it is on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # Any: documents are JSON

from models.linkage.identifier import IdentifierKind
from service.domain.standing import ListHit, Standing

_OF_THE_MAILBOX = frozenset({IdentifierKind.MAILBOX, IdentifierKind.EMAIL_DOMAIN})


def standing_of(linkage: Mapping[str, Any], hits: tuple[ListHit, ...], signals: Mapping[str, Any]) -> Standing:
    """The standing, from documents alone, so that a back-test finds the same as the decision did.

    A mailbox that the caller asked to be proven, and was not, vouches for nobody: anybody can write it down. And a ban
    on what is exempt counts against those whom the exemption would let in, though it ties them to nobody.
    """
    bans, cluster = linkage.get("bans", {}), linkage.get("cluster", {})
    unproven = signals.get("behaviour", {}).get("email_verified") is False
    return Standing(
        hits=tuple(hit for hit in hits if not (unproven and hit.vouches and hit.kind in _OF_THE_MAILBOX)),
        ban_touched=bool(bans.get("strong") or bans.get("guarded") or bans.get("pairs_14d")),
        contained=bool(cluster.get("contained")),
    )
