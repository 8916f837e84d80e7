"""How long a claimed Idempotency-Key is held."""

from __future__ import annotations

from datetime import timedelta

CLAIM_LEASE = timedelta(seconds=60)
"""A claim that has not been answered by then belonged to a worker that was killed: requests are bounded to
far less, and whoever asks next takes it over."""
