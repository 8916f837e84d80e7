"""What the codes of the simulated world mean, in two words each, for people who read a report."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "H1": "campus mail",
    "H2": "students on free mail",
    "H3": "unlisted schools",
    "H4": "classrooms",
    "H5": "residences",
    "H6": "laboratories, one card",
    "H7": "VPN and privacy",
    "H8": "displaced scholars",
    "H9": "independents",
    "H10": "families",
    "H11": "mobile only",
    "H12": "visitors",
    "H13": "signed up before",
    "H14": "cohorts",
    "H15": "alumni",
    "H17": "announced events",
    "A1": "crude script",
    "A2": "dot and tag farm",
    "A3": "hydra",
    "A4": "bought .edu mail",
    "A5": "virtual cards",
    "A6": "anti-detect browser",
    "A7": "slow drip",
    "A8": "ban and replace",
    "A9": "resellers",
    "A10": "insider",
    "A11": "phone farm",
    "A12": "stolen identities",
    "A13": "fake institution",
    "A14": "written personas",
    "A15": "cover traffic",
    "A16": "standby pool",
    "A17": "both account types",
    "A18": "shared broker",
    "A19": "mules",
    "A20": "poisoner",
}


def named(code: str) -> str:
    """``A3`` → ``A3 hydra``; anything else stays as it is."""
    return f"{code} {CODES[code]}" if code in CODES else code
