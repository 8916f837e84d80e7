"""Files of outcomes: JSON lines of ``signup_id`` and ``label``, as they come from outside."""

from __future__ import annotations

import json
from pathlib import Path

import click

from service.usecases.known_outcomes import KnownLabel, KnownOutcomes, OutcomesBySignupId, nothing_known

_WORDS = {"fraud": KnownLabel.FRAUD, "legitimate": KnownLabel.LEGITIMATE, "unknown": None}


def outcomes_of(file: Path | None) -> KnownOutcomes:
    """The outcomes in a file; nothing known without one. Of several lines about one sign-up the last counts.

    Raises:
        click.ClickException: a line is wrong; its number is named.
    """
    if file is None:
        return nothing_known
    labels: dict[str, KnownLabel] = {}
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                document = json.loads(line)
                signup_id, label = str(document["signup_id"]), _WORDS[document["label"]]
            except (ValueError, KeyError, TypeError):
                right = "a JSON object with signup_id and a label of fraud, legitimate or unknown"
                raise click.ClickException(f"{file.name}: line {number} must be {right}") from None
            labels.pop(signup_id, None)
            if label is not None:
                labels[signup_id] = label
    return OutcomesBySignupId(labels)
