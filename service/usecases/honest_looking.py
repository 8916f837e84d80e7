"""Which members of a cluster look honest, so that nobody contains them without having looked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from models.linkage.marks import Mark
from service.usecases.ports_cluster_list import Standing

Signals = Mapping[str, Mapping[str, object]]

SIGNS_WANTED = 2
"""One sign is had by many frauds: mailboxes of schools are for sale. Two that do not rest on each other are not."""

_SIGNS: tuple[tuple[str, Callable[[Signals], bool]], ...] = (
    ("a mailbox that its institution gives to members only", lambda signals: _members_only(signals.get("email", {}))),
    ("the network of a university", lambda signals: signals.get("network", {}).get("academic") is True),
    ("a sponsor at the same institution", lambda signals: _sponsored(signals.get("identity", {}))),
    ("a card whose holder was authenticated", lambda signals: signals.get("payment", {}).get("three_d_secure") == 1.0),
)


def trust_signs(standing: Standing | None) -> tuple[str, ...]:
    """What speaks for a sign-up, in words."""
    return () if standing is None else tuple(words for words, holds in _SIGNS if holds(standing.signals))


def looks_honest(label: Mark | None, standing: Standing | None) -> bool:
    """Verified good, or not known as anything and with signs that are hard to come by."""
    if label is not None:
        return label is Mark.GOOD
    return len(trust_signs(standing)) >= SIGNS_WANTED


def _members_only(email: Mapping[str, object]) -> bool:
    return (
        email.get("academic") is True and not email.get("academic_withdrawn") and email.get("open_enrolment") is False
    )


def _sponsored(identity: Mapping[str, object]) -> bool:
    return identity.get("sponsor_academic") is True and identity.get("sponsor_same_institution") is True
