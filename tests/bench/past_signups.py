"""Rows of recorded sign-ups with the one assessment of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from columns import Array, Columns, Texts, texts
from pydantic_core import to_json

from models.signup import Signup
from models.signup_document import document_of_signup
from service.domain.ids import uuid7
from service.storage.encryption import Encryption
from service.storage.pseudonyms import Pseudonyms

OWNER = "bench"
_PADDED_TO = 512
"""Personal data is padded with blanks, which JSON ignores: few lengths make few batches."""


class RecordedRows:
    """The rows of sign-ups under these keys; what nobody reads of them is random."""

    def __init__(self, random: np.random.Generator, *, pseudonyms: Pseudonyms, encryption: Encryption) -> None:
        self._random, self._pseudonyms, self._encryption = random, pseudonyms, encryption

    def sealed(self, documents: Sequence[bytes], numbers: Array, times: Array) -> Iterator[tuple[str, Columns]]:
        """Rows whose personal data is encrypted as ever, because the worker may open any; of one length at a time."""
        personals: dict[int, list[tuple[int, bytes]]] = {}
        for at, document in enumerate(documents):
            record_id = _record_id(int(times[at]), int(numbers[at]))
            personal = self._encryption.encrypt(document, record_id=record_id)
            personals.setdefault(len(personal), []).append((at, personal))
        for rows in personals.values():
            places = np.array([at for at, _ in rows])
            body = np.frombuffer(b"".join(personal for _, personal in rows), dtype=np.uint8).reshape(len(rows), -1)
            yield "signups", self._signup_columns(numbers[places], times[places], Texts(body, text=False))

    def _signup_columns(self, numbers: Array, times: Array, personal: Texts) -> Columns:
        count = len(numbers)
        ids = [_record_id(time, number) for time, number in zip(times.tolist(), numbers.tolist(), strict=True)]
        return {
            "signup_no": numbers,
            "id": texts(ids),
            "owner": texts([OWNER] * count),
            "signup_id": texts([f"past-{number:010}" for number in numbers.tolist()]),
            "account_type": np.ones(count, np.int64),
            "occurred_us": times,
            "recorded_us": times,
            "fingerprint": Texts(self._random.integers(0, 256, (count, 32), dtype=np.uint8), text=False),
            "personal": personal,
            "encryption_version": np.full(count, self._encryption.version),
            "pseudonym_version": np.full(count, self._pseudonyms.version),
            "record_only": np.zeros(count, bool),
            "answer": Texts(self._random.integers(0, 256, (count, 240), dtype=np.uint8), text=False),
        }

    def assessed(self, numbers: Array, times: Array) -> Columns:
        """What was decided on each: all were let in, without a model."""
        count = len(numbers)
        linkage = json.dumps({"device": {"links_1h": 1}, "filler": {"padding": 10**15}})
        return {
            "signup_no": numbers,
            "id": texts([_record_id(time, -no) for time, no in zip(times.tolist(), numbers.tolist(), strict=True)]),
            "decided_us": times,
            "decision": texts(["allow"] * count),
            "score": np.full(count, 0.03),
            "reasons": texts(["[]"] * count),
            "rules": texts(["[]"] * count),
            "signals": texts(["{}"] * count),
            "linkage": texts([linkage] * count),
            "vector": None,
            "model_version": None,
            "model_sha256": None,
            "policy_version": np.ones(count, np.int64),
            "degraded": np.ones(count, bool),
            "degraded_reason": None,
        }


def padded_document(signup: Signup) -> bytes:
    """A sign-up as it is stored, padded so that few lengths occur."""
    document = to_json(document_of_signup(signup))
    return document.ljust(-(-len(document) // _PADDED_TO) * _PADDED_TO)


def _record_id(time_us: int, number: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    return uuid7(at, (number * 2 if number > 0 else -number * 2 + 1) & (2**74 - 1))
