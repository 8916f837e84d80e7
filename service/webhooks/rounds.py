"""Rounds of delivery: what is due is sent, side by side, and no slow receiver keeps the others waiting."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.usecases.deliver_event import DeliverEvent, Result
from service.usecases.ports import Begin
from service.usecases.ports_webhooks import Claimed

SIDE_BY_SIDE = 16
OF_ONE_ENDPOINT = 4
"""Attempts at once in all, and to one endpoint; to one that failed the last time only a single one."""

FAN_OUT_BATCH = 500
LOOKS_AGAIN_S = 0.2
"""How soon new deliveries are looked for while earlier ones are under way."""

ROUND_S = 5.0
"""After so long nothing new is begun, so that a round ends and says what it did."""


@dataclass(slots=True)
class DeliveryRounds:
    """Delivers what is due; one object a worker process.

    Attributes:
        begin: a unit of work.
        deliver: one attempt.
        clock: the time it is.
        lease: how long an attempt may take at most, its record included.
        count: told of every attempt that ended.
        stopping: whether nothing new should be begun.
        monotonic: a clock in seconds.
    """

    begin: Begin
    deliver: DeliverEvent
    clock: Callable[[], datetime]
    lease: timedelta
    count: Callable[[Result], None] = lambda _: None
    stopping: Callable[[], bool] = lambda: False
    monotonic: Callable[[], float] = time.monotonic
    _failing: set[str] = field(default_factory=set, init=False)

    def __call__(self) -> int:
        """Queue and deliver what is due; how many events arrived.

        Raises:
            UnavailableError: the database cannot be used.
        """
        until = self.monotonic() + ROUND_S
        arrived = 0
        running: dict[Future[Result], str] = {}
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="webhook") as pool:
            while True:
                if not self.stopping() and self.monotonic() < until:
                    for claimed in self._due(running):
                        running[pool.submit(self.deliver, claimed)] = claimed.endpoint.id
                if not running:
                    return arrived
                done, _ = wait(running, timeout=LOOKS_AGAIN_S, return_when=FIRST_COMPLETED)
                for each in done:
                    arrived += self._noted(each.result(), running.pop(each))

    def _due(self, running: dict[Future[Result], str]) -> list[Claimed]:
        busy = Counter(running.values())
        room = {
            endpoint_id: (1 if endpoint_id in self._failing else OF_ONE_ENDPOINT) - busy[endpoint_id]
            for endpoint_id in {*busy, *self._failing}
        }
        limit = SIDE_BY_SIDE - len(running)
        if limit < 1:
            return []
        with self.begin() as work:
            work.deliveries.fan_out(now=self.clock(), limit=FAN_OUT_BATCH)
            return list(
                work.deliveries.claim(
                    now=self.clock(), lease=self.lease, limit=limit, room=room, room_each=OF_ONE_ENDPOINT
                )
            )

    def _noted(self, result: Result, endpoint_id: str) -> int:
        self.count(result)
        if result is Result.DELIVERED:
            self._failing.discard(endpoint_id)
            return 1
        self._failing.add(endpoint_id)
        return 0
