"""A desk is given back however a request ends, and nobody waits longer than they are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from werkzeug.test import Client, run_wsgi_app

from service.waiting_room import WaitingRoom

Environ = dict[str, Any]


def _room(answer: Callable[[], Iterable[bytes]], **changes: Any) -> WaitingRoom:
    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return answer()

    return WaitingRoom(app, **{"working": 1, "waiting": 1, "patience_s": 0.05, **changes})


def _post(path: str = "/v1/signups") -> Environ:
    return {"REQUEST_METHOD": "POST", "PATH_INFO": path, "wsgi.input": None}


def _list(length: int = 64 * 1024) -> Environ:
    return {**_post("/v1/outcomes"), "CONTENT_LENGTH": str(length)}


_BATCH = _post("/v1/signups/batch")
_OF_UNKNOWN_LENGTH = {**_post("/v1/outcomes"), "HTTP_TRANSFER_ENCODING": "chunked"}


def _start(*_: object) -> None:
    """Nobody looks at the headers."""


def _hold(room: WaitingRoom) -> Any:
    """Take a desk and keep it: the answer is not closed yet."""
    return room(_post(), _start)


def _sent(room: WaitingRoom, requests: list[Environ], answers: list[str]) -> list[threading.Thread]:
    """Send them at once, each by a thread of its own; their answers' statuses are told as they come."""

    def send(environ: Environ) -> None:
        answers.append(run_wsgi_app(room, environ, buffered=True)[1])

    threads = [threading.Thread(target=send, args=(each,)) for each in requests]
    for each in threads:
        each.start()
    return threads


def _let_go(held: Any, threads: list[threading.Thread]) -> None:
    held.close()
    for each in threads:
        each.join()


def test_requests_one_after_another_all_pass() -> None:
    client = Client(_room(lambda: [b"done"], waiting=0))

    assert [client.post("/v1/signups", buffered=True).status_code for _ in range(5)] == [200] * 5


def test_whoever_waits_too_long_is_refused_and_may_come_back() -> None:
    refusals: list[None] = []
    room = _room(lambda: [b"done"], on_refusal=lambda: refusals.append(None))
    client = Client(room)
    held = _hold(room)

    refused = client.post("/v1/signups", buffered=True)
    held.close()

    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "1"
    assert len(refusals) == 1
    assert client.post("/v1/signups", buffered=True).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_light_routes_pass_a_full_room(path: str) -> None:
    room = _room(lambda: [b"done"], waiting=0)
    _hold(room)

    assert Client(room).get(path).status_code == 200


def test_an_error_gives_the_desk_back() -> None:
    def fail() -> Iterable[bytes]:
        raise RuntimeError("bug: on purpose")

    room = _room(fail, waiting=0)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="on purpose"):
            run_wsgi_app(room, _post())


def test_a_streamed_answer_keeps_its_desk_until_it_is_closed() -> None:
    def stream() -> Iterator[bytes]:
        yield b"one"
        yield b"two"

    room = _room(stream, waiting=0)
    client = Client(room)
    held = iter(_hold(room))
    next(held)

    while_streaming = client.post("/v1/signups", buffered=True).status_code
    held.close()  # type: ignore[attr-defined]  # the closing iterator of a streamed answer

    assert while_streaming == 503
    assert client.post("/v1/signups", buffered=True).status_code == 200


@pytest.mark.parametrize("long", [_list(), _BATCH, _OF_UNKNOWN_LENGTH], ids=["list", "batch", "unknown length"])
def test_long_requests_leave_half_of_the_desks_to_the_others(long: Environ) -> None:
    room = _room(lambda: [b"done"], working=4, waiting=0)
    held = [room(dict(long), _start) for _ in range(2)]

    refused = run_wsgi_app(room, dict(long))[1]
    passed = [run_wsgi_app(room, each)[1] for each in (_post(), _list(2_000))]
    for each in held:
        each.close()  # type: ignore[attr-defined]  # the closing iterator of an answer

    assert refused == "503 Service Unavailable"
    assert passed == ["200 OK", "200 OK"]
    assert run_wsgi_app(room, dict(long))[1] == "200 OK"


def test_long_requests_that_wait_leave_places_to_the_others() -> None:
    room = _room(lambda: [b"done"], working=2, waiting=2, patience_s=30)
    held = room(_list(), _start)
    answers: list[str] = []
    threads = _sent(room, [_list(), _list()], answers)
    while not answers:
        time.sleep(0.01)

    ordinary = run_wsgi_app(room, _post())[1]
    _let_go(held, threads)

    assert ordinary == "200 OK"
    assert answers == ["503 Service Unavailable", "200 OK"]


def test_with_one_desk_a_list_is_still_taken() -> None:
    assert run_wsgi_app(_room(lambda: [b"done"], waiting=0), _list())[1] == "200 OK"


def test_long_requests_that_wait_hold_no_more_threads_than_there_are_places() -> None:
    room = _room(lambda: [b"done"], working=1, waiting=2, patience_s=30)
    held = room(_list(), _start)
    answers: list[str] = []
    threads = _sent(room, [_list(), _post()], answers)
    time.sleep(0.2)

    refused = run_wsgi_app(room, _post())[1]
    _let_go(held, threads)

    assert refused == "503 Service Unavailable"
    assert answers == ["200 OK", "200 OK"]
