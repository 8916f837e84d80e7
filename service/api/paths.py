"""What the endpoints share of a request's path and an answer's form."""

from __future__ import annotations

from service.api.ids import checked_id

JSON = "application/json"

__all__ = ["JSON", "checked_id"]
