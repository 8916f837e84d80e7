"""Company: the clusters that a sign-up would join, as they are just before it does.

The definition, which the store in SQL and the replay in memory both implement:

* every recorded sign-up is a member of one cluster. It joins the clusters of its unguarded strong identifiers, and
  those of earlier sign-ups with which it shares two medium identifiers (``models.linkage.joining``); clusters that it
  joins become one. Without any it founds its own;
* a sign-up that would join several clusters keeps company with the members of all of them;
* the newest ``SATURATION`` members (by number) give size and growth, the newest ``COMPOSITION`` what they are made of;
* known frauds and good accounts among the members are counted apart from the newest ones, up to ``SATURATION`` each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from models.frozen import frozen
from models.linkage.identifier import IdentifierKind

Kind = IdentifierKind

COMPOSITION = 64
"""Members whose networks, devices and names are compared: more would hardly move a share, and cost every decision."""

COMPOSED_OF = (
    Kind.NETWORK,
    Kind.EMAIL_DOMAIN,
    Kind.EMAIL_PATTERN,
    Kind.DEVICE,
    Kind.PAYMENT,
    Kind.INSTITUTION,
    Kind.NAME,
)
"""What is compared among members, in this order."""

Trait = Hashable | None
Traits = tuple[Trait, Trait, Trait, Trait, Trait, Trait, Trait]
"""A member's values of ``COMPOSED_OF``, or digests of them; ``None`` where it has none."""


@frozen
class Composition:
    """What the newest members are made of.

    Attributes:
        members: how many were looked at.
        networks: different networks among them; likewise mail domains, devices, payment instruments and names.
        alike: how many have this sign-up's pattern of mailbox at its domain.
        institutions: how many claim each institution, fewest first; those without one are left out.
    """

    members: int = 0
    networks: int = 0
    domains: int = 0
    devices: int = 0
    cards: int = 0
    names: int = 0
    alike: int = 0
    institutions: tuple[int, ...] = ()


def composition_of(members: Sequence[Traits], patterns: Iterable[Trait]) -> Composition:
    """Compare the newest members; ``patterns`` are the values that this sign-up's own pattern may have."""
    if not members:
        return Composition()
    columns = list(zip(*members, strict=True))
    own = set(patterns) - {None}

    def different(at: int) -> int:
        return len(set(columns[at]) - {None})

    institutions = Counter(value for value in columns[5] if value is not None)
    return Composition(
        members=len(members),
        networks=different(0),
        domains=different(1),
        devices=different(3),
        cards=different(4),
        names=different(6),
        alike=sum(value in own for value in columns[2]),
        institutions=tuple(sorted(institutions.values())),
    )


@frozen
class Company:
    """The members that a sign-up would keep company with.

    Attributes:
        clusters: the clusters it would join, lowest number first; several would become one.
        edges: identifiers that tie it to them: unguarded strong ones, and medium ones that agree in pairs.
        guarded: strong identifiers that tie it to nobody because a guard says that they are shared.
        contained: unguarded strong identifiers that a standing containment holds; those of ``WRITTEN_KINDS`` are one
            together.
        size: members, up to ``SATURATION``. What a guard hides is in the numbers (``models.linkage.guarded``), and in
            no cluster.
        growth_1h: members whose sign-up occurred within the hour before, among the newest; likewise ``growth_24h``.
        frauds: members known as fraud by now, up to ``SATURATION``.
        good: members known as good by now, up to ``SATURATION``.
        age_us: microseconds since the oldest of the clusters was founded; 0 when it joins none.
        fraud_age_us: microseconds since the newest of the frauds became known; ``None`` without one.
        composition: what the newest members are made of.
    """

    clusters: tuple[int, ...] = ()
    edges: int = 0
    guarded: int = 0
    contained: int = 0
    size: int = 0
    growth_1h: int = 0
    growth_24h: int = 0
    frauds: int = 0
    good: int = 0
    age_us: int = 0
    fraud_age_us: int | None = None
    composition: Composition = Composition()


ALONE = Company()
"""The company of a sign-up that nothing ties to another."""
