"""The challenge table: what is known of every method, and which method answers which reasons.

Every number is a starting value until results replace it: pass rates are re-estimated from the challenges answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any  # Any: a TOML document before it is validated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.domain.challenge import ChallengeMethod
from service.domain.evidence import POOLED, Silence, Table, Terms
from service.domain.occasion import Occasion

M = ChallengeMethod


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Share = Annotated[float, Field(ge=0.0, le=1.0, strict=False)]
Rate = Annotated[float, Field(gt=0.0, lt=1.0, strict=False)]
Group = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]
Methods = Annotated[tuple[Annotated[ChallengeMethod, Field(strict=False)], ...], Field(strict=False)]


class MethodSection(_Strict):
    """One method: ``fraud`` is the pooled pass rate of fraudsters, ``fraud_by_group`` that where a group dominates."""

    offered: bool = True
    kind: Group
    friction: Share
    honest: Rate
    fraud: Rate
    fraud_by_group: dict[Group, Rate] = Field(default_factory=dict)
    tries: Annotated[int, Field(ge=1, le=20)]
    sends: Annotated[int, Field(ge=0, le=20)] = 0
    hours: Annotated[int, Field(ge=1, le=24 * 90)] = 72

    def terms(self, method: ChallengeMethod) -> Terms:
        """As the evidence rule reads it."""
        return Terms(method, self.kind, self.friction, self.honest, {POOLED: self.fraud, **self.fraud_by_group})


class OccasionSection(_Strict):
    """What answers one situation: methods to ask for first and second, and those that never suffice alone."""

    first: Methods = ()
    second: Methods = ()
    never_alone: Methods = ()


# Rates of groups that a method speaks to are its pooled ones; of groups it is not evidence against, nearly those of
# honest people (a bought mailbox passes the code sent to it); of the rest, in between.
_METHODS: dict[str, dict[str, Any]] = {
    M.INSTITUTION_SSO: {
        "kind": "institution", "friction": 0.04, "honest": 0.95, "fraud": 0.06, "tries": 2,
        "fraud_by_group": {"linkage": 0.20, "device": 0.10, "phone": 0.10, "behaviour": 0.10, "payment": 0.30,
                           "mail_suspect": 0.10},
    },
    M.INSTITUTION_EMAIL_CODE: {
        "kind": "institution", "friction": 0.03, "honest": 0.96, "fraud": 0.20, "tries": 5, "sends": 4,
        "fraud_by_group": {"linkage": 0.45, "device": 0.25, "network": 0.25, "behaviour": 0.25, "phone": 0.40,
                           "payment": 0.95, "mail_suspect": 0.95},
    },
    M.EMAIL_CODE: {
        "kind": "mailbox", "friction": 0.03, "honest": 0.97, "fraud": 0.85, "tries": 5, "sends": 4,
        "fraud_by_group": {"behaviour": 0.45, "mail_suspect": 0.95, "linkage": 0.95, "payment": 0.95},
    },
    M.ORCID_SIGN_IN: {
        "kind": "orcid", "friction": 0.10, "honest": 0.93, "fraud": 0.10, "tries": 2,
        "fraud_by_group": {"email": 0.25, "mail_suspect": 0.25, "payment": 0.90, "device": 0.90, "linkage": 0.40,
                           "phone": 0.50, "behaviour": 0.30},
    },
    M.PHONE_CODE: {
        "kind": "phone", "friction": 0.08, "honest": 0.92, "fraud": 0.55, "tries": 1,
        "fraud_by_group": {"linkage": 0.90, "payment": 0.90, "mail_suspect": 0.80},
    },
    M.THREE_D_SECURE: {
        "kind": "payment", "friction": 0.07, "honest": 0.92, "fraud": 0.40, "tries": 1,
        "fraud_by_group": {"linkage": 0.90, "identity": 0.75, "email": 0.75, "mail_suspect": 0.80, "phone": 0.75,
                           "device": 0.75, "network": 0.75, "behaviour": 0.75},
    },
    M.DOCUMENT_CHECK: {
        "kind": "document", "friction": 0.22, "honest": 0.92, "fraud": 0.09, "tries": 1,
        "fraud_by_group": {"email": 0.15, "mail_suspect": 0.15, "phone": 0.15, "device": 0.15, "network": 0.15,
                           "behaviour": 0.15},
    },
    M.SUPERVISOR_ATTESTATION: {
        "kind": "attestation", "friction": 0.18, "honest": 0.90, "fraud": 0.06, "tries": 1, "hours": 14 * 24,
        "fraud_by_group": {"phone": 0.15, "device": 0.15, "network": 0.15, "behaviour": 0.15, "payment": 0.30},
    },
}  # fmt: skip

_OCCASIONS: dict[str, dict[str, Any]] = {
    Occasion.MAIL_UNPROVEN: {
        "first": (M.INSTITUTION_EMAIL_CODE,), "second": (M.INSTITUTION_SSO,), "never_alone": (M.PHONE_CODE,),
    },
    Occasion.MAIL_SUSPECT: {
        "first": (M.INSTITUTION_SSO,), "second": (M.SUPERVISOR_ATTESTATION,),
        "never_alone": (M.INSTITUTION_EMAIL_CODE, M.EMAIL_CODE),
    },
    Occasion.INSTITUTION_MISSING: {
        "first": (M.SUPERVISOR_ATTESTATION,), "second": (M.ORCID_SIGN_IN, M.DOCUMENT_CHECK),
        "never_alone": (M.INSTITUTION_SSO,),
    },
    Occasion.PAYMENT: {"first": (M.THREE_D_SECURE,), "never_alone": (M.PHONE_CODE,)},
    Occasion.PHONE: {
        "first": (M.PHONE_CODE,), "second": (M.INSTITUTION_SSO,), "never_alone": (M.THREE_D_SECURE,),
    },
    Occasion.DEVICE_OR_NETWORK: {
        "first": (M.INSTITUTION_EMAIL_CODE,), "second": (M.INSTITUTION_SSO,),
    },
    Occasion.LINKAGE: {
        "first": (M.INSTITUTION_SSO, M.DOCUMENT_CHECK), "second": (M.SUPERVISOR_ATTESTATION,),
        "never_alone": (M.PHONE_CODE, M.THREE_D_SECURE, M.EMAIL_CODE),
    },
    Occasion.BEHAVIOUR: {"first": (M.EMAIL_CODE, M.INSTITUTION_EMAIL_CODE)},
}  # fmt: skip

_GROUPS_OF_RULES: dict[str, str] = {
    "DISPOSABLE_MAIL": "email",
    "MAILBOX_REUSED": "linkage",
    "DEVICE_FARM": "linkage",
    "CARD_MANY_NAMES": "linkage",
    "PHONE_MANY_NAMES": "linkage",
    "HANGS_ON_BANNED": "linkage",
    "HANGS_ON_CONTAINED": "linkage",
    "AUTOMATED_BROWSER": "behaviour",
    "NOTHING_TO_GO_BY": "identity",
}


class ChallengesSection(_Strict):
    """The section ``[challenges]``: what it leaves out keeps its default, method by method.

    Attributes:
        methods: the challenge table.
        occasions: which methods answer which situation.
        groups_of_rules: the group of evidence that a rule's reason code belongs to; a code that is not named is
            linkage evidence if its rule reads ``linkage``, else of no group.
        first_discount: what honest loss counts for of the methods an occasion asks for first.
        second_discount: the same for those it asks for second.
        abandoned: what giving up multiplies the odds by.
        unopened: what letting a page expire that was never opened multiplies them by.
        most_methods: methods asked of one person in all; then a person decides.
        resend_pause_s: seconds between two codes.
        code_minutes: how long a code is good.
        codes_per_mailbox_hour: codes sent to one mailbox in an hour, whoever asks for them.
        people_per_proof: sign-ups that one account at an institution, or one mailbox, may prove.
        people_per_attester: sign-ups that one attester may vouch for in half a year.
        weight_of_table: results that the table's rates count for when they are re-estimated.
        rates_within: how far estimated odds of passing may move from the table's, as a factor.
    """

    methods: dict[Annotated[ChallengeMethod, Field(strict=False)], MethodSection]
    occasions: dict[Annotated[Occasion, Field(strict=False)], OccasionSection]
    groups_of_rules: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")], Group]
    first_discount: Share = 0.5
    second_discount: Share = 0.8
    abandoned: Annotated[float, Field(ge=1.0, le=100.0, strict=False)] = 2.0
    unopened: Annotated[float, Field(ge=1.0, le=100.0, strict=False)] = 1.2
    most_methods: Annotated[int, Field(ge=1, le=10)] = 4
    resend_pause_s: Annotated[int, Field(ge=0, le=3_600)] = 30
    code_minutes: Annotated[int, Field(ge=1, le=1_440)] = 30
    codes_per_mailbox_hour: Annotated[int, Field(ge=1, le=100)] = 6
    people_per_proof: Annotated[int, Field(ge=1, le=1_000)] = 3
    people_per_attester: Annotated[int, Field(ge=1, le=1_000)] = 5
    weight_of_table: Annotated[float, Field(gt=0.0, le=1_000_000.0, strict=False)] = 200.0
    rates_within: Annotated[float, Field(ge=1.0, le=100.0, strict=False)] = 3.0

    @model_validator(mode="before")
    @classmethod
    def _over_the_defaults(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        named = given.get("groups_of_rules", {})
        return {
            **given,
            "methods": _merged(_METHODS, given.get("methods", {})),
            "occasions": _merged(_OCCASIONS, given.get("occasions", {})),
            "groups_of_rules": {**_GROUPS_OF_RULES, **named} if isinstance(named, dict) else named,
        }

    @model_validator(mode="after")
    def _tells_apart(self) -> ChallengesSection:
        for method, section in self.methods.items():
            if section.fraud > section.honest:
                raise ValueError(f"{method.value}: fraudsters would pass more often than honest people")
        return self

    def table(self, estimated: Mapping[tuple[ChallengeMethod, str], tuple[float, float]] | None = None) -> Table:
        """The table as the evidence rule reads it.

        Args:
            estimated: pass rates of honest people and of fraudsters by method and group, where results have
                replaced the starting values.
        """
        return {method: _estimated(section.terms(method), estimated or {}) for method, section in self.methods.items()}

    @property
    def silence(self) -> Silence:
        """What not answering is worth."""
        return Silence(self.abandoned, self.unopened)


def default_challenges() -> ChallengesSection:
    """The section of a document that has none."""
    return ChallengesSection.model_validate({})


def _estimated(terms: Terms, estimated: Mapping[tuple[ChallengeMethod, str], tuple[float, float]]) -> Terms:
    pooled = estimated.get((terms.method, POOLED))
    honest = terms.honest if pooled is None else pooled[0]
    fraud = {
        group: min(estimated.get((terms.method, group), (honest, rate))[1], honest)
        for group, rate in terms.fraud.items()
    }
    return Terms(terms.method, terms.kind, terms.friction, honest, fraud)


def _merged(defaults: Mapping[str, dict[str, Any]], given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    return {
        name: {**defaults.get(name, {}), **part} if isinstance(part := given.get(name, {}), dict) else part
        for name in dict.fromkeys([*defaults, *given])
    }
