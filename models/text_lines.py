"""The lines of a text file, compressed or not; trouble is told by the file's name and line, never by what it holds."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

COMPRESSED = ".zst"


class SignupFileError(ValueError):
    """A file does not hold what it should; says which line, never what stands there."""


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a text file, compressed where its name ends in ``.zst``.

    Raises:
        SignupFileError: it cannot be decompressed, or is not text.
    """
    number = 0
    try:
        with _reading(path) as lines:
            for line in lines:
                number += 1
                yield line
    except UnicodeDecodeError as error:
        raise SignupFileError(f"{path.name}: line {number + 1} is not text in UTF-8") from error


@contextmanager
def _reading(path: Path) -> Iterator[TextIO]:
    with path.open("rb") as raw:
        if path.suffix != COMPRESSED:
            with io.TextIOWrapper(raw, encoding="utf-8") as text:
                yield text
            return
        try:
            import zstandard  # noqa: PLC0415 - comes with the extra "train"; plain files are read without it
        except ModuleNotFoundError as error:
            raise SignupFileError(f'{path.name}: compressed files need the extra "train"') from error
        try:
            with (
                zstandard.ZstdDecompressor().stream_reader(raw) as unpacked,
                io.TextIOWrapper(unpacked, encoding="utf-8") as text,
            ):
                yield text
        except zstandard.ZstdError as error:
            raise SignupFileError(f"{path.name}: not a whole Zstandard file") from error
