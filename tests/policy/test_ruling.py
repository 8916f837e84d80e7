"""Silent and expired rules, lists, exploration and probation: what they do to a decision, and what they never do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.signup import AccountType
from service.domain.decision import Decision, Explored
from service.domain.errors import InvalidError
from service.domain.grant import Tier
from service.domain.policy import Ruling, parse_policy
from service.domain.standing import ListHit, ListName, Standing

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def rule(name: str, when: str, effect: str, more: str = "") -> str:
    return f"""
[[rules]]
id = "{name}"
when = '{when}'
{effect}
reason = "{name.upper()}"
text = "A sentence."
{more}
"""


def ruling(text: str, score: float | None, **changes: Any) -> Ruling:
    facts: dict[str, Any] = {
        "account_type": AccountType.EDUCATIONAL,
        "signup": {},
        "signals": {"email": {"local_surprise": None}},
        "linkage": {},
        "now": NOON,
    }
    return parse_policy(text, version=1).rule_on(score=score, **(facts | changes))


def hit(name: ListName) -> ListHit:
    return ListHit(name, IdentifierKind.EMAIL_DOMAIN, f"{name}-1")


def test_a_silent_rule_decides_nothing_and_is_recorded(document: str) -> None:
    text = document + rule("quiet", "score > 0.0", 'at_least = "deny"', 'state = "silent"')

    found = ruling(text, 0.1)

    assert (found.decision, found.rules, found.reasons) == (Decision.ALLOW, (), ())
    assert found.silent_rules == ("quiet",)
    assert ruling(text, 0.0).silent_rules == ()


@pytest.mark.parametrize(
    ("more", "day", "decision"),
    [
        ("expires = 2026-11-23", NOON, Decision.DENY),  # its last day
        ("expires = 2026-11-23", NOON + timedelta(days=1), Decision.ALLOW),
        ('state = "off"', NOON, Decision.ALLOW),
    ],
)
def test_a_rule_holds_to_the_end_of_its_last_day_and_not_when_it_is_off(
    document: str, more: str, day: datetime, decision: Decision
) -> None:
    found = ruling(document + rule("timed", "score >= 0.0", 'at_least = "deny"', more), 0.1, now=day)

    assert found.decision is decision
    assert found.silent_rules == ()


def test_what_nobody_told_us_is_no_failure_of_a_rule(document: str) -> None:
    text = document + rule("odd", "signals.email.local_surprise > 2.0", 'at_least = "deny"')

    unknown = ruling(text, 0.1)
    known = ruling(text, 0.1, signals={"email": {"local_surprise": 3.0}})

    assert (unknown.decision, unknown.failed_rules) == (Decision.ALLOW, ())
    assert known.decision is Decision.DENY


@pytest.mark.parametrize(
    ("score", "lists", "standing", "decision"),
    [
        (0.1, [ListName.BLOCK], {}, Decision.DENY),
        (0.9, [ListName.ALLOW], {}, Decision.ALLOW),
        (0.9, [ListName.EXEMPT], {}, Decision.ALLOW),
        (0.9, [ListName.BLOCK, ListName.ALLOW], {}, Decision.DENY),
        (0.9, [ListName.ALLOW], {"ban_touched": True}, Decision.REVIEW),
        (0.9, [ListName.ALLOW], {"contained": True}, Decision.REVIEW),
    ],
)
def test_block_denies_and_allow_allows_unless_a_ban_is_touched(
    document: str, score: float, lists: list[ListName], standing: dict[str, bool], decision: Decision
) -> None:
    hits = tuple(map(hit, lists))

    found = ruling(document, score, standing=Standing(hits=hits, **standing))

    assert found.decision is decision
    assert found.hits == hits
    assert [reason.code for reason in found.reasons if reason.group == "list"] == [
        f"{name.upper()}_LISTED" for name in lists
    ]


def test_no_list_lifts_a_rule_that_denies_but_one_lifts_other_floors(document: str) -> None:
    allowed = Standing(hits=(hit(ListName.ALLOW),))

    denied = ruling(document + rule("hard", "score > 0.0", 'at_least = "deny"'), 0.1, standing=allowed)
    lifted = ruling(document + rule("soft", "score > 0.0", 'at_least = "review"'), 0.1, standing=allowed)

    assert (denied.decision, lifted.decision) == (Decision.DENY, Decision.ALLOW)


def test_the_policy_orders_the_lists(document: str) -> None:
    both = Standing(hits=(hit(ListName.BLOCK), hit(ListName.ALLOW)))

    found = ruling(document + '[lists]\nprecedence = ["allow", "block", "exempt"]', 0.9, standing=both)

    assert found.decision is Decision.ALLOW


EXPLORING = "[exploration]\nrate = 0.1\nbelow_score = 0.7\n"


@pytest.mark.parametrize("score", [0.3, 0.65])
def test_a_small_share_is_let_in_at_random_on_probation_with_its_propensity(document: str, score: float) -> None:
    drawn = ruling(document + EXPLORING, score, chance=0.0999)
    not_drawn = ruling(document + EXPLORING, score, chance=0.1)

    would_be = Decision.STEP_UP if score < 0.6 else Decision.REVIEW
    assert (drawn.decision, drawn.explored) == (Decision.ALLOW, Explored(would_be, allowed=True, propensity=0.1))
    assert drawn.grant is not None
    assert drawn.grant.tier is Tier.PROBATION
    assert not_drawn.decision is would_be
    assert not_drawn.explored == Explored(would_be, allowed=False, propensity=0.9)


@pytest.mark.parametrize(
    ("score", "standing"),
    [
        (0.7, Standing()),  # at the score line
        (0.1, Standing()),  # allowed anyway
        (None, Standing()),
        (0.3, Standing(contained=True)),
        (0.3, Standing(ban_touched=True)),
        (0.3, Standing(hits=(hit(ListName.BLOCK),))),
    ],
)
def test_nobody_risky_blocked_contained_or_unscored_is_ever_let_in_at_random(
    document: str, score: float | None, standing: Standing
) -> None:
    found = ruling(document + EXPLORING, score, standing=standing, chance=0.0)

    assert found.explored is None
    assert found.decision is ruling(document, score, standing=standing).decision


def test_nothing_is_explored_unless_the_policy_says_so(document: str) -> None:
    assert ruling(document, 0.3, chance=0.0).explored is None


GRANTING = "[grants]\nprobation_days = 10\nquota = 0.5\nnear_line = 0.8\n"


def test_a_rule_puts_an_allowed_account_on_probation_and_says_nothing_of_others(document: str) -> None:
    text = document + rule("fresh", "linkage.email_domain.links_365d == 0", 'grant = "probation"') + GRANTING

    allowed, stepped_up = ruling(text, 0.1), ruling(text, 0.3)

    assert allowed.grant is not None
    assert (allowed.grant.tier, allowed.grant.quota) == (Tier.PROBATION, 0.5)
    assert allowed.grant.until == NOON + timedelta(days=10)
    assert "10 days" in str(allowed.grant.lifted_by)
    assert (allowed.rules, [reason.code for reason in allowed.reasons]) == (("fresh",), ["FRESH"])
    assert (stepped_up.grant, stepped_up.rules, stepped_up.reasons) == (None, (), ())


@pytest.mark.parametrize(("score", "near"), [(0.159, False), (0.161, True), (0.199, True)])
def test_a_score_near_the_line_is_on_probation(document: str, score: float, near: bool) -> None:
    found = ruling(document + GRANTING, score)

    assert (found.decision, found.grant is not None) == (Decision.ALLOW, near)
    assert [reason.code for reason in found.reasons] == ["SCORE_NEAR_LINE"] * near


def test_whom_a_list_vouches_for_is_on_no_probation(document: str) -> None:
    assert ruling(document + GRANTING, 0.19, standing=Standing(hits=(hit(ListName.ALLOW),))).grant is None


@pytest.mark.parametrize(
    ("section", "pointer", "line"),
    [
        ("[exploration]\nrate = 0.5", "/exploration/rate", 12),
        ("[lists]\n\nprecedence = ['block']", "/lists/precedence", 13),
        ("[grants]\nprobation_days = 3.5", "/grants/probation_days", 12),
        ("[approval]\nfactor = 1.0", "/approval/factor", 12),
        ("[capacity]\nreviews = 3", "/capacity/reviews", 12),
        (rule("a", "score > 0.0", ""), "/rules/0", 12),
        (rule("a", "score > 0.0", 'grant = "probation"\nat_least = "deny"'), "/rules/0", 12),
        (rule("a", "score > 0.0", 'at_least = "deny"', "expires = '2026'"), "/rules/0/expires", 18),
        (rule("a", "score > 0.0", 'at_least = "deny"') + rule("b", "x > 1", 'at_least = "deny"'), "/rules/1/when", 22),
    ],
)
def test_a_wrong_section_is_refused_by_key_and_line(document: str, section: str, pointer: str, line: int) -> None:
    with pytest.raises(InvalidError) as refused:
        parse_policy(document + section, version=1)

    (wrong,) = refused.value.errors
    assert wrong.pointer == pointer
    assert wrong.message.startswith(f"line {line}: ")


def test_an_unknown_key_is_answered_with_the_known_ones(document: str) -> None:
    with pytest.raises(InvalidError, match="known are below_score, rate"):
        parse_policy(document + "[exploration]\nshare = 0.1", version=1)
