"""Signing in, over every store: sessions that end, attempts that are counted, and people who are managed."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    TooManyError,
    UnauthenticatedError,
)
from service.domain.reviewer import Role
from service.usecases.manage_reviewers import ManageReviewers
from service.usecases.passwords import NOBODY, digest_of_password, is_password
from service.usecases.sign_in import FAILURES_OF_A_NAME, FAILURES_OF_AN_ADDRESS, IDLE, LASTS, WINDOW, SignedIn, SignIn

NEW = "a longer pass phrase"


@pytest.fixture
def sign_in(store: Any) -> SignIn:
    return SignIn(store.begin, lambda who: hashlib.sha256(who.encode()).digest())


@pytest.fixture
def manage(store: Any) -> ManageReviewers:
    return ManageReviewers(store.begin)


@pytest.fixture
def dana(sign_in: SignIn, manage: ManageReviewers, noon: datetime) -> SignedIn:
    made = manage.create("dana", Role.REVIEWER, actor="cli", now=noon, queues=frozenset({"research"}))
    return sign_in("dana", made.password, address="192.0.2.1", now=noon)


def test_a_session_knows_its_reviewer_as_they_are_now(
    sign_in: SignIn, manage: ManageReviewers, dana: SignedIn, noon: datetime
) -> None:
    assert (dana.acting.name, dana.acting.role, dana.acting.queues) == (
        "reviewer:dana",
        Role.REVIEWER,
        frozenset({"research"}),
    )
    assert dana.reviewer.must_change
    again = sign_in.of_token(dana.token, now=noon)
    assert again is not None
    assert again.reviewer == dana.reviewer
    manage.set_role("dana", Role.LEAD, actor="cli", now=noon)
    # A role that changed must not live on in an old session.
    assert sign_in.of_token(dana.token, now=noon) is None


def test_a_session_ends_when_idle_when_old_and_when_told(sign_in: SignIn, dana: SignedIn, noon: datetime) -> None:
    def known(after: timedelta) -> bool:
        return sign_in.of_token(dana.token, now=noon + after) is not None

    assert known(IDLE - timedelta(seconds=1))
    assert known(2 * IDLE - timedelta(seconds=2))
    assert not known(4 * IDLE)
    step = timedelta()
    while step < LASTS:
        known(step)
        step += IDLE / 2
    assert not known(LASTS)
    sign_in.sign_out(dana, now=noon)
    assert not known(timedelta())


def test_a_wrong_name_and_a_wrong_password_are_told_alike(sign_in: SignIn, dana: SignedIn, noon: datetime) -> None:
    said = []
    for name in ("dana", "nobody"):
        with pytest.raises(UnauthenticatedError) as error:
            sign_in(name, "wrong", address="192.0.2.1", now=noon)
        said.append(str(error.value))

    assert len(set(said)) == 1
    assert not is_password("", NOBODY)


def test_guessing_a_name_is_stopped_even_from_many_addresses(
    sign_in: SignIn, manage: ManageReviewers, noon: datetime
) -> None:
    made = manage.create("eli", Role.REVIEWER, actor="cli", now=noon)
    for number in range(FAILURES_OF_A_NAME):
        with pytest.raises(UnauthenticatedError):
            sign_in("eli", "wrong", address=f"192.0.2.{number}", now=noon)

    with pytest.raises(TooManyError):
        sign_in("eli", made.password, address="198.51.100.1", now=noon)
    assert sign_in("eli", made.password, address="198.51.100.1", now=noon + WINDOW + timedelta(seconds=1))


def test_guessing_from_one_address_is_stopped_whatever_the_name(sign_in: SignIn, store: Any, noon: datetime) -> None:
    with store.begin() as work:
        for _ in range(FAILURES_OF_AN_ADDRESS):
            work.reviewers.add_failure(hashlib.sha256(b"address:192.0.2.9").digest(), at=noon)
        work.commit()

    with pytest.raises(TooManyError):
        sign_in("whoever", "wrong", address="192.0.2.9", now=noon)


def test_another_password_ends_every_other_session(sign_in: SignIn, manage: ManageReviewers, noon: datetime) -> None:
    made = manage.create("eli", Role.REVIEWER, actor="cli", now=noon)
    here, there = (sign_in("eli", made.password, address="192.0.2.1", now=noon) for _ in range(2))

    with pytest.raises(UnauthenticatedError):
        sign_in.change_password(here, "wrong", NEW, now=noon)
    for poor in ("short", made.password, "x" * 201):
        with pytest.raises(InvalidError):
            sign_in.change_password(here, made.password, poor, now=noon)
    sign_in.change_password(here, made.password, NEW, now=noon)

    kept = sign_in.of_token(here.token, now=noon)
    assert kept is not None
    assert not kept.reviewer.must_change
    assert sign_in.of_token(there.token, now=noon) is None
    assert sign_in("eli", NEW, address="192.0.2.1", now=noon)
    with pytest.raises(UnauthenticatedError):
        sign_in("eli", made.password, address="192.0.2.1", now=noon)


def test_people_are_managed_and_every_change_is_on_record(
    sign_in: SignIn, manage: ManageReviewers, store: Any, noon: datetime
) -> None:
    made = manage.create("ada", Role.ADMIN, actor="cli", now=noon)
    session = sign_in("ada", made.password, address="192.0.2.1", now=noon)

    with pytest.raises(ConflictError, match="called ada already"):
        manage.create("ada", Role.ADMIN, actor="cli", now=noon)
    for name in ("", "Ada", "a b", "x" * 65, "ünal"):
        with pytest.raises(InvalidError):
            manage.create(name, Role.ADMIN, actor="cli", now=noon)
    with pytest.raises(ConflictError, match="last admin"):
        manage.disable("ada", actor="cli", now=noon)
    manage.create("bea", Role.ADMIN, actor="cli", now=noon)
    manage.disable("ada", actor="cli", now=noon)

    assert sign_in.of_token(session.token, now=noon) is None
    with pytest.raises(UnauthenticatedError):
        sign_in("ada", made.password, address="192.0.2.1", now=noon)
    with pytest.raises(NotFoundError):
        manage.reset_password("ada", actor="cli", now=noon)
    with store.begin() as work:
        actions = [entry.action for entry in work.audit.entries(subject="reviewer:ada")]
    assert actions == ["reviewer.disabled", "reviewer.signed_in", "reviewer.created"]


def test_a_reset_password_works_once_and_ends_the_sessions(
    sign_in: SignIn, manage: ManageReviewers, dana: SignedIn, noon: datetime
) -> None:
    made = manage.reset_password("dana", actor="cli", now=noon)

    assert sign_in.of_token(dana.token, now=noon) is None
    assert sign_in("dana", made.password, address="192.0.2.1", now=noon).reviewer.must_change


def test_secrets_are_stored_as_digests_and_shown_by_no_repr(store: Any, dana: SignedIn) -> None:
    with store.begin() as work:
        stored = work.reviewers.get("dana").password_digest

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert dana.token not in repr(dana)
    assert digest_of_password("x") != digest_of_password("x")


def test_old_sessions_and_failures_are_forgotten(sign_in: SignIn, dana: SignedIn, store: Any, noon: datetime) -> None:
    with pytest.raises(UnauthenticatedError):
        sign_in("dana", "wrong", address="192.0.2.1", now=noon)

    with store.begin() as work:
        assert work.reviewers.purge(began_before=noon, failed_before=noon) == 0
        later = noon + timedelta(seconds=1)
        assert work.reviewers.purge(began_before=later, failed_before=later) == 3
    assert sign_in.of_token(dana.token, now=noon) is None
