"""Codes go out by a real SMTP server, once each, and nobody's mailbox is flooded."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.challenges.smtp_address import SmtpAddressError, SmtpServer, smtp_server_of
from service.challenges.texts import LANGUAGES, language_of, read_texts
from service.domain.decision import Decision, Reason
from service.jobs import judge_of
from service.usecases.ask_again import AskAgain
from service.usecases.tell_consequence import TellConsequence

Make = Callable[..., dict[str, Any]]


def test_a_mail_says_what_it_is_and_holds_the_code(service: Any, mailbox: Any, document: Make) -> None:
    answer = service.sign_up(document())
    service.work()

    [mail] = mailbox.mails
    assert (mail["To"], mail["From"]) == ("ada.example@ox.ac.uk", "signup@gatehouse.example")
    assert mail["Subject"] == f"Your code: {mailbox.codes[0]}"
    assert mail["Auto-Submitted"] == "auto-generated"
    body = mail.get_content()
    assert f"Your code is {mailbox.codes[0]}" in body
    assert service.step_up(answer["id"]).reference in body
    assert service.page(answer).rpartition("/")[2] not in body


def test_a_mail_is_written_in_the_language_of_the_browser(service: Any, mailbox: Any, document: Make) -> None:
    device = {"ip": "81.2.69.142", "webdriver": True, "accept_language": "fr;q=0.9,de-CH,en;q=0.5"}
    service.sign_up(document(device=device))
    service.work()

    [mail] = mailbox.mails
    assert mail["Subject"].startswith("Ihr Code: ")
    assert mail["Content-Language"] == "de"
    assert "Er gilt 30 Minuten" in mail.get_content()


def test_a_mail_is_sent_once(service: Any, mailbox: Any, document: Make) -> None:
    service.sign_up(document())

    assert [service.work()["codes sent"] for _ in range(3)] == [1, 0, 0]
    service.clock.forward(hours=1)
    assert service.work()["codes sent"] == 0
    assert len(mailbox.mails) == 1


def test_of_a_later_consequence_no_mail_goes_out_before_it_is_told(service: Any, mailbox: Any, document: Make) -> None:
    answer = service.sign_up(document(device={"ip": "81.2.69.142", "webdriver": False}))
    assert answer["decision"] == "allow"
    parts, now = service.parts, service.clock()
    judge = judge_of(parts.store, parts.settings, parts.reference, parts.policy)
    spread = parts.policy().document.clusters.containment.spread
    with parts.store.begin() as work:
        recorded = work.ledger.get("acme", answer["id"])
        doubted = replace(
            recorded.assessments[-1],
            id=judge.new_id(now),
            decision=Decision.STEP_UP,
            reasons=(Reason("AUTOMATED_BROWSER", "rule", "The browser says that a program drives it."),),
        )
        tell = TellConsequence(judge, AskAgain(parts.step_up.plan), lambda: 0.5)
        assert tell(work, recorded, doubted, because={"after": "a_ban"}, now=now) is not None
        work.commit()
    (challenge,) = service.read(answer["id"])["challenges"]

    service.work()
    service.clock.forward(hours=spread / timedelta(hours=2) - 0.1)
    service.work()
    assert mailbox.mails == []
    service.clock.forward(hours=0.2)
    service.work()

    assert len(mailbox.mails) == 1
    assert service.post(f"/v1/challenges/{challenge['id']}/code", {"code": mailbox.codes[0]})[1]["accepted"]


def test_a_server_that_is_busy_is_tried_again_and_the_code_it_then_takes_is_good(
    service: Any, mailbox: Any, document: Make
) -> None:
    answer = service.sign_up(document())
    mailbox.refuse = "451 greylisted"
    assert service.work()["codes sent"] == 0
    assert service.work()["codes sent"] == 0
    mailbox.refuse = None
    assert service.work()["codes sent"] == 0
    service.clock.forward(seconds=16)

    assert service.work()["codes sent"] == 1
    path = f"/v1/challenges/{answer['challenges'][0]['id']}/code"
    assert service.post(path, {"code": mailbox.codes[0]})[1]["accepted"]


def test_a_server_that_is_away_keeps_no_other_job_waiting_and_is_given_up_in_the_end(
    sqlite_url: str, start: Callable[..., Any], document: Make
) -> None:
    service = start(sqlite_url, SMTP_URL="smtp://127.0.0.1:9", MAIL_FROM="signup@gatehouse.example")
    for number in range(3):
        service.sign_up(document(f"su_{number}", email=f"ada{number}@ox.ac.uk"))

    for _ in range(10):
        done = service.work()
        service.clock.forward(hours=1)

    assert done["codes sent"] == 0
    with service.parts.store.begin() as work:
        assert work.mails.claim(now=service.clock.now, until=service.clock.now, limit=10) == ()


def test_a_challenge_that_has_ended_is_mailed_no_code(service: Any, mailbox: Any, document: Make) -> None:
    answer = service.sign_up(document())
    service.post(f"/v1/challenges/{answer['challenges'][0]['id']}/result", {"status": "abandoned"})

    assert service.work()["codes sent"] == 0
    assert mailbox.mails == []


def test_a_challenge_that_does_not_open_any_more_keeps_nobody_elses_mail_waiting(
    service: Any, sqlite_url: str, mailbox: Any, document: Make
) -> None:
    lost, _ = (service.sign_up(document(f"su_{number}", email=f"ada{number}@ox.ac.uk")) for number in range(2))
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        changed = connection.execute(
            "UPDATE challenges SET personal = ? WHERE id = ?", (b"of a key that is gone", lost["challenges"][0]["id"])
        )
    connection.close()

    assert (changed.rowcount, service.work()["codes sent"]) == (1, 1)
    assert [mail["To"] for mail in mailbox.mails] == ["ada1@ox.ac.uk"]
    assert service.work()["codes sent"] == 0


def test_one_mailbox_is_sent_few_codes_an_hour_whoever_signs_up_with_it(
    service: Any, mailbox: Any, document: Make
) -> None:
    for number in range(9):
        service.sign_up(document(f"su_{number}", device={"ip": f"81.2.{number}.142", "webdriver": True}))
    service.work()

    assert 0 < len(mailbox.mails) <= 6


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 25, encrypted=False)),
        ("smtp://127.0.0.1:2525", SmtpServer("127.0.0.1", 2525, encrypted=False)),
        ("smtps://me%40x:p%3Aw@mail.example", SmtpServer("mail.example", 465, True, "me@x", "p:w")),
    ],
)
def test_the_address_of_a_server_is_read(address: str, server: SmtpServer) -> None:
    assert smtp_server_of(address) == server


@pytest.mark.parametrize("address", ["mail.example", "http://mail.example", "smtp://", "smtp://h:secret", "smtp://h/x"])
def test_a_wrong_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(SmtpAddressError) as refused:
        smtp_server_of(address)

    assert "secret" not in str(refused.value)


def test_every_language_has_every_text_with_the_same_places() -> None:
    def places(text: str) -> set[str]:
        import string

        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english = read_texts("en")
    for language in LANGUAGES:
        assert {key: places(text) for key, text in read_texts(language).items()} == {
            key: places(text) for key, text in english.items()
        }


@pytest.mark.parametrize(
    ("accepted", "language"),
    [(None, "en"), ("", "en"), ("de", "de"), ("fr,de-AT;q=0.8,en;q=0.7", "de"), ("en,de", "en"), ("x;q=y,de", "de")],
)
def test_the_best_of_our_languages_is_chosen(accepted: str | None, language: str) -> None:
    assert language_of(accepted) == language
