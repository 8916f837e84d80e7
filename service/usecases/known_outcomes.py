"""Known outcomes: what turned out to be true of recorded sign-ups, whoever keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class KnownLabel(StrEnum):
    """What a sign-up turned out to be."""

    FRAUD = "fraud"
    LEGITIMATE = "legitimate"


@dataclass(frozen=True, slots=True)
class SignupKey:
    """A recorded sign-up, by the service's id and by its owner's."""

    id: str
    owner: str
    signup_id: str


class KnownOutcomes(Protocol):
    """Asked for many at once."""

    def __call__(self, signups: Sequence[SignupKey]) -> Mapping[str, KnownLabel]:
        """The labels that are known, by the record's id."""
        ...


def nothing_known(signups: Sequence[SignupKey]) -> Mapping[str, KnownLabel]:
    """Where nobody reports outcomes."""
    del signups
    return {}


@dataclass(frozen=True, slots=True)
class OutcomesBySignupId:
    """Outcomes of a file: labels by the callers' own ids, whoever the owner."""

    labels: Mapping[str, KnownLabel]

    def __call__(self, signups: Sequence[SignupKey]) -> Mapping[str, KnownLabel]:
        """See ``KnownOutcomes``."""
        return {each.id: self.labels[each.signup_id] for each in signups if each.signup_id in self.labels}
