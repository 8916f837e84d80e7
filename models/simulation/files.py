"""Files of simulated sign-ups: one document a line as the API takes it, and the truth in a file beside it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, TextIO, TypeVar  # Any: a line is an untyped document until it becomes a dataclass

import zstandard

from models.signup import Signup
from models.signup_document import document_of_signup, signup_of_document
from models.simulation.truth import ChallengeResult, Outcome, SimulatedSignup, Truth
from models.text_lines import COMPRESSED, SignupFileError, lines_of

_T = TypeVar("_T")


def truth_path(path: Path) -> Path:
    """``week.jsonl.zst`` → ``week.truth.jsonl.zst``.

    Raises:
        ValueError: the file name ends in neither ``.jsonl`` nor ``.jsonl.zst``.
    """
    for ending in (".jsonl", f".jsonl{COMPRESSED}"):
        if path.name.endswith(ending):
            return path.with_name(f"{path.name.removesuffix(ending)}.truth{ending}")
    raise ValueError(f"{path.name}: a file of sign-ups ends in .jsonl or .jsonl.zst")


def write_signups(path: Path, simulated: Iterable[SimulatedSignup]) -> int:
    """Write the sign-ups and their truth file; returns how many."""
    written = 0
    with _writing(path) as signups, _writing(truth_path(path)) as truths:
        for each in simulated:
            signups.write(_line(document_of_signup(each.signup)))
            truths.write(_line(document_of_truth(each.truth)))
            written += 1
    return written


def read_signups(path: Path) -> Iterator[Signup]:
    """The sign-ups of a file, in its order.

    Raises:
        SignupFileError: it is no such file.
    """
    return _documents(path, signup_of_document, "a sign-up with its occurred_at")


def read_truths(path: Path) -> Iterator[Truth]:
    """The truths of a truth file, in its order.

    Raises:
        SignupFileError: it is no such file.
    """
    return _documents(path, truth_of_document, "the truth about a sign-up")


def read_world(signups: Path, truth: Path | None = None) -> Iterator[SimulatedSignup]:
    """Sign-ups together with their truths, by default from the truth file beside them.

    Raises:
        SignupFileError: one is no such file, or the two do not belong together.
    """
    truths = truth or truth_path(signups)
    for number, (signup, told) in enumerate(zip_longest(read_signups(signups), read_truths(truths)), start=1):
        if signup is None or told is None or signup.signup_id != told.signup_id:
            raise SignupFileError(f"{truths.name} does not belong to {signups.name}: line {number} is of another")
        yield SimulatedSignup(signup, told)


def document_of_truth(truth: Truth) -> dict[str, Any]:
    """The truth as a JSON document; what is ``None`` or empty is left out."""
    outcome, challenge = truth.outcome, truth.challenge
    document: dict[str, Any] = {
        "signup_id": truth.signup_id,
        "fraud": truth.fraud,
        "kind": truth.kind,
        "operator": truth.operator,
        "group": truth.group,
        "build": truth.build,
        "overlays": list(truth.overlays) or None,
        "decision": truth.decision,
        "let_in": truth.let_in,
        "outcome": outcome.label if outcome else None,
        "outcome_known_at": _text(outcome.known_at) if outcome else None,
        "outcome_corrected_at": _text(outcome.corrected_at) if outcome and outcome.corrected_at else None,
        "challenge": challenge.method if challenge else None,
        "challenge_passed": challenge.passed if challenge else None,
        "challenge_known_at": _text(challenge.known_at) if challenge else None,
        "variant": truth.variant,
        "live_at": _text(truth.live_at) if truth.live_at else None,
    }
    return {name: value for name, value in document.items() if value is not None}


def truth_of_document(document: dict[str, Any]) -> Truth:
    """The truth that a document describes."""
    outcome = None
    if "outcome" in document:
        corrected = document.get("outcome_corrected_at")
        outcome = Outcome(
            document["outcome"],
            _time(document["outcome_known_at"]),
            _time(corrected) if corrected else None,
        )
    challenge = None
    if "challenge" in document:
        known = _time(document["challenge_known_at"])
        challenge = ChallengeResult(document["challenge"], document["challenge_passed"], known)
    return Truth(
        signup_id=document["signup_id"],
        fraud=document["fraud"],
        kind=document["kind"],
        operator=document.get("operator"),
        group=document.get("group"),
        build=document["build"],
        overlays=tuple(document.get("overlays", ())),
        decision=document["decision"],
        let_in=document["let_in"],
        outcome=outcome,
        challenge=challenge,
        variant=document.get("variant"),
        live_at=_time(document["live_at"]) if "live_at" in document else None,
    )


def _documents(path: Path, parse: Callable[[dict[str, Any]], _T], wanted: str) -> Iterator[_T]:
    for number, line in enumerate(lines_of(path), start=1):
        try:
            parsed = parse(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise SignupFileError(f"{path.name}: line {number} is not {wanted}") from error
        yield parsed


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    with path.open("wb") as raw:
        if path.suffix == COMPRESSED:
            with (
                zstandard.ZstdCompressor(level=6).stream_writer(raw) as packed,
                io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as text,
            ):
                yield text
        else:
            with io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as text:
                yield text


@contextmanager
def reading_compressed(path: Path) -> Iterator[TextIO]:
    """The text of a Zstandard file.

    Raises:
        SignupFileError: it cannot be decompressed.
    """
    try:
        with (
            path.open("rb") as raw,
            zstandard.ZstdDecompressor().stream_reader(raw) as unpacked,
            io.TextIOWrapper(unpacked, encoding="utf-8") as text,
        ):
            yield text
    except zstandard.ZstdError as error:
        raise SignupFileError(f"{path.name}: not a whole Zstandard file") from error
