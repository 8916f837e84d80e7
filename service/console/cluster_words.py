"""What the pages about clusters call things: kinds of identifier, guards, reasons, and what people did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.linkage.identifier import IdentifierKind
from models.linkage.joining import GuardState
from models.linkage.marks import Mark
from service.console.callers import who
from service.domain.cluster import identifier_of_handle
from service.usecases.ports import AuditEntry

Kind = IdentifierKind

_KINDS = {
    Kind.MAILBOX: "mailbox",
    Kind.DEVICE: "device",
    Kind.PAYMENT: "card",
    Kind.PHONE: "phone",
    Kind.ORCID: "ORCID iD",
    Kind.BEHAVIOUR_FINGERPRINT: "behaviour",
    Kind.IP: "IP address",
    Kind.DEVICE_PROFILE: "browser",
    Kind.CARDHOLDER_BIN: "cardholder and range",
    Kind.NAME_BIRTH: "name and birth year",
}

GUARDS = {
    GuardState.SHARED: "shared by honest people",
    GuardState.EXEMPT: "on the exempt list",
    GuardState.CUT: "cut out",
    GuardState.CLONED: "a cloned device id",
}

LABELS = {Mark.BANNED: "known fraud", Mark.GOOD: "verified good"}

# A code, kept in clear with whatever it is the reason of, and the sentence for it.
WHY_CONTAIN = (
    ("linked_to_fraud", "Linked to confirmed fraud"),
    ("fraud_ring", "One operator behind many accounts"),
    ("replaces_banned", "Replaces accounts that were banned"),
    ("stolen_cards", "Pays with cards that are not theirs"),
)
WHY_DECLINE = (
    ("not_convinced", "Not convinced: look again"),
    ("honest_members", "Honest people are in it"),
    ("changed_my_mind", "Asked for by mistake"),
)
WHY_RELEASE = (
    ("honest_members", "Honest people are in it"),
    ("mistake", "Contained by mistake"),
    ("settled", "Settled otherwise"),
)
WHY_CUT = (
    ("shared_by_honest", "Honest people share it: a campus, a laboratory, a family"),
    ("changed_hands", "It changed hands: a recycled number, a dynamic address"),
    ("no_real_value", "It is no real value: the default of some program or form"),
    ("recorded_wrongly", "It was recorded wrongly"),
)
WHY_TIE_AGAIN = (("cut_by_mistake", "Cut out by mistake"), ("misused", "It is misused by now"))

_DONE = {
    "cluster.contained": "contained the cluster",
    "cluster.containment_proposed": "asked a second person to contain it",
    "cluster.containment_declined": "declined the request to contain it",
    "cluster.containment_parted": "parted what it is contained with from other clusters",
    "cluster.released": "released it",
    "cluster.cut": "cut an identifier out",
    "cluster.cut_undone": "let an identifier tie again",
    "cluster.guarded": "took an identifier for shared, which ties nobody",
    "cluster.guard_lifted": "let an identifier tie again",
    "cluster.identifier_revealed": "looked at an identifier in clear",
    "cluster.to_be_reviewed": "asked people to look at it",
}
_WHY_BY_EVIDENCE = (
    ("CONFIRMED_FRAUD", "Several known frauds in a piece that holds together"),
    ("FRAUD_AMONG_DOUBTED", "Known fraud in a piece most of which is doubted"),
)
_WHY_GUARDED = (
    ("verified_good_accounts", "Verified good accounts share it"),
    ("expired", "The exemption expired"),
    ("no longer exempt", "It is on the exempt list no longer"),
    ("fraud", "A known fraud carries it"),
    ("others", "Somebody of another institution or mail domain carries it"),
)
_SENTENCES = dict(
    (*_WHY_BY_EVIDENCE, *_WHY_GUARDED, *WHY_CONTAIN, *WHY_DECLINE, *WHY_RELEASE, *WHY_CUT, *WHY_TIE_AGAIN)
)
_COUNTED = {
    "cluster.contained": (
        ("core", "held"),
        ("leaves", "asked for a proof"),
        ("good_left_alone", "verified good left alone"),
        ("left_out", "good or gone by then"),
    ),
    "cluster.containment_proposed": (
        ("core", "to be held"),
        ("leaves", "to be asked for a proof"),
        ("good_left_alone", "verified good to be left alone"),
    ),
    "cluster.containment_parted": (("core", "held"), ("leaves", "asked for a proof")),
    "cluster.released": (("core", "given back"),),
}
"""What the numbers of an entry count, by what was done: nobody is held by a request, nor by a release."""
_TAIL = 4


def kind_words(kind: IdentifierKind) -> str:
    """A kind of identifier as a reviewer calls it."""
    return _KINDS.get(kind, kind.value.replace("_", " "))


def short(handle: str) -> str:
    """An identifier by its kind and the end of its digest: enough to tell two on a page apart."""
    named = identifier_of_handle(handle)
    return handle[:40] if named is None else f"{kind_words(named[0])} …{handle[-_TAIL:]}"


def why_words(code: str) -> str:
    """The sentence of a reason code; the code itself when another program gave it."""
    return _SENTENCES.get(code, code.replace("_", " ").lower())


def done_words(entry: AuditEntry, keys: Mapping[str, str]) -> tuple[str, str]:
    """What somebody did about a cluster, and its particulars; ``keys`` are the names of API keys."""
    detail, what, parts = entry.detail, _DONE.get(entry.action, entry.action), []
    opened_by = str(detail.get("opened_by") or "")
    if handle := detail.get("identifier"):
        parts.append(short(str(handle)))
    if code := detail.get("reason"):
        parts.append(why_words(str(code)))
    if entry.action == "cluster.to_be_reviewed":
        parts.append(_what_to_look_at(detail))
    if detail.get("waited"):
        what = "took the request to contain it off the table"
    else:
        counted = _COUNTED.get(entry.action, ())
        parts += [
            _counted(detail[name], words, first=not at) for at, (name, words) in enumerate(counted) if detail.get(name)
        ]
    if detail.get("whole"):
        parts.append("everybody in it")
    if opened_by == entry.actor and entry.action == "cluster.containment_declined":
        what = "took back the request to contain it"
    elif opened_by:
        parts.append(f"asked for by {who(opened_by, keys)}")
    return what, ", ".join(parts)


def _what_to_look_at(detail: Mapping[str, object]) -> str:
    """Why the worker asked people: two clusters, a containment without a ban, or else a piece."""
    size = _counted(detail.get("size"), "")
    if isinstance(pair := detail.get("clusters"), Sequence):
        shared = f"{_number(detail.get('bridges'))} identifiers in common"
        return f"{' and '.join(map(str, pair))} may be one operator's, with {shared}"
    if detail.get("containment"):
        return f"{size} contained, and no ban among them stands"
    if frauds := detail.get("frauds"):
        return f"a piece of {size} with {_number(frauds)} known fraud{'s' if frauds != 1 else ''}"
    return f"a piece of {size}, of which {_number(detail.get('doubted'))} gave no proof"


def _counted(number: object, words: str, *, first: bool = True) -> str:
    """``1,204 accounts held``; only the first number of an entry says of what."""
    noun = ("account" if number == 1 else "accounts") if first else ""
    return " ".join(part for part in (_number(number), noun, words) if part)


def _number(number: object) -> str:
    return f"{number:,}" if isinstance(number, int) else str(number)
