"""Log lines are JSON, carry ids and timings, and cannot carry a person."""

from __future__ import annotations

import io
import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import structlog

from service.observability import MASK, configure_logging, during_request


@dataclass(frozen=True, slots=True)
class _Person:
    email: str = "ada.example@uni.example"


class _Lines(io.StringIO):
    def last(self) -> dict[str, object]:
        return json.loads(self.getvalue().splitlines()[-1])


@pytest.fixture
def lines() -> Iterator[_Lines]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = _Lines()
    configure_logging(level="info", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_a_line_carries_what_an_operator_needs(lines: _Lines) -> None:
    decision_id = str(uuid.uuid4())

    with during_request("0af7651916cd43dd"):
        structlog.get_logger("gatehouse").info(
            "answered", decision_id=decision_id, decision="step_up", status=201, steps_ms={"look": 0.512}
        )

    line = lines.last()
    assert line["event"] == "answered"
    assert line["request_id"] == "0af7651916cd43dd"
    assert line["decision_id"] == decision_id
    assert line["decision"] == "step_up"
    assert line["steps_ms"] == {"look": 0.512}
    assert line["level"] == "info"
    assert str(line["timestamp"]).endswith("Z")


def test_the_request_id_ends_with_the_request(lines: _Lines) -> None:
    with during_request("r-1"):
        pass
    structlog.get_logger("gatehouse").info("later")

    assert "request_id" not in lines.last()


@pytest.mark.parametrize(
    "personal",
    [
        "ada.example@uni.example",
        "Ada.Example+tag@mail.uni.example",
        "+447700900123",
        "+44 7700 900123",
        "+44 (0)7700 900123",
        "07700 900 123",
        "06.12.34.56.78",
        "(202) 555-0143 ",
        "4242 4242 4242 4242",
        "4242424242424242",
        "198.51.100.7",
        "2001:db8::7",
        "2001:db8:0:1:2:3:4:5",
        "/v1/signups?email=ada",
    ],
)
def test_what_looks_personal_is_masked_wherever_it_stands(lines: _Lines, personal: str) -> None:
    telling = personal.partition("?")[2] or personal.strip("() ")
    log = structlog.get_logger("gatehouse")

    log.info(personal)
    log.info("said", note=f"it was {personal}, they say")
    log.info("said", deep={"list": [{"note": personal}], personal: 1})
    logging.getLogger("a.library").warning("said %s", personal)
    logging.getLogger("a.library").warning("said", extra={"note": (personal,)})

    assert MASK in lines.getvalue()
    assert telling not in lines.getvalue()


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-11-23T10:00:00.123456Z",
        "2026-11-23 10:00:00",
        "019ab3c4-5678-7abc-8def-0123456789ab",
        "Listening at: http://127.0.0.1:8000 (12345)",
        "service.storage.sql.ledger:120",
        "sqlalchemy 2.1.9, 1234 rows in 56.789 ms",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ],
)
def test_what_only_has_digits_in_it_is_left_alone(lines: _Lines, harmless: str) -> None:
    structlog.get_logger("gatehouse").info("said", note=harmless)

    assert lines.last()["note"] == harmless


@pytest.mark.parametrize("key", ["email", "phone", "full_name", "ip", "cardholder_name", "signup", "token"])
def test_a_personal_name_masks_its_value_unseen(lines: _Lines, key: str) -> None:
    structlog.get_logger("gatehouse").info("said", **{key: "Ada"}, inner={key: ["Ada"]})

    assert "Ada" not in lines.getvalue()


def test_objects_are_named_and_not_printed(lines: _Lines) -> None:
    structlog.get_logger("gatehouse").info("said", it=_Person(), raw=b"ada@uni.example", number=447700900123)

    assert "ada" not in lines.getvalue()
    assert "447700900123" not in lines.getvalue()
    assert "_Person" in str(lines.last()["it"])


@pytest.mark.parametrize("library", [False, True])
def test_an_error_is_told_by_type_and_place_without_its_text(lines: _Lines, library: bool) -> None:
    log = logging.getLogger("a.library") if library else structlog.get_logger("gatehouse")

    try:
        try:
            int("Ada Example")
        except ValueError as error:
            raise RuntimeError("cannot store Ada Example") from error
    except RuntimeError:
        log.exception("failed")

    line = lines.last()
    assert "Ada" not in lines.getvalue()
    assert line["error_type"] == "RuntimeError"
    assert line["error_cause"] == "ValueError"
    assert "test_an_error_is_told" in str(line["error_at"])
    assert "/" not in str(line["error_trace"])


def test_lines_below_the_level_are_not_written(lines: _Lines) -> None:
    structlog.get_logger("gatehouse").debug("details")
    logging.getLogger("a.library").debug("details")

    assert lines.getvalue() == ""
