"""The identity providers that the operator has registered with: a TOML file, checked as a whole."""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError


class ProvidersInvalidError(Exception):
    """The file of providers is wrong; the text names what, and never repeats a secret."""


def _safe_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme == "https" and parts.hostname:
        return value
    if parts.scheme == "http" and parts.hostname and _is_this_machine(parts.hostname):
        return value  # to try it out: nothing leaves the machine
    raise ValueError("must be an https:// address")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Address = Annotated[str, Field(max_length=2_000), AfterValidator(_safe_address)]


class Registration(BaseModel):
    """This service at one provider.

    Attributes:
        issuer: exactly as the provider's discovery document names itself.
        client_id: of this service there.
        client_secret: empty for a public client.
        scopes: asked for besides ``openid``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Address
    client_id: Annotated[str, Field(min_length=1, max_length=255)]
    client_secret: Annotated[str, Field(max_length=1_000, repr=False)] = ""
    scopes: tuple[str, ...] = ("email", "profile")


class Provider(Registration):
    """One provider that people who sign up sign in at.

    Attributes:
        method: what a sign-in there is evidence of.
        domains: institutions' domains that it may vouch for; empty when it may for every one (a federation's proxy).
        record_api: where ORCID's public records are read; only for ``orcid_sign_in``.
    """

    method: Literal["institution_sso", "orcid_sign_in"]
    domains: tuple[Annotated[str, Field(min_length=1, max_length=253)], ...] = ()
    record_api: Address | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    providers: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")], Provider]


def registration_of(issuer: str, client_id: str, client_secret: str) -> Registration:
    """The registration at one provider, from settings.

    Raises:
        ProvidersInvalidError: the issuer or the client's id cannot be used.
    """
    try:
        return Registration(issuer=issuer, client_id=client_id, client_secret=client_secret)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False))
        raise ProvidersInvalidError("; ".join(wrong)) from None


def read_providers(path: Path) -> dict[str, Provider]:
    """The providers by their names.

    Raises:
        ProvidersInvalidError: the file cannot be read, or is wrong; every wrong key is named.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise ProvidersInvalidError("cannot be read") from None
    except tomllib.TOMLDecodeError as error:
        raise ProvidersInvalidError(f"is not TOML: {error}") from None
    try:
        found = _File.model_validate(raw).providers
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False))
        raise ProvidersInvalidError("; ".join(wrong)) from None
    for method in ("institution_sso", "orcid_sign_in"):
        names = [name for name, each in found.items() if each.method == method]
        if method == "orcid_sign_in" and len(names) > 1:
            raise ProvidersInvalidError(f"there may be one provider of {method}, not {', '.join(names)}")
    return found
