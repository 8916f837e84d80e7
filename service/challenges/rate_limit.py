"""A limit on how often one page may be asked for, in a bounded memory of one worker.

What matters (tries of a code, codes sent) is limited in the database; this only keeps a page from being a lever
against the service.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

_MOST_KEYS = 10_000


class RateLimit:
    """A bucket a key: ``burst`` requests at once, and ``per_minute`` after that."""

    def __init__(self, monotonic: Callable[[], float], *, burst: int, per_minute: float) -> None:
        self._monotonic = monotonic
        self._burst = float(burst)
        self._per_s = per_minute / 60
        self._lock = threading.Lock()
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def allows(self, key: bytes) -> bool:
        """Whether one more request is in order now."""
        now = self._monotonic()
        with self._lock:
            left, since = self._buckets.pop(key, (self._burst, now))
            left = min(self._burst, left + (now - since) * self._per_s)
            allowed = left >= 1
            self._buckets[key] = (left - allowed, now)
            while len(self._buckets) > _MOST_KEYS:
                self._buckets.popitem(last=False)
        return allowed
