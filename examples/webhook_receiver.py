"""A receiver of Gatehouse's webhooks: verifies, remembers what it has seen, answers at once.

pip install flask standardwebhooks
GATEHOUSE_WEBHOOK_SECRET=whsec_… flask --app examples/webhook_receiver.py run --port 9000
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click
from flask import Flask, Response, request
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def create_receiver(secret: str, act: Callable[[str, dict[str, Any]], None]) -> Flask:
    """A Flask application that calls ``act(type, data)`` once for every event."""
    app, webhook = Flask(__name__), Webhook(secret)
    # In production a table with a unique key, written in the transaction of what the event changes: the same event
    # may come twice, and two processes may get it at the same moment.
    seen: set[str] = set()

    @app.post("/gatehouse")
    def receive() -> Response:
        body = request.get_data()  # the very bytes: parsed and written again, they would no longer verify
        try:
            event = webhook.verify(body, dict(request.headers))
        except WebhookVerificationError:
            return Response("not signed by Gatehouse, or too old", 400)
        event_id = request.headers["webhook-id"]
        if event_id not in seen:
            act(event["type"], event["data"])
            seen.add(event_id)  # only now: when acting fails, the answer is 500 and the event comes again
        return Response(status=204)

    return app


def create_app() -> Flask:
    """What ``flask run`` serves."""
    return create_receiver(os.environ["GATEHOUSE_WEBHOOK_SECRET"], lambda kind, data: click.echo(f"{kind} {data}"))
