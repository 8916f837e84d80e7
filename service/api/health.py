"""Whether the process is up, and whether it is ready for traffic."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# Anybody may ask; a probe that writes to the database must not become a way to load it.
_KEEP_S = 1.0

Detail = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe found. ``detail`` is shown to anybody who asks: versions and ages, no secrets."""

    ok: bool
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One thing to probe. Without what is not ``required`` the service still decides, in a degraded mode."""

    name: str
    probe: Callable[[], ProbeResult]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Readiness:
    """Runs the checks, at most once a second; ``monotonic`` is a clock in seconds."""

    checks: tuple[ReadinessCheck, ...]
    monotonic: Callable[[], float]
    _kept: dict[str, tuple[float, int, bytes]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def __call__(self) -> tuple[int, bytes]:
        """The HTTP status and the document: ``ready``, ``degraded`` (still 200) or ``unavailable`` (503)."""
        with self._lock:
            kept = self._kept.get("answer")
            if kept is not None and self.monotonic() - kept[0] < _KEEP_S:
                return kept[1], kept[2]
            status, body = self._answer()
            self._kept["answer"] = (self.monotonic(), status, body)
            return status, body

    def _answer(self) -> tuple[int, bytes]:
        results = [(check, _probed(check)) for check in self.checks]
        usable = all(result.ok for check, result in results if check.required)
        whole = all(result.ok for _, result in results)
        status = ("ready" if whole else "degraded") if usable else "unavailable"
        checks = {check.name: {"ok": result.ok, **result.detail} for check, result in results}
        return 200 if usable else 503, json.dumps({"status": status, "checks": checks}).encode()


def _probed(check: ReadinessCheck) -> ProbeResult:
    try:
        return check.probe()
    except Exception as error:
        return ProbeResult(ok=False, detail={"error": type(error).__name__})
