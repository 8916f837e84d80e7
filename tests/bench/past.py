"""A past of a million sign-ups, made of copies of one simulated world: the rows that recording them would have left.

Every copy is one day. Strong and medium identifiers are another's in each copy (their digests are turned by a mask of
the copy), weak ones are the same in all of them, as mail domains and card ranges are. Weak links are written for every
fourth copy and the newest two only: windows are as full as they can be all the same, and the links are as many as
promised. Beside the copies there are 20,000 accounts on one device, and a cluster of 20,000 held together by 4,000
devices and 4,000 cards.

Long, because every table of the past is one piece of the same arithmetic on places and copies.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any  # Any: arrays of many types

import numpy as np
from pydantic_core import to_json

from models.identifiers import identifiers_of
from models.linkage.identifier import Identifier, IdentifierKind, Strength, strength_of
from models.linkage.marks import MARKED_KINDS
from models.linkage.velocity import DAY_US, PAST_DAYS, PAST_KINDS, day_of
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from models.signup import Payment, PaymentMethod, Signup
from models.signup_document import document_of_signup
from models.simulation.files import read_signups
from service.domain.ids import uuid7
from service.storage.encryption import Encryption
from service.storage.instants import microseconds_of
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.packed_links import FIELDS, TYPE
from service.storage.sql.records import KIND_CODES, trait_of

Kind = IdentifierKind
OWNER = "bench"
HOT_DEVICE = "bench-hot-device"
HOT = 20_000
IN_A_GROUP = 5
"""Accounts on one device, and on one card, of the cluster: each card is shared across two devices."""

BANNED, GOOD = 1, 3
_BANNED_ONE_IN, _GOOD_ONE_IN = 50, 25
_KNOWN_AFTER_US = 3_600_000_000
_WEAK_EVERY = 4
_PADDED_TO = 512
"""Personal data is padded with blanks, which JSON ignores: few lengths make few batches."""
_OWN = frozenset({Kind.NAME_BIRTH, Kind.EMAIL_SEQUENCE, Kind.INVITER})
_TRAITS = (Kind.NETWORK, Kind.EMAIL_DOMAIN, Kind.EMAIL_PATTERN, Kind.DEVICE, Kind.PAYMENT, Kind.INSTITUTION, Kind.NAME)
_TRAIT_COLUMNS = ("network", "email_domain", "email_pattern", "device", "payment", "institution", "name")
_MARKED = np.isin(np.arange(64), [KIND_CODES[kind] for kind in MARKED_KINDS])
_STRONG = np.isin(np.arange(64), [code for kind, code in KIND_CODES.items() if strength_of(kind) is Strength.STRONG])
_PAST = np.isin(np.arange(64), [KIND_CODES[kind] for kind in PAST_KINDS])
_SALTED = np.isin(
    np.arange(64), [code for kind, code in KIND_CODES.items() if strength_of(kind) is not Strength.WEAK or kind in _OWN]
)

Array = Any


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts or bytes, all of one length, as rows of bytes."""

    rows: Array
    text: bool


Columns = Mapping[str, "Array | Texts | None"]
"""The values of each column; ``None`` where all are NULL."""


def hot_cluster_device(number: int) -> str:
    """The device of a group of the cluster."""
    return f"bench-cluster-device-{number}"


def stranger(signup: Signup, number: int) -> Signup:
    """The person of a number who is like this one: nothing by which people are tied is the same.

    Whoever comes to the hot ones must not tie them to each other, nor to those who come on their own.
    """
    payment, phone = signup.payment, signup.phone
    if payment is not None and payment.fingerprint is not None:
        payment = dataclasses.replace(payment, fingerprint=f"{payment.fingerprint}-{number}")
    if phone is not None:
        phone = f"{phone[:-2]}{(int(phone[-2:]) + 30 * number) % 100:02}"
    identity = dataclasses.replace(signup.identity, full_name=f"{signup.identity.full_name} {'I' * number}", orcid=None)
    if payment is not None and payment.cardholder_name is not None:
        payment = dataclasses.replace(payment, cardholder_name=f"{payment.cardholder_name} {'I' * number}")
    device = dataclasses.replace(
        signup.device, device_id=f"{signup.device.device_id}-{number}", ip=_neighbour(signup.device.ip, number)
    )
    return dataclasses.replace(
        signup, identity=identity, email=f"{number}{signup.email}", phone=phone, payment=payment, device=device
    )


def _neighbour(address: str, number: int) -> str:
    """Another address of the same prefix: with one and the same browser it would tie two people."""
    known = ip_address(address)
    return str(type(known)(int(known) ^ number << (6 if known.version == 4 else 70)))


class Past:
    """The rows, by table. ``end`` is when the newest copy ends."""

    def __init__(
        self,
        bodies: Path,
        signups: int,
        *,
        end: datetime,
        reference: Reference,
        pseudonyms: Pseudonyms,
        encryption: Encryption,
    ) -> None:
        self._random = np.random.default_rng(7)
        self._end, self._pseudonyms, self._encryption = end, pseudonyms, encryption
        self._templates = list(read_signups(bodies))
        self._carried = [
            list(dict.fromkeys(identifiers_of(signup, derive_signals(signup, reference)))) for signup in self._templates
        ]
        self._links = _Links.of(self._carried, pseudonyms)
        self._each = len(self._templates)
        self._copies = signups // self._each
        self._masks = self._random.integers(0, 256, (self._copies, 16), dtype=np.uint8)
        self.signups = self._copies * self._each + 2 * HOT
        self.links = 0

    @property
    def _until_day(self) -> int:
        """The days before it are rolled up: yesterday is left for the worker."""
        return day_of(self._end) - 1

    def tables(self) -> Iterator[tuple[str, Columns]]:
        """The rows of every table, in batches, each table's in the order of its key where that matters."""
        owners = self._hot()
        yield from self._signups(owners)
        yield from self._clusters(owners)
        yield "judged_clusters", self._judged(owners)
        yield "look_backs", self._looked_back(owners)
        yield "links", self._all_links(owners)
        yield "marks", self._marks(owners)
        yield "anchors", self._anchors(owners)
        yield "daily_counts", self._everybody()
        yield "daily_counts", self._daily()
        yield "roll_ups", {"until_day": np.array([self._until_day]), "from_day": np.array([0])}

    def hot_cluster(self) -> range:
        """The numbers of the sign-ups in the cluster."""
        first = self._copies * self._each + 1 + HOT
        return range(first, first + HOT)

    @staticmethod
    def is_labelled(number: int) -> bool:
        """Whether something is known of a sign-up."""
        return bool(_labels(np.array([number]))[0])

    def _time_us(self, copy: int, places: Array) -> Array:
        start = microseconds_of(self._end) - (self._copies - copy) * DAY_US
        return start + places * (DAY_US // self._each)

    def _hot(self) -> _Hot:
        """The accounts of the device and of the cluster, numbered after the copies."""
        carriers = [
            place
            for place, carried in enumerate(self._carried)
            if {Kind.DEVICE, Kind.PAYMENT} <= {each.kind for each in carried}
        ]
        templates = self._random.choice(carriers, 2 * HOT)
        numbers = self._copies * self._each + 1 + np.arange(2 * HOT)
        step = 20 * DAY_US // HOT
        times = microseconds_of(self._end) - (HOT - np.arange(2 * HOT) % HOT) * step
        device = [HOT_DEVICE] * HOT + [hot_cluster_device(at // IN_A_GROUP) for at in range(HOT)]
        card = [f"bench-card-{at}" for at in range(HOT)]
        card += [f"bench-shared-{(at + 2) // IN_A_GROUP}" for at in range(HOT)]
        masks = self._random.integers(0, 256, (2 * HOT, 16), dtype=np.uint8)
        return _Hot(numbers, templates, times, device, card, masks)

    def _signups(self, hot: _Hot) -> Iterator[tuple[str, Columns]]:
        place, documents = np.arange(self._each), [_document(each) for each in self._templates]
        for copy in range(self._copies):
            numbers, times = copy * self._each + place + 1, self._time_us(copy, place)
            yield from self._sealed(documents, numbers, times)
            yield "assessments", self._assessment_columns(numbers, times)
        hot_signups = (
            self._hot_signup(self._templates[each], hot, at) for at, each in enumerate(hot.templates.tolist())
        )
        yield from self._sealed([_document(each) for each in hot_signups], hot.numbers, hot.times)
        yield "assessments", self._assessment_columns(hot.numbers, hot.times)

    def _hot_signup(self, template: Signup, hot: _Hot, at: int) -> Signup:
        number = int(hot.numbers[at])
        payment = template.payment or Payment(method=PaymentMethod.CARD)
        return dataclasses.replace(
            template,
            signup_id=f"past-{number:010}",
            email=f"account{number}@gmail.com",
            device=dataclasses.replace(template.device, device_id=hot.device[at]),
            payment=dataclasses.replace(payment, fingerprint=hot.card[at]),
        )

    def _sealed(self, documents: Sequence[bytes], numbers: Array, times: Array) -> Iterator[tuple[str, Columns]]:
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
            "id": _texts(ids),
            "owner": _texts([OWNER] * count),
            "signup_id": _texts([f"past-{number:010}" for number in numbers.tolist()]),
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

    def _assessment_columns(self, numbers: Array, times: Array) -> Columns:
        count = len(numbers)
        linkage = json.dumps({"device": {"links_1h": 1}, "filler": {"padding": 10**15}})
        return {
            "signup_no": numbers,
            "id": _texts([_record_id(time, -no) for time, no in zip(times.tolist(), numbers.tolist(), strict=True)]),
            "decided_us": times,
            "decision": _texts(["allow"] * count),
            "score": np.full(count, 0.03),
            "reasons": _texts(["[]"] * count),
            "rules": _texts(["[]"] * count),
            "signals": _texts(["{}"] * count),
            "linkage": _texts([linkage] * count),
            "vector": None,
            "model_version": None,
            "model_sha256": None,
            "policy_version": np.ones(count, np.int64),
            "degraded": np.ones(count, bool),
            "degraded_reason": None,
        }

    def _clusters(self, hot: _Hot) -> Iterator[tuple[str, Columns]]:
        founders, place = self._links.founders(self._each), np.arange(self._each)
        by_count = self._links.by_count()
        for copy in range(self._copies):
            first, times = copy * self._each + 1, self._time_us(copy, place)
            roots = np.unique(founders)
            yield "clusters", _cluster_columns(first + roots, times[roots])
            for templates, at in by_count:
                digests = self._links.digests[at] ^ np.where(
                    self._links.salted[at][..., None], self._masks[copy], np.uint8(0)
                )
                numbers = first + templates
                yield (
                    "members",
                    self._member_columns(
                        numbers, first + founders[templates], times[templates], self._links.kinds[at], digests
                    ),
                )
        for side in (slice(0, HOT), slice(HOT, 2 * HOT)):
            numbers = hot.numbers[side]
            yield "clusters", _cluster_columns(numbers[:1], hot.times[side][:1])
            links = self._hot_links(hot, side)
            counts = np.bincount(links.owner - numbers[0], minlength=HOT)
            starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
            for count in np.unique(counts):
                of = np.flatnonzero(counts == count)
                at = starts[of][:, None] + np.arange(count)
                cluster = np.full(len(of), numbers[0])
                yield (
                    "members",
                    self._member_columns(numbers[of], cluster, hot.times[side][of], links.kinds[at], links.digests[at]),
                )

    def _everyone(self, hot: _Hot) -> tuple[Array, Array, Array]:
        """Number, cluster and time of every sign-up."""
        founders, place = self._links.founders(self._each), np.arange(self._each)
        first = np.arange(self._copies)[:, None] * self._each + 1
        numbers, clusters = (first + place).ravel(), (first + founders).ravel()
        times = np.concatenate([self._time_us(copy, place) for copy in range(self._copies)])
        of_hot = np.repeat(hot.numbers[::HOT], HOT)
        return (
            np.concatenate([numbers, hot.numbers]),
            np.concatenate([clusters, of_hot]),
            np.concatenate([times, hot.times]),
        )

    def _judged(self, hot: _Hot) -> Columns:
        """How the worker saw every cluster with a known fraud: it kept up, and only what comes now is new to it."""
        numbers, clusters, times = self._everyone(hot)
        banned = _labels(numbers) == BANNED
        judged, of_banned = np.unique(clusters[banned], return_inverse=True)
        newest_us = np.zeros(len(judged), np.int64)
        np.maximum.at(newest_us, of_banned, times[banned] + _KNOWN_AFTER_US)
        return {
            "cluster_no": judged,
            "frauds": np.bincount(of_banned),
            "newest_fraud_us": newest_us,
            "size": np.bincount(np.searchsorted(judged, clusters[np.isin(clusters, judged)])),
            "judged_us": newest_us,
        }

    def _looked_back(self, hot: _Hot) -> Columns:
        """Every ban was looked back from."""
        numbers, _, times = self._everyone(hot)
        banned = _labels(numbers) == BANNED
        known_us = times[banned] + _KNOWN_AFTER_US
        return {"signup_no": numbers[banned], "known_us": known_us, "done_us": known_us}

    def _member_columns(self, numbers: Array, clusters: Array, times: Array, kinds: Array, digests: Array) -> Columns:
        packed = np.concatenate([kinds[..., None].astype(np.uint8), digests], axis=2).reshape(len(numbers), -1)
        labels = _labels(numbers)
        traits = {}
        for column, kind in zip(_TRAIT_COLUMNS, _TRAITS, strict=True):
            of_kind = kinds == KIND_CODES[kind]
            first = digests[np.arange(len(numbers)), of_kind.argmax(axis=1), :8]
            traits[column] = np.ascontiguousarray(first).view(">i8").ravel().astype(np.int64)
        return {
            "signup_no": numbers,
            "cluster_no": clusters,
            "occurred_us": times,
            "identifiers": Texts(packed, text=False),
            **traits,
            "label": np.ma.masked_equal(labels, 0),
            "label_us": np.ma.masked_array(times + _KNOWN_AFTER_US, labels == 0),
        }

    def _hot_links(self, hot: _Hot, side: slice) -> _Flat:
        """The links of the accounts of one side: a template's, turned by a mask of the account, but device and card."""
        numbers, templates = hot.numbers[side], hot.templates[side]
        counts, starts = self._links.counts[templates], self._links.starts[templates]
        owner = np.repeat(np.arange(HOT), counts)
        at = np.repeat(starts, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        masks = hot.masks[side]
        kinds, salted = self._links.kinds[at], self._links.salted[at]
        digests = self._links.digests[at] ^ np.where(salted[:, None], masks[owner], np.uint8(0))
        for kind, values in ((Kind.DEVICE, hot.device[side]), (Kind.PAYMENT, hot.card[side])):
            known = {value: self._digest(kind, value) for value in dict.fromkeys(values)}
            own = np.frombuffer(b"".join(known[value] for value in values), dtype=np.uint8).reshape(HOT, 16)
            of_kind = kinds == KIND_CODES[kind]
            digests[of_kind] = own[owner[of_kind]]
        return _Flat(numbers[owner], hot.times[side][owner], kinds, digests, self._links.counted[at] + owner)

    def _digest(self, kind: Kind, value: str) -> bytes:
        return self._pseudonyms.newest(Identifier(kind, value)).digest

    def _copied(self, copy: int, *, weak: bool) -> _Flat:
        """The links of a copy."""
        at = np.arange(len(self._links.kinds)) if weak else np.flatnonzero(self._links.salted)
        owner = self._links.owner[at]
        mask = np.where(self._links.salted[at][:, None], self._masks[copy], np.uint8(0))
        numbers = copy * self._each + 1 + owner
        counted = self._links.counted[at] + copy
        times = self._time_us(copy, owner)
        return _Flat(numbers, times, self._links.kinds[at], self._links.digests[at] ^ mask, counted)

    def _flat(self, hot: _Hot, *, weak_everywhere: bool = False) -> _Flat:
        parts = [
            self._copied(copy, weak=weak_everywhere or copy % _WEAK_EVERY == 0 or copy >= self._copies - 2)
            for copy in range(self._copies)
        ]
        parts += [self._hot_links(hot, side) for side in (slice(0, HOT), slice(HOT, 2 * HOT))]
        return _Flat.together(parts)

    def _all_links(self, hot: _Hot) -> Columns:
        links = self._flat(hot)
        self.links = len(links.owner)
        return links.ordered()

    def _marks(self, hot: _Hot) -> Columns:
        links = self._flat(hot)
        marks = _labels(links.owner)
        held = (marks > 0) & _MARKED[links.kinds]
        marks, links = marks[held], links.taken(held)
        order = links.order()
        return {
            "digest": Texts(links.digests[order], text=False),
            "channel": np.where(marks[order] == BANNED, 0, 1),
            "known_us": np.minimum(links.times[order] + _KNOWN_AFTER_US, microseconds_of(self._end)),
            "signup_no": links.owner[order],
            "mark": marks[order],
            "kind": links.kinds[order],
            "withdrawn_us": None,
        }

    def _anchors(self, hot: _Hot) -> Columns:
        links = self._flat(hot)
        links = links.taken(_STRONG[links.kinds])
        founders, copied = self._links.founders(self._each), self._copies * self._each
        place = (links.owner - 1) % self._each
        cluster = np.where(
            links.owner <= copied,
            links.owner - place + founders[place],
            np.where(links.owner < hot.numbers[HOT], hot.numbers[0], hot.numbers[HOT]),
        )
        _, first = np.unique(links.digests.view("V16").ravel(), return_index=True)
        return {"digest": Texts(links.digests[first], text=False), "cluster_no": cluster[first]}

    def _daily(self) -> Columns:
        """The counts of the days before today, which are the copies but for a part of a day."""
        past = _PAST[self._links.kinds]
        of_links = self._links.digests[past].view("V16").ravel()
        keys, first, counts = np.unique(of_links, return_index=True, return_counts=True)
        today = self._until_day
        days = np.arange(today - PAST_DAYS, today)
        digests = keys.view(np.uint8).reshape(-1, 16)
        return {
            "digest": Texts(np.repeat(digests, len(days), axis=0), text=False),
            "day": np.tile(days, len(keys)),
            "until_day": np.full(len(keys) * len(days), today),
            "kind": np.repeat(self._links.kinds[past][first], len(days)),
            "count": np.repeat(counts, len(days)),
        }

    def _everybody(self) -> Columns:
        """The counts of all sign-ups of a day, whose digest is empty."""
        today = self._until_day
        days = np.arange(today - PAST_DAYS, today)
        return {
            "digest": Texts(np.zeros((len(days), 0), np.uint8), text=False),
            "day": days,
            "until_day": np.full(len(days), today),
            "kind": np.zeros(len(days), np.int64),
            "count": np.full(len(days), self._each),
        }


@dataclass(frozen=True, slots=True)
class _Hot:
    numbers: Array
    templates: Array
    times: Array
    device: Sequence[str]
    card: Sequence[str]
    masks: Array


@dataclass(frozen=True, slots=True)
class _Flat:
    """Links as columns: whose, when, and what."""

    owner: Array
    times: Array
    kinds: Array
    digests: Array
    counted: Array

    @staticmethod
    def together(parts: Sequence[_Flat]) -> _Flat:
        """Several as one."""
        return _Flat(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("owner", "times", "kinds", "digests", "counted")
            )
        )

    def taken(self, which: Array) -> _Flat:
        """Some of them."""
        return _Flat(self.owner[which], self.times[which], self.kinds[which], self.digests[which], self.counted[which])

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
class _Links:
    """The links of the templates, a row each: ``owner`` is the template, ``starts`` where each template's begin."""

    owner: Array
    kinds: Array
    digests: Array
    counted: Array
    salted: Array
    counts: Array
    starts: Array

    @staticmethod
    def of(carried: Sequence[Sequence[Identifier]], pseudonyms: Pseudonyms) -> _Links:
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
        return _Links(owner, kinds, digests, counted, _SALTED[kinds], counts, starts)

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
        strong = np.flatnonzero(_STRONG[self.kinds])
        for at in strong.tolist():
            owner = int(self.owner[at])
            other = first.setdefault(self.digests[at].tobytes(), owner)
            low, high = sorted((find(owner), find(other)))
            root[high] = low
        return np.array([find(place) for place in range(templates)])


def _cluster_columns(numbers: Array, times: Array) -> Columns:
    return {"cluster_no": numbers, "root_no": numbers, "founded_us": times}


def _document(signup: Signup) -> bytes:
    document = to_json(document_of_signup(signup))
    return document.ljust(-(-len(document) // _PADDED_TO) * _PADDED_TO)


def _labels(numbers: Array) -> Array:
    return np.where(numbers % _BANNED_ONE_IN == 0, BANNED, np.where(numbers % _GOOD_ONE_IN == 1, GOOD, 0))


def _record_id(time_us: int, number: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    return uuid7(at, (number * 2 if number > 0 else -number * 2 + 1) & (2**74 - 1))


def _texts(values: Sequence[str]) -> Texts:
    rows = np.frombuffer("".join(values).encode(), dtype=np.uint8).reshape(len(values), -1)
    return Texts(rows, text=True)
