"""One event as a signed HTTP message, by the Standard Webhooks specification (standardwebhooks.com, version 1)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime

from pydantic_core import to_json

from service.domain.event import Event
from service.domain.webhook import Endpoint


def body_of(event: Event) -> bytes:
    """The payload: the same bytes at every attempt."""
    return to_json({"type": event.type, "timestamp": event.occurred_at, "data": event.data})


def headers_of(event: Event, body: bytes, *, endpoint: Endpoint, now: datetime) -> Mapping[str, str]:
    """The three headers of an attempt at ``now``; during a rotation one signature a secret, by spaces."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join([event.id.encode(), timestamp.encode(), body])
    signatures = (hmac.digest(each.value, signed, "sha256") for each in endpoint.secrets_at(now))
    return {
        "webhook-id": event.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in signatures),
    }
