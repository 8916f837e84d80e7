"""A rule that cannot do what its author meant is refused when it is entered, with what would be right."""

from __future__ import annotations

import pytest

from service.domain.rule_check import check_rule, members_of, values_of


@pytest.mark.parametrize(
    "when",
    [
        "signals.email.disposable == true",
        "signals.email.academic",
        "!signals.email.academic && score > 0.5",
        'signals["email"]["pattern"] == "w.w"',
        'signals.email.pattern.startsWith("w") || signals.identity.name_scripts.exists(x, x == "latin")',
        "has(signup.payment) && signup.payment.failed_attempts > 2",
        'signup.custom.campaign == "spring" && signup.custom.weight > 3',
        "linkage.device.links_24h / linkage.device.distinct_24h > 3",
        'account_type == "research" && signup.identity.role == "student"',
        "signals.email.local_surprise != null && signals.email.local_surprise > 2.5",
        "(signals.email.free ? 0.3 : 0.2) < score",
        "(linkage.ip.links_1h > 3 ? score > 0.1 : score > 0.2)",
        'signup.email.endsWith("false && x")',
    ],
)
def test_a_sound_rule_is_taken(when: str) -> None:
    check_rule(when)


@pytest.mark.parametrize(
    ("when", "named"),
    [
        ("score >", "not a CEL expression"),
        ("password > 1", "unknown name 'password'; a rule may read account_type, linkage, score, signals, signup"),
        ("signals.email.nope == true", "signals.email has no member 'nope'"),
        ("signals.email.disposible == true", "did you mean 'disposable'?"),
        ('signals["emial"].free', "signals has no member 'emial'; did you mean 'email'?"),
        ("linkage.device.links_2h > 1", "linkage.device has no member 'links_2h'"),
        ("linkage.shoe_size.links_1h > 1", "linkage has no member 'shoe_size'"),
        ("signals.email.free.very == true", "signals.email.free is true or false: it has no member 'very'"),
        ("signals.email.canonical == 'a'", "has no member 'canonical'"),  # personal: rules never see it
        ("signals.email.disposable > 3", "signals.email.disposable is true or false"),
        ("signals.email.disposable == 1", "signals.email.disposable is true or false"),
        ('"x" == signals.email.folded', "signals.email.folded is a number"),
        ('score > "a"', "score is a number"),
        ("false && !signals.email.folded", "'signals.email.folded' is not true or false"),
        ("score < 2.0 || signals.email.pattern > 3", "signals.email.pattern is a text"),
        ("score > 2.0 && (true && !(signals.email.folded))", "is not true or false"),
        ("true || nope(1)", "cannot run"),
        ('signup.email.matches("x(")', "cannot run"),
        ('signup.identity.role == "studnet"', "one of student, faculty"),
        ('account_type == "commercial"', "one of educational, research"),
        ("score", "is not true or false: compare it with something"),
        ("score + 1.0", "is not true or false: compare it with something"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_what_is_wrong(when: str, named: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is looked at below
        check_rule(when)

    assert named in str(refused.value)


def test_the_members_read_are_found_without_methods_and_strings() -> None:
    members = members_of('signals.email.pattern.startsWith("linkage.ip") && linkage["ip"].links_1h > signup.custom.a.b')

    assert members == (("signals", "email", "pattern"), ("linkage", "ip", "links_1h"), ("signup", "custom", "a", "b"))


@pytest.mark.parametrize(
    ("when", "values"),
    [
        ("has(signup.payment) && signup.device.webdriver", (("signup", "device", "webdriver"),)),
        ("!has(signup.payment.bin)", ()),
        ("has(signup.payment) && signup.payment.failed_attempts > 2", (("signup", "payment", "failed_attempts"),)),
        ("has(signup.payment) && size(signup.payment) > 2", (("signup", "payment"),)),
        ('has(signup.phone) && signup.phone.startsWith("+44")', (("signup", "phone"),)),
    ],
)
def test_what_a_rule_only_asks_to_be_there_it_does_not_read(when: str, values: tuple[tuple[str, ...], ...]) -> None:
    assert values_of(when) == values
