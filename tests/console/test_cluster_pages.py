"""The pages of clusters: what is cut out stays reachable, who is touched is named, and nothing is offered in vain."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.marks import Mark
from service.app import application_of, new_id
from service.domain.cluster import cluster_id
from service.domain.decision import Assessment, Decision
from service.usecases.cluster_use_cases import cluster_use_cases

DEVICE, CARD, PHONE = IdentifierKind.DEVICE, IdentifierKind.PAYMENT, IdentifierKind.PHONE
Carried = dict[IdentifierKind, str]


class Network:
    """Sign-ups in the application's store, by the numbers that they got there."""

    def __init__(self, app: Any, make_record: Callable[..., Any], name: str) -> None:
        self.application = application = application_of(app)
        self.clusters = cluster_use_cases(
            application.store.begin, judge=application.judge, reference=application.reference, new_id=new_id
        )
        self._make, self._name, self._came = make_record, name, 0

    def came(self, *several: Carried, decision: Decision = Decision.ALLOW) -> list[int]:
        """Sign-ups that carry these identifiers, each value known to this network alone."""
        numbers = []
        for carried in several:
            self._came += 1
            now, name = datetime.now(UTC), f"{self._name}_{self._came}"
            record = self._make(
                name,
                at=now,
                assessment=assessment(f"{name}_a", now, decision),
                identifiers=tuple(Identifier(kind, f"{self._name}-{value}") for kind, value in carried.items()),
            )
            with self.application.store.begin() as work:
                work.ledger.append(record)
                work.commit()
            with self.application.store.begin() as work:
                numbers.append(work.ledger.get(None, record.id).signup_no)
        return numbers

    def ring(self, size: int, *, frauds: int = 0, good: int = 0) -> list[int]:
        """Accounts in a circle, tied twice each: a piece that holds together. The last are frauds, the first good."""
        circle = [{DEVICE: f"d{at // 2}", CARD: f"c{(at + 1) // 2 % (size // 2)}"} for at in range(size)]
        numbers = self.came(*circle)
        self.known(numbers[size - frauds :], Mark.BANNED)
        self.known(numbers[:good], Mark.GOOD)
        return numbers

    def known(self, numbers: Sequence[int], mark: Mark) -> None:
        for number in numbers:
            with self.application.store.begin() as work:
                work.clusters.mark(number, mark, at=datetime.now(UTC))
                work.commit()

    def cluster(self, number: int) -> str:
        with self.application.store.begin() as work:
            return cluster_id(work.clusters.cluster_of(number) or 0)

    def handle(self, number: int, kind: IdentifierKind) -> str:
        """The name of the identifier of a kind that one of them carries."""
        shared = self.clusters.file(self.cluster(number), owner=None).shared
        return next(each.handle for each in shared if each.kind is kind)


def assessment(name: str, now: datetime, decision: Decision) -> Assessment:
    return Assessment(
        id=name,
        decided_at=now,
        decision=decision,
        score=0.4,
        reasons=(),
        rules=(),
        vector=bytes(4),
        signals={},
        linkage={},
        model=None,
        policy_version=1,
    )


@pytest.fixture
def network(app: Any, make_record: Callable[..., Any], request: pytest.FixtureRequest) -> Network:
    return Network(app, make_record, f"n{abs(hash(request.node.name)) % 10**8}")


Desks = Callable[..., Any]


def words(page: str) -> str:
    """What a reader sees of a page, in one line."""
    return " ".join(re.sub(r"<[^>]+>", "", page.replace("</dt>", "</dt> ").replace("</li>", "</li> ")).split())


def test_what_a_cut_leaves_one_carrier_of_is_listed_with_the_way_back(desk: Desks, network: Network) -> None:
    numbers = network.came({CARD: "shared", PHONE: "p"}, {CARD: "shared", PHONE: "p"}, {CARD: "shared"})
    before, handle, lead = network.cluster(numbers[0]), network.handle(numbers[0], CARD), desk("lead")

    told = lead.send(f"clusters/{before}/cut/apply", identifier=handle, reason="shared_by_honest")

    pages = [told, *(lead.read(f"clusters/{network.cluster(number)}") for number in (numbers[0], numbers[2]))]
    for page in pages:
        row = re.search(rf'<tr data-shared="{handle}">.*?</tr>', page, re.DOTALL)
        assert row is not None
        assert f"identifier={handle}" in row.group()
        assert "Undo cut" in row.group()
    part = network.cluster(numbers[2])
    assert part != before
    assert f'1 account left the cluster: nothing else tied it. It is in <a href="/console/clusters/{part}">' in told


def test_before_a_cut_is_undone_it_says_who_comes_back(desk: Desks, network: Network) -> None:
    left, right = [{CARD: "shared", DEVICE: "left"}] * 3, [{CARD: "shared", DEVICE: "right"}] * 2
    numbers = network.came(*left, *right, {CARD: "shared"}, {DEVICE: "right"})
    name, handle, lead = network.cluster(numbers[0]), network.handle(numbers[0], CARD), desk("lead")
    lead.send(f"clusters/{name}/cut/apply", identifier=handle, reason="shared_by_honest")

    page = lead.read(f"clusters/{name}/cut?identifier={handle}")

    assert "carry it here and elsewhere 6" in words(page)
    assert "would come back 4" in words(page)
    assert "would be one cluster 7" in words(page)
    others = [network.cluster(numbers[at]) for at in (3, 5)]
    assert re.findall(r'href="/console/clusters/([^"/]+)">Cluster', page) == others
    assert f"Cluster {others[0]} with 3 accounts" in words(page)
    assert f"Cluster {others[1]} with 1 account" in words(page)
