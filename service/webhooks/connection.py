"""A connection to one address that was looked at, given up at one instant whatever the other side does."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPSConnection
from ipaddress import ip_address
from typing import Self

from service.domain.webhook_url import Target, may_be_sent

Resolve = Callable[[str, int], list[str]]
"""The addresses of a host and port; raises ``OSError`` when there are none."""


class RefusedAddressError(Exception):
    """The name leads to an address that nothing is sent to."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses by the system's resolver, in its order."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def checked_addresses(target: Target, *, resolve: Resolve, private_allowed: bool) -> list[str]:
    """The addresses to connect to: resolved once, so that a name cannot mean another one at the next look.

    Raises:
        OSError: the name cannot be resolved.
        RefusedAddressError: one of them is not public.
    """
    addresses = resolve(target.host, target.port)
    if not private_allowed and not all(may_be_sent(ip_address(each.partition("%")[0])) for each in addresses):
        raise RefusedAddressError
    return addresses


class PinnedConnection(HTTPConnection):
    """HTTP to a given address under the target's name, over TLS where the target says so.

    A time-out of the socket bounds each read, not their sum: a server that sends a byte now and then would hold a
    worker for hours. So the socket is shut at the deadline, from outside. To the reader that looks like the end of
    what was sent, even like complete headers: ask ``given_up`` before believing an answer.
    """

    def __init__(self, target: Target, addresses: list[str], *, context: ssl.SSLContext, timeout_s: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        # The header Host leaves the port out where it is the scheme's own.
        self.default_port = HTTPSConnection.default_port if target.secure else HTTPConnection.default_port
        self._target = target
        self._addresses = addresses
        self._context = context
        self._timeout_s = timeout_s
        self.given_up = False
        self._watched: socket.socket | None = None
        self._watch: threading.Timer | None = None

    def connect(self) -> None:
        """Connect to the first address that answers.

        Raises:
            OSError: none of them does.
        """
        deadline = time.monotonic() + self._timeout_s
        connected = self._first_that_answers()
        self._watched = connected.dup()
        self._watch = threading.Timer(max(0.0, deadline - time.monotonic()), self._shut)
        self._watch.daemon = True
        self._watch.start()
        self.sock = connected
        if self._target.secure:
            self.sock = self._context.wrap_socket(connected, server_hostname=self._target.host)

    def close(self) -> None:
        """Close everything."""
        super().close()
        if self._watch is not None:
            self._watch.cancel()
            self._watch.join()
        if self._watched is not None:
            self._watched.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _first_that_answers(self) -> socket.socket:
        failed: OSError | None = None
        for address in self._addresses:
            try:
                return socket.create_connection((address, self._target.port), self._timeout_s / len(self._addresses))
            except OSError as error:
                failed = error
        raise failed or OSError("no address")

    def _shut(self) -> None:
        self.given_up = True
        if self._watched is not None:
            with suppress(OSError):
                self._watched.shutdown(socket.SHUT_RDWR)
