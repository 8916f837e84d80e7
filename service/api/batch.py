"""Many sign-ups in one request: JSON lines in, JSON lines out, in the same order, a bad line answered in place.

The whole body is read before the first line is assessed: a client that only reads once it has written
everything would block forever otherwise, and a batch that is refused for its size has then recorded nothing.
The answers stream. There is no Idempotency-Key: every line's ``signup_id`` already makes it safe to send again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flask import Response, request, stream_with_context

from service.api.json_body import BODY_LIMIT, decode, read_body
from service.api.signups import SignupEndpoints
from service.domain.caller import Caller
from service.web import TOO_LARGE, Problem, RefusedError, problem_of

NDJSON = "application/x-ndjson"
LINE_LIMIT = 1_000
# A thousand sign-ups with every field filled are some 3 MB; the product of both limits, 64 MB a request, would
# let a few callers fill the memory.
BATCH_LIMIT = 16 * 1024 * 1024
_MEDIA_TYPES = (NDJSON, "application/ndjson", "application/jsonl", "application/json-lines")


@dataclass(frozen=True, slots=True)
class BatchEndpoint:
    """The handler for batches."""

    signups: SignupEndpoints

    def create(self, caller: Caller) -> Response:
        """Assess and record every line."""
        lines = _lines(read_body(request, limit=BATCH_LIMIT, media_types=_MEDIA_TYPES))
        return Response(stream_with_context(self._answers(lines, caller)), content_type=NDJSON)

    def _answers(self, lines: list[bytes], caller: Caller) -> Iterator[bytes]:
        unavailable: Problem | None = None
        for line in lines:
            if unavailable is None:
                answer = self._answer(line, caller)
                unavailable = answer if isinstance(answer, Problem) and answer.kind.status == 503 else None
            else:
                answer = unavailable  # waiting for the database once a line would take minutes
            yield (answer.body() if isinstance(answer, Problem) else answer) + b"\n"

    def _answer(self, line: bytes, caller: Caller) -> bytes | Problem:
        if len(line) > BODY_LIMIT:
            return Problem(TOO_LARGE, f"A line may have {BODY_LIMIT:,} bytes at most.")
        try:
            deps = self.signups.deps
            return deps.open_links(self.signups.assess(decode(line), caller, deps.clock()).body)
        except Exception as error:
            return problem_of(error)


def _lines(body: bytes) -> list[bytes]:
    """The lines that hold something.

    Raises:
        RefusedError: there are too many.
    """
    filled = (line for line in body.split(b"\n") if line.strip())
    lines = list(islice(filled, LINE_LIMIT + 1))
    if len(lines) > LINE_LIMIT:
        raise RefusedError(TOO_LARGE, f"A batch may have {LINE_LIMIT:,} lines at most.")
    return lines
