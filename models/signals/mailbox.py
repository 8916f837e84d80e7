"""E-mail addresses: one canonical form for every way of writing to the same mailbox."""

from __future__ import annotations

import re
import unicodedata

from models.frozen import frozen
from models.reference.domains import canonical_domain
from models.reference.mail_domains import MailDomains

_OPAQUE = re.compile(r"^[a-z]{0,3}\d{5,}$")
_RUN = re.compile(r"[^\W\d_]+|\d+|.", re.DOTALL)
_LONGEST_DIGITS = 8
_NUMBERED = re.compile(r"^(.*?)(\d{1,12})(\D*)$", re.ASCII | re.DOTALL)
_KEPT_SIGNS = frozenset("._-'")


@frozen
class Mailbox:
    """One mailbox.

    Attributes:
        canonical: what all its spellings share.
        local: the part before the ``@`` in lower case, without a tag, dots kept.
        domain: the domain as given, canonical.
        folded: how many characters of the local part the provider ignores.
    """

    canonical: str
    local: str
    domain: str
    folded: int


def mailbox_of(email: str, domains: MailDomains) -> Mailbox:
    """The mailbox behind an address.

    A ``+tag`` is dropped everywhere, because Google Workspace and Exchange, which run most universities' mail,
    ignore it; dots and other separators are dropped only where the provider is known to.
    """
    raw_local, _, raw_domain = email.strip().rpartition("@")
    domain = canonical_domain(raw_domain)
    local = unicodedata.normalize("NFKC", raw_local).lower().strip('"')
    rules = domains.rules_of(domain)
    untagged = _before(_before(local, "+"), rules.tag_separator) if rules is not None else _before(local, "+")
    plain = untagged if rules is None else "".join(each for each in untagged if each not in rules.ignores) or untagged
    return Mailbox(
        canonical=f"{plain}@{domain if rules is None else rules.domain}",
        local=untagged,
        domain=domain,
        folded=max(0, len(local) - len(plain)),
    )


def _before(local: str, separator: str) -> str:
    return local.partition(separator)[0] or local


def is_opaque(local: str) -> bool:
    """Whether the local part is a student or staff number, which no name can match."""
    return _OPAQUE.match(local) is not None


def pattern_of(local: str) -> str:
    """The shape of a local part: ``john.smith42`` → ``w.w##``, ``j_doe`` → ``l_w``."""
    return "".join(_shape(run) for run in _RUN.findall(local[:64]))


def sequence_of(local: str) -> tuple[str, int] | None:
    """The series a local part belongs to and its number there: ``s1042x`` → ``s#x``, 1042; ``None`` without digits.

    The number is the last run of digits, of a longer one the last twelve.
    """
    found = _NUMBERED.match(local)
    return None if found is None else (f"{found[1]}#{found[3]}", int(found[2]))


def _shape(run: str) -> str:
    if run[0].isdigit():
        return "#" * min(len(run), _LONGEST_DIGITS)
    if run[0].isalpha():
        return "w" if len(run) > 1 else "l"
    return run if run in _KEPT_SIGNS else "?"
