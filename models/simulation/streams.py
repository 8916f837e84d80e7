"""Named random streams: each subject draws from its own, so that adding one disturbs no other."""

from __future__ import annotations

import hashlib
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Generic, TypeVar

T = TypeVar("T")

_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Streams:
    """All randomness of one world, derived from one seed."""

    seed: int

    def of(self, name: str) -> random.Random:
        """The stream of that name: always the same for the same seed, whatever else is drawn."""
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        return random.Random(int.from_bytes(digest[:16], "big"))


class Weighted(Generic[T]):
    """A table drawn from in proportion to its weights, by bisection."""

    __slots__ = ("_cumulative", "items")

    def __init__(self, items: Sequence[T], weights: Iterable[float]) -> None:
        self.items = tuple(items)
        self._cumulative = tuple(accumulate(weights))
        if len(self.items) != len(self._cumulative) or not self.items:
            raise ValueError(f"{len(self.items)} items with {len(self._cumulative)} weights: give one weight an item")

    def draw(self, rng: random.Random) -> T:
        """One item."""
        return self.items[bisect_right(self._cumulative, rng.random() * self._cumulative[-1], 0, len(self.items) - 1)]

    def reweighted(self, factor: Callable[[T], float]) -> Weighted[T]:
        """The same items, each weight times its factor."""
        return Weighted(self.items, self._times(factor))

    def mean(self, of: Callable[[T], float]) -> float:
        """The mean of something over what is drawn."""
        return sum(self._times(of)) / self._cumulative[-1]

    def _times(self, factor: Callable[[T], float]) -> list[float]:
        weights = (after - before for before, after in pairwise((0.0, *self._cumulative)))
        return [weight * factor(item) for weight, item in zip(weights, self.items, strict=True)]


def zipf(items: Sequence[T], exponent: float) -> Weighted[T]:
    """The items with weights falling as a power of their rank: a few are common, most are rare."""
    return Weighted(items, (1 / (rank**exponent) for rank in range(1, len(items) + 1)))


def token(rng: random.Random, length: int) -> str:
    """An opaque identifier of letters and digits: the one generator behind every made-up id and fingerprint.

    Digits are 8 of its 55 characters, so a run of 13 digits that could pass for a card number never occurs
    in practice (below 1e-9 a token).
    """
    return "".join(rng.choices(_ALPHABET, k=length))


def lognormal(rng: random.Random, median: float, p90: float) -> float:
    """A lognormal draw given by its median and its 90th percentile."""
    return median * math.exp(rng.gauss(0.0, 1.0) * math.log(p90 / median) / 1.2816)


def poisson(rng: random.Random, mean: float) -> int:
    """A Poisson count; above a mean of 50 by its normal approximation, which is all a day's volume needs."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
