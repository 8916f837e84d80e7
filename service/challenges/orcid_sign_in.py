"""Sign-in at ORCID: a record that is half a year old and about which somebody else has asserted something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any  # Any: a record is ORCID's own JSON

import requests

from models.signals.orcid import canonical_orcid
from models.signup import AccountType
from service.challenges.oidc import OpenIdClient, get_document
from service.domain.challenge import ChallengeMethod
from service.usecases.step_up_methods import Checked, Person, SignInBrokenError, SignInSecrets

OLD_ENOUGH = timedelta(days=180)
PUBLIC_RECORDS = "https://pub.orcid.org/v3.0"


@dataclass(frozen=True, slots=True)
class OrcidSignIn:
    """See ``service.usecases.step_up_methods.SignIn``. ``record_api`` is where public records are read."""

    client: OpenIdClient
    record_api: str = PUBLIC_RECORDS
    method: ChallengeMethod = ChallengeMethod.ORCID_SIGN_IN

    def possible(self, person: Person) -> bool:
        """Whoever gave a valid iD, and researchers, most of whom have one."""
        return bool(person.signals.identity.orcid_valid) or person.signup.account_type is AccountType.RESEARCH

    def start(self, secrets: SignInSecrets, person: Person) -> str:
        """See the protocol."""
        del person
        return self.client.address(secrets)

    def finish(self, code: str, secrets: SignInSecrets, person: Person, *, now: datetime) -> Checked:
        """See the protocol."""
        claims = self.client.claims(code, secrets, now=now)
        orcid = canonical_orcid(str(claims["sub"]))
        if orcid is None:
            raise SignInBrokenError
        claimed = person.signals.identity.orcid
        if claimed is not None and claimed != orcid:
            return Checked(passed=False, evidence={"reason": "other_orcid"})
        try:
            record = get_document(f"{self.record_api.rstrip('/')}/{written(orcid)}/record")
        except (requests.RequestException, ValueError) as error:
            raise SignInBrokenError from error
        age, assertions = _age(record, now), sum(1 for _ in others_assertions(record))
        if age < OLD_ENOUGH:
            return Checked(passed=False, evidence={"reason": "record_too_young"})
        if not assertions:
            return Checked(passed=False, evidence={"reason": "nothing_asserted_by_others"})
        return Checked(passed=True, evidence={"age_days": age.days, "assertions": assertions}, proof=f"orcid:{orcid}")


def written(orcid: str) -> str:
    """An iD as ORCID writes it."""
    return "-".join(orcid[place : place + 4] for place in range(0, 16, 4))


def others_assertions(part: Any) -> Iterator[str]:
    """The sources in a record that are not the person: member organisations that assert a work or an affiliation."""
    if isinstance(part, dict):
        source = part.get("source")
        if isinstance(source, dict):
            client = (source.get("source-client-id") or {}).get("path")
            person = (source.get("source-orcid") or {}).get("path")
            if client is not None and person is None:
                yield str(client)
        for name, value in part.items():
            if name != "source":
                yield from others_assertions(value)
    elif isinstance(part, list):
        for each in part:
            yield from others_assertions(each)


def _age(record: dict[str, Any], now: datetime) -> timedelta:
    try:
        begun = record["history"]["submission-date"]["value"] / 1_000
        return now - datetime.fromtimestamp(begun, UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return timedelta(0)
