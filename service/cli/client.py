"""A small HTTP client for the commands that talk to a running service: one kept-alive connection, JSON in and out."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from types import TracebackType
from typing import Any, Self  # Any: JSON answers

READY_WITHIN_S = 30.0


class Client:
    """Talks to one service on this machine."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the JSON document of the answer."""
        self._connection.request("POST", path, body=json.dumps(body), headers=self._headers)
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())

    def wait_until_ready(self, alive: subprocess.Popen[bytes] | None = None) -> None:
        """Wait for ``/readyz``.

        Args:
            alive: the process of the service; when it ends, waiting ends too.

        Raises:
            ConnectionError: the service did not become ready, or ended.
        """
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if alive is not None and alive.poll() is not None:
                raise ConnectionError("the service ended before it was ready")
            try:
                self._connection.request("GET", "/readyz")
                response = self._connection.getresponse()
                response.read()
                if response.status == http.client.OK:
                    return
            except OSError:
                self._connection.close()
            time.sleep(0.05)
        raise ConnectionError(f"the service was not ready within {READY_WITHIN_S:.0f} s")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
