"""Content: whether a text says anything, so that everybody who sends a blank or a placeholder is not one person."""

from __future__ import annotations

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters to Unicode, and nothing to see: they fill an empty place in a Hangul syllable."""

_PLACEHOLDERS = frozenset(
    {
        *("null", "none", "nil", "nan", "undefined", "objectobject", "true", "false", "void"),
        *("nullnull", "undefinedundefined"),
        *("unknown", "unset", "missing", "empty", "na", "notavailable", "notapplicable", "notset", "notprovided"),
        *("anonymous", "default", "dummy", "placeholder", "infinity", "notfound", "nodevice", "unknowndevice"),
        # A template that nobody filled in: {{device_id}}, ${device.id}, %DEVICE_ID%.
        "deviceid",
        # MD5, SHA-1 and SHA-256 of no bytes at all: the fingerprint of a field that was never filled in.
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        # The one ANDROID_ID that a whole series of telephones reported, the hardware address that Android tells every
        # application, and a random UUID without anything random in it.
        "9774d56d682e549c",
        "020000000000",
        "00000000000040008000000000000000",
    }
)
"""What programs write where they know nothing: in small letters, without anything that is no letter or digit."""

_NO_NAMES = frozenset(
    {
        *("cardholder", "cardmember", "cardholdername", "nameoncard", "valuedcustomer", "giftcardrecipient"),
        *("name", "yourname", "fullname", "firstnamelastname", "customer", "guest", "user", "test", "testuser"),
    }
)
"""What prepaid cards bear, and forms hold, in place of a name."""

_REPEATED = 8
"""So many times one and the same character is a mask, such as ``ffffffff``; noughts are at any length."""


def content_of(text: str | None) -> str | None:
    """The text as it is; ``None`` when it has neither a letter nor a digit.

    White space, characters without a width and punctuation alone are what a form or a library sends in place of
    a value.
    """
    if text is None or not any(each.isalnum() and each not in _FILLERS for each in text):
        return None
    return text


def identifying(text: str | None) -> str | None:
    """The text as it is; ``None`` when it can name nobody: without content, or what programs write in its place.

    What they put together of several, such as ``null|null``, names nobody either.
    """
    if text is None or content_of(text) is None or text.strip() == "-1":
        return None
    words = "".join(each if each.isalnum() else " " for each in text).casefold().split()
    return None if _fills_in("".join(words)) or all(map(_fills_in, words)) else text


def name_of_somebody(text: str | None) -> str | None:
    """The name as it is; ``None`` when it is nobody's in particular. People of such a name sign up like all others:
    it only is no sign that two of them are one.
    """
    if identifying(text) is None or "".join(filter(str.isalnum, text or "")).casefold() in _NO_NAMES:
        return None
    return text


def _fills_in(word: str) -> bool:
    masked = len(set(word)) == 1 and (word[0] == "0" or len(word) >= _REPEATED)
    return masked or word in _PLACEHOLDERS
