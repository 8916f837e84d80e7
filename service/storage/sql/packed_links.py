"""What is counted in a link, in one column: what NumPy reads as it is need not be put together for it."""

from __future__ import annotations

import struct

import numpy as np

UNKNOWN, TYPE = 1, 2
"""In the code of a link: whether its counted value is unknown, and above it the code of its account type."""

_LAYOUT = struct.Struct(">qqhh")
_FIELDS = [("occurred_us", ">i8"), ("counted", ">i8"), ("anomalies", ">i2"), ("code", ">i2")]
FIELDS = np.dtype(_FIELDS)
"""The twenty bytes that ``packed_link`` writes, as NumPy reads them."""
FIELDS_OF_VERSIONS = np.dtype([*_FIELDS, ("version", ">i2")])
"""The same, and the place of the key that the link was written under."""


def packed_link(*, occurred_us: int, counted: int | None, account_type: int, anomalies: int) -> bytes:
    """The column ``packed`` of a link: what says when it occurred, and what is counted in a window besides links."""
    code = account_type * TYPE + (UNKNOWN if counted is None else 0)
    return _LAYOUT.pack(occurred_us, counted or 0, anomalies, code)
