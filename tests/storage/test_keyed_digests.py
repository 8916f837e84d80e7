"""Pseudonyms and encryption: what keys do, and what happens without the right one."""

from __future__ import annotations

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from service.storage.encryption import Encryption, EncryptionError
from service.storage.pseudonyms import Pseudonyms

OLD, NEW = (1, b"\x01" * 32), (2, b"\x02" * 32)
DEVICE = Identifier(IdentifierKind.DEVICE, "device-1", counted="oriane@college.example")


def test_a_digest_depends_on_the_key_the_kind_and_the_value() -> None:
    digests = {
        Pseudonyms([key]).newest(Identifier(kind, value)).digest
        for key in (OLD, NEW)
        for kind in (IdentifierKind.DEVICE, IdentifierKind.PHONE)
        for value in ("a", "b")
    }

    assert len(digests) == 8
    assert {len(digest) for digest in digests} == {16}


def test_the_counted_value_is_a_signed_bigint_or_nothing() -> None:
    pseudonyms = Pseudonyms([OLD])
    hashes = [pseudonyms.newest(Identifier(DEVICE.kind, "x", str(at))).counted for at in range(64)]

    assert all(value is not None and -(2**63) <= value < 2**63 for value in hashes)
    assert any(value is not None and value < 0 for value in hashes)
    assert pseudonyms.newest(Identifier(DEVICE.kind, "x")).counted is None


def test_the_newest_key_writes_and_every_key_looks() -> None:
    rotated = Pseudonyms([OLD, NEW])

    assert rotated.version == 2
    assert rotated.every(DEVICE) == (Pseudonyms([NEW]).newest(DEVICE), Pseudonyms([OLD]).newest(DEVICE))
    assert rotated.newest(DEVICE) == rotated.every(DEVICE)[0]


def test_a_fingerprint_is_recognised_under_an_older_key_and_another_request_is_not() -> None:
    before = Pseudonyms([OLD]).fingerprint(b"POST /v1/signups {}").newest
    rotated = Pseudonyms([NEW, OLD])

    assert len(before) == 32
    assert rotated.fingerprint(b"POST /v1/signups {}").matches(before)
    assert not rotated.fingerprint(b"POST /v1/signups {1}").matches(before)
    assert not Pseudonyms([NEW]).fingerprint(b"POST /v1/signups {}").matches(before)


def test_owner_and_key_do_not_run_into_each_other() -> None:
    pseudonyms = Pseudonyms([OLD])

    assert pseudonyms.idempotency_keys("ab", "c") != pseudonyms.idempotency_keys("a", "bc")


def test_what_is_encrypted_opens_again_and_never_looks_the_same() -> None:
    encryption = Encryption([OLD])
    first, second = (encryption.encrypt(b"Oriane", record_id="r1") for _ in range(2))

    assert first != second
    assert b"Oriane" not in first
    assert encryption.decrypt(first, record_id="r1") == b"Oriane"


def test_a_rotated_key_writes_while_the_old_one_still_opens() -> None:
    before = Encryption([OLD]).encrypt(b"Oriane", record_id="r1")
    rotated = Encryption([OLD, NEW])

    assert rotated.decrypt(before, record_id="r1") == b"Oriane"
    assert Encryption([NEW]).decrypt(rotated.encrypt(b"Oriane", record_id="r1"), record_id="r1") == b"Oriane"


@pytest.mark.parametrize("at", [1, 5, 20, -1])
def test_an_altered_byte_does_not_open(at: int) -> None:
    encryption = Encryption([OLD])
    stored = bytearray(encryption.encrypt(b"Oriane Maupertuis", record_id="r1"))
    stored[at] ^= 1

    with pytest.raises(EncryptionError):
        encryption.decrypt(bytes(stored), record_id="r1")


@pytest.mark.parametrize(
    ("encryption", "record_id", "words"),
    [
        (Encryption([NEW]), "r1", "version 1, which is not configured"),
        (Encryption([(1, b"\x09" * 32)]), "r1", "not the key it was encrypted with"),
        (Encryption([OLD]), "r2", "does not open"),
    ],
)
def test_the_wrong_key_or_record_says_so(encryption: Encryption, record_id: str, words: str) -> None:
    stored = Encryption([OLD]).encrypt(b"Oriane", record_id="r1")

    with pytest.raises(EncryptionError, match=words):
        encryption.decrypt(stored, record_id=record_id)


def test_something_cut_short_says_so() -> None:
    with pytest.raises(EncryptionError, match="cut short"):
        Encryption([OLD]).decrypt(b"\x00\x01", record_id="r1")


@pytest.mark.parametrize("kind", [Encryption, Pseudonyms])
@pytest.mark.parametrize("keys", [[], [(1, b"short")], [OLD, (1, b"\x03" * 32)]])
def test_keys_that_cannot_be_right_are_refused(
    kind: type[Encryption | Pseudonyms], keys: list[tuple[int, bytes]]
) -> None:
    with pytest.raises(ValueError, match="key"):
        kind(keys)
