"""Links of sign-ups as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from columns import Array, Texts

from models.linkage.identifier import Identifier, IdentifierKind, Strength, strength_of
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.packed_links import FIELDS, TYPE
from service.storage.sql.records import KIND_CODES, trait_of

Kind = IdentifierKind
_OWN = frozenset({Kind.NAME_BIRTH, Kind.EMAIL_SEQUENCE, Kind.INVITER})
STRONG = np.isin(np.arange(64), [code for kind, code in KIND_CODES.items() if strength_of(kind) is Strength.STRONG])
_SALTED = np.isin(
    np.arange(64), [code for kind, code in KIND_CODES.items() if strength_of(kind) is not Strength.WEAK or kind in _OWN]
)


@dataclass(frozen=True, slots=True)
class FlatLinks:
    """Links as columns: whose, when, and what."""

    owner: Array
    times: Array
    kinds: Array
    digests: Array
    counted: Array

    @staticmethod
    def together(parts: Sequence[FlatLinks]) -> FlatLinks:
        """Several as one."""
        return FlatLinks(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("owner", "times", "kinds", "digests", "counted")
            )
        )

    def taken(self, which: Array) -> FlatLinks:
        """Some of them."""
        return FlatLinks(
            self.owner[which], self.times[which], self.kinds[which], self.digests[which], self.counted[which]
        )

    def order(self) -> Array:
        """The order of the tables' keys: digest, time."""
        halves = np.ascontiguousarray(self.digests).view(">u8").astype(np.uint64)
        return np.lexsort((self.owner, self.times, halves[:, 1], halves[:, 0]))

    def packed(self) -> Array:
        """The column of what is counted, as rows of bytes: everybody is a student without an anomaly."""
        packed = np.zeros(len(self.owner), FIELDS)
        packed["occurred_us"], packed["counted"], packed["code"] = self.times, self.counted, TYPE
        return packed.view(np.uint8).reshape(len(packed), FIELDS.itemsize)

    def ordered(self) -> dict[str, Array | Texts | None]:
        """The columns in that order."""
        order = self.order()
        return {
            "digest": Texts(self.digests[order], text=False),
            "recorded_us": self.times[order],
            "signup_no": self.owner[order],
            "kind": self.kinds[order],
            "occurred_us": self.times[order],
            "packed": Texts(self.packed()[order], text=False),
        }


@dataclass(frozen=True, slots=True)
class TemplateLinks:
    """The links of the templates, a row each: ``owner`` is the template, ``starts`` where each template's begin."""

    owner: Array
    kinds: Array
    digests: Array
    counted: Array
    salted: Array
    counts: Array
    starts: Array

    @staticmethod
    def of(carried: Sequence[Sequence[Identifier]], pseudonyms: Pseudonyms) -> TemplateLinks:
        """The links of sign-ups that carry these."""
        found = [[(each, pseudonyms.newest(each)) for each in of_one] for of_one in carried]
        counts = np.array([len(of_one) for of_one in found])
        kinds = np.array([KIND_CODES[each.kind] for of_one in found for each, _ in of_one])
        digests = np.frombuffer(b"".join(p.digest for of_one in found for _, p in of_one), np.uint8).reshape(-1, 16)
        # What has nothing to count gets a value of its own: few rows, and never a NULL, which spares a copy a format.
        counted = np.array(
            [trait_of(p.digest) >> 8 if p.counted is None else p.counted >> 8 for of_one in found for _, p in of_one]
        )
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        owner = np.repeat(np.arange(len(found)), counts)
        return TemplateLinks(owner, kinds, digests, counted, _SALTED[kinds], counts, starts)

    def by_count(self) -> list[tuple[Array, Array]]:
        """Templates with the same number of links, and where these are, a row a template."""
        return [
            (of, self.starts[of][:, None] + np.arange(count))
            for count in np.unique(self.counts)
            for of in [np.flatnonzero(self.counts == count)]
        ]

    def founders(self, templates: int) -> Array:
        """The first template of each one's cluster: those that share strong identifiers, directly or over others."""
        root = list(range(templates))

        def find(place: int) -> int:
            while root[place] != place:
                root[place] = root[root[place]]
                place = root[place]
            return place

        first: dict[bytes, int] = {}
        strong = np.flatnonzero(STRONG[self.kinds])
        for at in strong.tolist():
            owner = int(self.owner[at])
            other = first.setdefault(self.digests[at].tobytes(), owner)
            low, high = sorted((find(owner), find(other)))
            root[high] = low
        return np.array([find(place) for place in range(templates)])
