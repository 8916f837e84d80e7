"""The lines of a text file; trouble is told by the file's name and line, never by what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
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
        if path.suffix == COMPRESSED:
            # Only these need Zstandard, which comes with the extra "train" as the simulation does.
            from models.simulation.files import reading_compressed  # noqa: PLC0415

            opened: AbstractContextManager[TextIO] = reading_compressed(path)
        else:
            opened = path.open(encoding="utf-8")
        with opened as lines:
            for line in lines:
                number += 1
                yield line
    except ModuleNotFoundError as error:
        raise SignupFileError(f'{path.name}: compressed files need the extra "train"') from error
    except UnicodeDecodeError as error:
        raise SignupFileError(f"{path.name}: line {number + 1} is not text in UTF-8") from error
