"""The history of a cluster in words: each entry says what was done, and of whom, as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from service.app import application_of
from service.connections import CasesOfWorker
from service.console.cluster_words import done_words, why_words
from service.domain.ids import uuid7
from service.usecases.ports import AuditEntry
from service.usecases.workers_cases import WorkersCase

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DANA = "reviewer:dana"


@pytest.mark.parametrize(
    ("action", "detail", "what", "particulars"),
    [
        (
            "cluster.containment_proposed",
            {"reason": "fraud_ring", "core": 1204, "leaves": 3, "good_left_alone": 0, "whole": False},
            "asked a second person to contain it",
            "One operator behind many accounts, 1,204 accounts to be held, 3 to be asked for a proof",
        ),
        (
            "cluster.containment_proposed",
            {"reason": "fraud_ring", "core": 1, "leaves": 0, "good_left_alone": 0, "whole": True},
            "asked a second person to contain it",
            "One operator behind many accounts, 1 account to be held, everybody in it",
        ),
        (
            "cluster.contained",
            {"opened_by": "reviewer:eli", "core": 12, "leaves": 0, "left_out": 1},
            "contained the cluster",
            "12 accounts held, 1 good or gone by then, asked for by eli",
        ),
        (
            "cluster.contained",
            {"reason": "FRAUD_AMONG_DOUBTED", "core": 12, "leaves": 0, "whole": False, "good_left_alone": 2},
            "contained the cluster",
            "Known fraud in a piece most of which is doubted, 12 accounts held, 2 verified good left alone",
        ),
        ("cluster.released", {"reason": "mistake", "core": 2500}, "released it",
         "Contained by mistake, 2,500 accounts given back"),
        ("cluster.released", {"reason": "mistake", "core": 9, "waited": True},
         "took the request to contain it off the table", "Contained by mistake"),
        ("cluster.containment_declined", {"reason": "changed_my_mind", "opened_by": DANA},
         "took back the request to contain it", "Asked for by mistake"),
        ("cluster.containment_declined", {"reason": "honest_members", "opened_by": "reviewer:eli"},
         "declined the request to contain it", "Honest people are in it, asked for by eli"),
        ("cluster.to_be_reviewed", {"cluster": "cl_3", "size": 1028, "frauds": 2, "sources": 1, "doubted": 0},
         "asked people to look at it", "a piece of 1,028 accounts with 2 known frauds"),
        ("cluster.to_be_reviewed", {"cluster": "cl_3", "size": 8, "frauds": 0, "doubted": 5},
         "asked people to look at it", "a piece of 8 accounts, of which 5 gave no proof"),
        ("cluster.to_be_reviewed", {"clusters": ["cl_3", "cl_9"], "bridges": 4, "kinds": ["device", "phone"]},
         "asked people to look at it", "cl_3 and cl_9 may be one operator's, with 4 identifiers in common"),
        ("cluster.to_be_reviewed", {"cluster": "cl_3", "containment": "c-1", "size": 1},
         "asked people to look at it", "1 account contained, and no ban among them stands"),
    ],
)  # fmt: skip
def test_an_entry_says_what_was_done_and_of_whom(
    action: str, detail: dict[str, object], what: str, particulars: str
) -> None:
    assert done_words(AuditEntry(NOON, DANA, action, "cl_3", detail), {}) == (what, particulars)


def test_a_containment_by_evidence_says_why_in_a_sentence() -> None:
    assert why_words("CONFIRMED_FRAUD") == "Several known frauds in a piece that holds together"


def test_what_people_were_asked_to_look_at_is_linked(
    app: Any, desk: Callable[..., Any], make_record: Callable[..., Any]
) -> None:
    application, now, record = application_of(app), datetime.now(UTC), make_record()
    with application.store.begin() as work:
        work.ledger.append(record)
        work.commit()
    with application.store.begin() as work:
        name = f"cl_{work.clusters.cluster_of(work.ledger.get(None, record.id).signup_no)}"
        detail: dict[str, object] = {"cluster": name, "size": 28, "frauds": 2, "sources": 1}
        subject = f"piece:{record.id}"
        case = WorkersCase(subject, record.owner, "PIECE_WITH_FRAUD", record.id, size=28, detail=detail)
        CasesOfWorker(application.policy, lambda at: uuid7(at, 1 << 31), lambda: now).open(work, case)
        work.audit.add(AuditEntry(now, "worker", "cluster.to_be_reviewed", name, detail))
        work.commit()
        opened = work.cases.of_subject(record.owner, subject)
    assert opened is not None

    page = desk("reviewer").read(f"clusters/{name}")

    assert f'2 known frauds</bdi></span> <a href="/console/cases/{opened.id}">the case</a>' in page
