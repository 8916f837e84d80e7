"""The hash chain over audit entries: how a batch is sealed and what makes a chain hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.usecases.ports import AuditHead

FIRST_PREVIOUS = bytes(32)
"""What the first seal names as the digest before it."""


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An audit entry as it is hashed; ``detail`` is the stored JSON text."""

    id: int
    at_us: int
    actor: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Seal:
    """One link of the chain: a batch of entries under one digest."""

    seal_no: int
    sealed_us: int
    first_id: int
    last_id: int
    entries: int
    previous: bytes
    digest: bytes


def detail_text(detail: Mapping[str, object]) -> str:
    """The one JSON text of a detail: sorted names, no spaces."""
    return json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def seal_of(entries: Sequence[ChainedEntry], *, seal_no: int, previous: bytes, sealed_us: int) -> Seal:
    """The seal over a batch that is not empty, its entries in the order of their ids."""
    return Seal(
        seal_no=seal_no,
        sealed_us=sealed_us,
        first_id=entries[0].id,
        last_id=entries[-1].id,
        entries=len(entries),
        previous=previous,
        digest=_digest(entries, seal_no=seal_no, previous=previous, sealed_us=sealed_us),
    )


def problem_of(sealed: Iterable[tuple[Seal, Sequence[ChainedEntry]]], *, anchor: AuditHead | None) -> str | None:
    """The first thing wrong with a chain, ``None`` when it holds.

    Args:
        sealed: the seals in the order of their numbers, each with the entries that claim to belong to it in
            the order of their ids.
        anchor: a head kept elsewhere; without it nobody can see that the newest seals are gone.
    """
    previous, number = FIRST_PREVIOUS, 0
    anchored = anchor is None
    for seal, entries in sealed:
        number += 1
        if seal.seal_no != number:
            return f"seal {number} is missing"
        if not entries or seal != seal_of(entries, seal_no=number, previous=previous, sealed_us=seal.sealed_us):
            return f"the entries or the digest of seal {number} were altered"
        previous = seal.digest
        if anchor is not None and anchor.seal_no == number:
            if anchor.digest != seal.digest:
                return f"seal {number} is not the one that the anchor names: the chain was rewritten"
            anchored = True
    if not anchored:
        return f"the chain ends at seal {number}, before the anchor's: it was cut off"
    return None


def _digest(entries: Sequence[ChainedEntry], *, seal_no: int, previous: bytes, sealed_us: int) -> bytes:
    hashed = hashlib.sha256(previous)
    hashed.update(_line([seal_no, sealed_us, len(entries)]))
    for entry in entries:
        hashed.update(_line([entry.id, entry.at_us, entry.actor, entry.action, entry.subject, entry.detail]))
    return hashed.digest()


def _line(parts: list[object]) -> bytes:
    # JSON keeps the parts apart and escapes line ends, so no two batches share one byte sequence.
    return json.dumps(parts, separators=(",", ":")).encode() + b"\n"
