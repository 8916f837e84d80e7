"""A past of a million sign-ups, made of copies of one simulated world: the rows that recording them would have left.

Every copy is one day. Strong and medium identifiers are another's in each copy (their digests are turned by a mask of
the copy), weak ones are the same in all of them, as mail domains and card ranges are. Weak links are written for every
fourth copy and the newest two only: windows are as full as they can be all the same, and the links are as many as
promised. Beside the copies there are 20,000 accounts on one device, and a cluster of 20,000 held together by 4,000
devices and 4,000 cards.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from columns import Array, Columns, Texts
from past_links import STRONG, FlatLinks, TemplateLinks
from past_signups import RecordedRows, padded_document

from models.identifiers import identifiers_of
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.marks import MARKED_KINDS
from models.linkage.velocity import DAY_US, PAST_DAYS, PAST_KINDS, day_of
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from models.signup import Payment, PaymentMethod, Signup
from models.simulation.files import read_signups
from service.storage.encryption import Encryption
from service.storage.instants import microseconds_of
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.records import KIND_CODES

Kind = IdentifierKind
HOT_DEVICE = "bench-hot-device"
HOT = 20_000
IN_A_GROUP = 5
"""Accounts on one device, and on one card, of the cluster: each card is shared across two devices."""

BANNED, GOOD = 1, 3
_BANNED_ONE_IN, _GOOD_ONE_IN = 50, 25
_KNOWN_AFTER_US = 3_600_000_000
_WEAK_EVERY = 4
_TRAITS = (Kind.NETWORK, Kind.EMAIL_DOMAIN, Kind.EMAIL_PATTERN, Kind.DEVICE, Kind.PAYMENT, Kind.INSTITUTION, Kind.NAME)
_TRAIT_COLUMNS = ("network", "email_domain", "email_pattern", "device", "payment", "institution", "name")
_MARKED = np.isin(np.arange(64), [KIND_CODES[kind] for kind in MARKED_KINDS])
_PAST = np.isin(np.arange(64), [KIND_CODES[kind] for kind in PAST_KINDS])


def hot_cluster_device(number: int) -> str:
    """The device of a group of the cluster."""
    return f"bench-cluster-device-{number}"


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
        self._end, self._pseudonyms = end, pseudonyms
        self._rows = RecordedRows(self._random, pseudonyms=pseudonyms, encryption=encryption)
        self._templates = list(read_signups(bodies))
        self._carried = [
            list(dict.fromkeys(identifiers_of(signup, derive_signals(signup, reference)))) for signup in self._templates
        ]
        self._links = TemplateLinks.of(self._carried, pseudonyms)
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
        place, documents = np.arange(self._each), [padded_document(each) for each in self._templates]
        for copy in range(self._copies):
            numbers, times = copy * self._each + place + 1, self._time_us(copy, place)
            yield from self._rows.sealed(documents, numbers, times)
            yield "assessments", self._rows.assessed(numbers, times)
        hot_signups = (
            self._hot_signup(self._templates[each], hot, at) for at, each in enumerate(hot.templates.tolist())
        )
        yield from self._rows.sealed([padded_document(each) for each in hot_signups], hot.numbers, hot.times)
        yield "assessments", self._rows.assessed(hot.numbers, hot.times)

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

    def _hot_links(self, hot: _Hot, side: slice) -> FlatLinks:
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
        return FlatLinks(numbers[owner], hot.times[side][owner], kinds, digests, self._links.counted[at] + owner)

    def _digest(self, kind: Kind, value: str) -> bytes:
        return self._pseudonyms.newest(Identifier(kind, value)).digest

    def _copied(self, copy: int, *, weak: bool) -> FlatLinks:
        """The links of a copy."""
        at = np.arange(len(self._links.kinds)) if weak else np.flatnonzero(self._links.salted)
        owner = self._links.owner[at]
        mask = np.where(self._links.salted[at][:, None], self._masks[copy], np.uint8(0))
        numbers = copy * self._each + 1 + owner
        counted = self._links.counted[at] + copy
        times = self._time_us(copy, owner)
        return FlatLinks(numbers, times, self._links.kinds[at], self._links.digests[at] ^ mask, counted)

    def _flat(self, hot: _Hot, *, weak_everywhere: bool = False) -> FlatLinks:
        parts = [
            self._copied(copy, weak=weak_everywhere or copy % _WEAK_EVERY == 0 or copy >= self._copies - 2)
            for copy in range(self._copies)
        ]
        parts += [self._hot_links(hot, side) for side in (slice(0, HOT), slice(HOT, 2 * HOT))]
        return FlatLinks.together(parts)

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
        links = links.taken(STRONG[links.kinds])
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


def _cluster_columns(numbers: Array, times: Array) -> Columns:
    return {"cluster_no": numbers, "root_no": numbers, "founded_us": times}


def _labels(numbers: Array) -> Array:
    return np.where(numbers % _BANNED_ONE_IN == 0, BANNED, np.where(numbers % _GOOD_ONE_IN == 1, GOOD, 0))
