"""Standing: what is known of a sign-up beside its facts: the lists it is on, the bans it touches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.linkage.identifier import IdentifierKind


class ListName(StrEnum):
    """The lists. The values are stored: never rename one."""

    BLOCK = "block"
    EXEMPT = "exempt"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class ListHit:
    """An entry of a list that an identifier of the sign-up matches."""

    list: ListName
    kind: IdentifierKind
    entry_id: str

    @property
    def vouches(self) -> bool:
        """Whether it speaks for the sign-up."""
        return self.list is not ListName.BLOCK


@dataclass(frozen=True, slots=True)
class Standing:
    """What the policy is told beside the documents.

    Attributes:
        hits: the entries of lists that hold now.
        ban_touched: an identifier of a banned account is among the sign-up's; no allow list helps then.
        contained: it belongs to what was contained; it is never let in at random.
    """

    hits: tuple[ListHit, ...] = ()
    ban_touched: bool = False
    contained: bool = False


NO_STANDING = Standing()
