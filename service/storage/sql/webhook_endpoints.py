"""Webhook endpoints in SQL."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any  # Any: rows of a driver are untyped

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, delete, insert, select, update

from service.domain.errors import ConflictError
from service.domain.event import EventType
from service.domain.webhook import Endpoint, Secret
from service.storage.encryption import Encryption
from service.storage.instants import instant_of, microseconds_of, optional_instant_of
from service.storage.sql.database import Database
from service.storage.sql.staging import Stage
from service.storage.sql.webhook_tables import WebhookDeliveryRow, WebhookEndpointRow


class SqlEndpoints:
    """See ``service.usecases.ports_webhooks.Endpoints``."""

    def __init__(self, database: Database, stage: Stage, *, encryption: Encryption) -> None:
        self._database = database
        self._stage = stage
        self._encryption = encryption

    def add(self, endpoint: Endpoint) -> None:
        """See the port."""
        columns = _columns_of_endpoint(endpoint, self._encryption)

        def run(connection: Connection) -> None:
            connection.execute(insert(WebhookEndpointRow), columns)

        self._stage.add(run)

    def change(self, endpoint: Endpoint) -> None:
        """See the port."""
        columns = _columns_of_endpoint(endpoint, self._encryption) | {"version": endpoint.version + 1}
        statement = (
            update(WebhookEndpointRow)
            .where(WebhookEndpointRow.id == endpoint.id, WebhookEndpointRow.version == endpoint.version)
            .values(columns)
        )

        def run(connection: Connection) -> None:
            if connection.execute(statement).rowcount != 1:
                raise ConflictError("Somebody else changed the endpoint at the same moment; read it and try again.")

        self._stage.add(run)

    def remove(self, endpoint_id: str) -> None:
        """See the port."""

        def run(connection: Connection) -> None:
            connection.execute(delete(WebhookDeliveryRow).where(WebhookDeliveryRow.endpoint_id == endpoint_id))
            connection.execute(delete(WebhookEndpointRow).where(WebhookEndpointRow.id == endpoint_id))

        self._stage.add(run)

    def get(self, owner: str | None, endpoint_id: str) -> Endpoint | None:
        """See the port."""
        statement = select(WebhookEndpointRow.__table__).where(WebhookEndpointRow.id == endpoint_id)
        if owner is not None:
            statement = statement.where(WebhookEndpointRow.owner == owner)
        row = self._database.read(lambda connection: connection.execute(statement).first())
        return None if row is None else endpoint_of_row(row, self._encryption)

    def of_owner(self, owner: str | None) -> Sequence[Endpoint]:
        """See the port."""
        statement = select(WebhookEndpointRow.__table__).order_by(WebhookEndpointRow.created_us, WebhookEndpointRow.id)
        if owner is not None:
            statement = statement.where(WebhookEndpointRow.owner == owner)
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return tuple(endpoint_of_row(row, self._encryption) for row in rows)


def wants(types: str | None, event_type: str) -> bool:
    """Whether an endpoint's column ``types`` takes in a type."""
    return types is None or event_type in types.split()


def endpoint_of_row(row: Any, encryption: Encryption) -> Endpoint:
    """The endpoint of its row."""
    sealed = from_json(encryption.decrypt(bytes(row.sealed), record_id=row.id))
    return Endpoint(
        id=row.id,
        owner=row.owner,
        url=sealed["url"],
        description=row.description,
        events=None if row.types is None else frozenset(map(EventType, row.types.split())),
        active=bool(row.active),
        secrets=tuple(Secret(base64.b64decode(value), optional_instant_of(ends)) for value, ends in sealed["secrets"]),
        created_at=instant_of(row.created_us),
        version=row.version,
    )


def _columns_of_endpoint(endpoint: Endpoint, encryption: Encryption) -> dict[str, Any]:
    secrets = [
        [base64.b64encode(each.value).decode(), None if each.ends_at is None else microseconds_of(each.ends_at)]
        for each in endpoint.secrets
    ]
    document = to_json({"url": endpoint.url, "secrets": secrets})
    return {
        "id": endpoint.id,
        "owner": endpoint.owner,
        "description": endpoint.description,
        "types": None if endpoint.events is None else " ".join(sorted(endpoint.events)),
        "active": endpoint.active,
        "sealed": encryption.encrypt(document, record_id=endpoint.id),
        "encryption_version": encryption.version,
        "created_us": microseconds_of(endpoint.created_at),
        "version": endpoint.version,
    }
