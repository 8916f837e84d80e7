"""The operations about lists: what routes them, who may call them, and what documents them."""

from __future__ import annotations

from enum import StrEnum

from service.api.declared import BODY_PROBLEMS, Declared
from service.api.schemas.lists import (
    ImportAnswer,
    ListEntryAnswer,
    ListEntryRequest,
    ListPageAnswer,
    ListPageRequest,
    RemovedAnswer,
)
from service.domain.caller import Scope

TAG = "lists"


class ListOperation(StrEnum):
    """The operations about lists, by their ``operationId``."""

    LIST = "readList"
    ADD = "addToList"
    IMPORT = "importList"
    REMOVE = "removeFromList"


LIST_OPERATIONS: tuple[Declared, ...] = (
    Declared(
        operation=ListOperation.LIST,
        method="GET",
        path="/v1/lists/{list}",
        summary="Read a list",
        description="Entries with their values in clear, newest first. Reading them is audited.",
        scope=Scope.ADMIN,
        answers={200: ("One page.", ListPageAnswer)},
        query=ListPageRequest,
        problems=(404, 422),
        tag=TAG,
    ),
    Declared(
        operation=ListOperation.ADD,
        method="POST",
        path="/v1/lists/{list}",
        summary="Put a value on a list",
        description=(
            "The block list denies; the allow and the exempt list allow unless a ban is touched. A mail domain stands "
            "for those under it. Running workers decide by it within 5 seconds."
        ),
        scope=Scope.ADMIN,
        answers={201: ("The entry.", ListEntryAnswer)},
        request=ListEntryRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
    ),
    Declared(
        operation=ListOperation.IMPORT,
        method="POST",
        path="/v1/lists/{list}/import",
        summary="Put many values on a list",
        description="CSV whose first line names the columns, at most 2 MiB. Good lines are added, bad ones reported.",
        scope=Scope.ADMIN,
        answers={200: ("How many were added, and which lines were left out.", ImportAnswer)},
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
        takes_csv=True,
    ),
    Declared(
        operation=ListOperation.REMOVE,
        method="DELETE",
        path="/v1/lists/{list}/{id}",
        summary="Take a value off a list",
        description="The entry stays in the audit record.",
        scope=Scope.ADMIN,
        answers={200: ("It is on the list no longer.", RemovedAnswer)},
        problems=(404,),
        tag=TAG,
    ),
)
