"""Links to hosted pages: recorded sealed, by the id of the sign-up, and opened only in the answer that is sent.

So the database, whose recorded answers are sent again byte for byte, never holds a link that works.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic_core import from_json

from service.domain.decision import Decision

_SEAL = "gatehouse:page:"
# Unescaped quotes stand in JSON only around what we wrote ourselves: nobody can send a seal to have it opened.
_SEALED = re.compile(rb'"url":"' + _SEAL.encode() + rb'([0-9]{1,5})\.([A-Za-z0-9-]{1,64})"')


def sealed(version: int, record_id: str) -> str:
    """The link of a sign-up's page as it is recorded."""
    return f"{_SEAL}{version}.{record_id}"


def page_links(token: Callable[[str, int], str | None], pages: str) -> Callable[[bytes], bytes]:
    """Opens every sealed link in a rendered answer.

    Args:
        token: the token of a sign-up's page, made with a key of a version; ``None`` when the key is gone.
        pages: what addresses of pages begin with.
    """

    def opened(found: re.Match[bytes]) -> bytes:
        known = token(found[2].decode(), int(found[1]))
        return b'"url":null' if known is None else f'"url":"{pages}/{known}"'.encode()

    return lambda body: _SEALED.sub(opened, body)


def help_link(decision_token: Callable[[str], str], pages: str) -> Callable[[bytes], str | None]:
    """Finds the page of whoever an answer with open links is about: why, and how to reach a human.

    Args:
        decision_token: the token of the page of a sign-up that nothing was asked of.
        pages: what addresses of pages begin with.
    """

    def link(body: bytes) -> str | None:
        answer = from_json(body)
        if answer["decision"] in {None, Decision.ALLOW.value}:
            return None
        asked: str | None = next((each["url"] for each in answer["challenges"] if each["url"] is not None), None)
        return asked or f"{pages}/{decision_token(answer['id'])}"

    return link
