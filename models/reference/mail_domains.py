"""What kind of mailbox a domain gives: academic, disposable, relay or free, and how its provider folds addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from disposable_email_domains import blocklist

from models.reference.text_tables import packaged_lines


@dataclass(frozen=True, slots=True)
class MailRules:
    """How one provider reads the part before the ``@``.

    Attributes:
        domain: the domain that all of the provider's interchangeable domains stand for.
        ignores: characters that the provider overlooks: with ``.`` among them ``j.doe`` and ``jdoe`` are one mailbox.
        tag_separator: what starts a tag that the provider ignores.
    """

    domain: str
    ignores: str = ""
    tag_separator: str = "+"


@dataclass(frozen=True, slots=True)
class MailDomains:
    """Lists of domains, all lower case and in punycode."""

    disposable: frozenset[str]
    free: frozenset[str]
    relay: frozenset[str]
    open_enrolment: frozenset[str]
    rules: Mapping[str, MailRules]

    def is_disposable(self, domain: str) -> bool:
        """Whether the domain, or one it lies under, hands out throw-away mailboxes."""
        return _listed(domain, self.disposable) and not _listed(domain, self.free) and not _listed(domain, self.relay)

    def is_free(self, domain: str) -> bool:
        """Whether anybody gets a mailbox there."""
        return domain in self.free

    def is_relay(self, domain: str) -> bool:
        """Whether the domain, or one it lies under, forwards to hidden mailboxes."""
        return _listed(domain, self.relay)

    def is_open_enrolment(self, domain: str) -> bool:
        """Whether the college gives mailboxes before admission."""
        return _listed(domain, self.open_enrolment)

    def rules_of(self, domain: str) -> MailRules | None:
        """The provider's rules, where they are known."""
        return self.rules.get(domain)


def _listed(domain: str, domains: frozenset[str]) -> bool:
    while domain:
        if domain in domains:
            return True
        domain = domain.partition(".")[2]
    return False


# Providers whose own documentation says how they read addresses. Yahoo separates tags with a hyphen (disposable
# addresses "base-keyword"); a plus sign is not allowed there. At Proton user_name and user.name are username too
# (proton.me/support/change-username), and a name that is taken at one of its domains is taken at all.
_PROVIDERS: tuple[tuple[MailRules, tuple[str, ...]], ...] = (
    (MailRules("gmail.com", ignores="."), ("gmail.com", "googlemail.com")),
    (MailRules("proton.me", ignores="._-"), ("proton.me", "protonmail.com", "protonmail.ch", "pm.me")),
    (MailRules("icloud.com"), ("icloud.com", "me.com", "mac.com")),
    (MailRules("yandex.ru"), ("yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua", "ya.ru")),
)
_KEEP_THEIR_DOMAIN = (
    "fastmail.com",
    "fastmail.fm",
    "mailbox.org",
    "posteo.de",
    "posteo.net",
    "runbox.com",
    "hey.com",
    "zoho.com",
)
_PLUS_FAMILIES = ("outlook.", "hotmail.", "live.")
_PLUS_DOMAINS = frozenset({"msn.com", "windowslive.com", "passport.com"})
_HYPHEN_FAMILIES = ("yahoo.",)
_HYPHEN_DOMAINS = frozenset({"ymail.com", "rocketmail.com", "myyahoo.com"})


def provider_rules(free: Iterable[str]) -> dict[str, MailRules]:
    """The address rules of every free-mail domain that has some."""
    rules = {domain: MailRules(domain) for domain in _KEEP_THEIR_DOMAIN}
    for domain in free:
        if domain.startswith(_PLUS_FAMILIES) or domain in _PLUS_DOMAINS:
            rules[domain] = MailRules(domain)
        elif domain.startswith(_HYPHEN_FAMILIES) or domain in _HYPHEN_DOMAINS:
            rules[domain] = MailRules(domain, tag_separator="-")
    for rule, domains in _PROVIDERS:
        rules.update(dict.fromkeys(domains, rule))
    return rules


def load_mail_domains(*, open_enrolment: Iterable[str] | None = None) -> MailDomains:
    """The shipped lists; ``open_enrolment`` replaces the short one."""
    free = _words("free_mail.txt")
    return MailDomains(
        disposable=frozenset(blocklist),
        free=free,
        relay=_words("relay_mail.txt"),
        open_enrolment=_words("open_enrolment.txt") if open_enrolment is None else frozenset(open_enrolment),
        rules=provider_rules(free),
    )


def _words(name: str) -> frozenset[str]:
    return frozenset(word for line in packaged_lines(name) for word in line.split())
