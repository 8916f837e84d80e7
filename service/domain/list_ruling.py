"""What lists do to a decision: block denies, allow and exempt allow unless a ban is touched."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain.decision import Decision, Reason
from service.domain.standing import ListHit, ListName, Standing

_WORDS = {
    ListName.BLOCK: ("BLOCK_LISTED", "on the block list"),
    ListName.ALLOW: ("ALLOW_LISTED", "on the allow list"),
    ListName.EXEMPT: ("EXEMPT_LISTED", "exempt"),
}


def decision_of_lists(
    decision: Decision, standing: Standing, precedence: Sequence[ListName], *, hard: bool
) -> Decision:
    """The decision once lists have spoken, the first of ``precedence`` that has anything to say.

    Args:
        decision: what score and rules say.
        standing: the entries that hold, and the bans.
        precedence: the order of the lists.
        hard: whether a rule denies; no list lifts that.
    """
    on = {hit.list for hit in standing.hits}
    for each in precedence:
        if each not in on:
            continue
        if each is ListName.BLOCK:
            return Decision.DENY
        if not (hard or standing.ban_touched or standing.contained):
            return Decision.ALLOW
    return decision


def reasons_of_hits(hits: Sequence[ListHit]) -> tuple[Reason, ...]:
    """One reason a hit; it names the kind of identifier, never the value."""
    return tuple(
        Reason(_WORDS[hit.list][0], "list", f"Its {hit.kind.value.replace('_', ' ')} is {_WORDS[hit.list][1]}.")
        for hit in hits
    )
