"""The pages of clusters: what is cut out stays reachable, who is touched is named, and nothing is offered in vain."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.joining import GuardState
from models.linkage.marks import Mark
from service.app import application_of, new_id
from service.domain.cluster import cluster_id
from service.domain.decision import Assessment, Decision
from service.usecases import cluster_file, contain_cluster
from service.usecases.cluster_use_cases import cluster_use_cases
from service.usecases.ports_clusters import Guard, IdentifierKey

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

    def came(self, *several: Carried, decision: Decision = Decision.ALLOW, signals: Any = None) -> list[int]:
        """Sign-ups that carry these identifiers, each value known to this network alone."""
        numbers = []
        for carried in several:
            self._came += 1
            now, name = datetime.now(UTC), f"{self._name}_{self._came}"
            record = self._make(
                name,
                at=now,
                assessment=assessment(f"{name}_a", now, decision, signals or {}),
                identifiers=tuple(Identifier(kind, self.value(value)) for kind, value in carried.items()),
            )
            with self.application.store.begin() as work:
                work.ledger.append(record)
                work.commit()
            with self.application.store.begin() as work:
                recorded = work.ledger.get(None, record.id)
            assert recorded is not None
            numbers.append(recorded.signup_no)
        return numbers

    def value(self, name: str) -> str:
        """What an identifier says, in a network's own words."""
        return f"{self._name}-{name}"

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


def assessment(name: str, now: datetime, decision: Decision, signals: Any) -> Assessment:
    return Assessment(
        id=name,
        decided_at=now,
        decision=decision,
        score=0.4,
        reasons=(),
        rules=(),
        vector=bytes(4),
        signals=signals,
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


LAB = {
    "email": {"academic": True, "academic_withdrawn": False, "open_enrolment": False},
    "network": {"academic": True},
}
"""Two signs of trust that are hard to come by."""


def in_group(page: str, heading: str) -> list[str]:
    """Who is named in one of the preview's collapsed lists."""
    found = re.search(rf"<summary>{heading}: .*?</details>", page, re.DOTALL)
    return [] if found is None else re.findall(r"<bdi>([^<]+)</bdi>", found.group())


def test_a_preview_names_whom_it_holds_asks_and_leaves_alone(desk: Desks, network: Network) -> None:
    numbers = network.ring(8, frauds=1, good=1)
    network.came({DEVICE: "d1"})
    name = network.cluster(numbers[0])

    page = desk("reviewer").read(f"clusters/{name}/preview")

    assert [each.rpartition("_")[2] for each in in_group(page, "Held")] == ["2", "3", "4", "5", "6", "7", "8"]
    assert [each.rpartition("_")[2] for each in in_group(page, "Asked for a proof")] == ["9"]
    assert [each.rpartition("_")[2] for each in in_group(page, "Verified good, left alone")] == ["1"]
    assert "<details open" not in page
    assert page.count('href="/console/signups/') == 9


def test_a_preview_names_the_first_fifty_and_counts_the_rest(desk: Desks, network: Network) -> None:
    numbers = network.ring(54, frauds=1)

    page = desk("reviewer").read(f"clusters/{network.cluster(numbers[0])}/preview")

    assert "Held: 54 accounts" in words(page)
    assert len(in_group(page, "Held")) == 50
    assert "And 4 more." in words(page)


def test_a_preview_reads_the_cluster_once(desk: Desks, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    name, reviewer, read = network.cluster(network.ring(6, frauds=1)[0]), desk("reviewer"), []
    surveys, dissects = contain_cluster.survey, cluster_file.anatomy_of

    def surveying(*given: Any) -> Any:
        read.append("survey")
        return surveys(*given)

    def dissecting(*given: Any) -> Any:
        read.append("anatomy")
        return dissects(*given)

    monkeypatch.setattr(contain_cluster, "survey", surveying)
    monkeypatch.setattr(cluster_file, "anatomy_of", dissecting)

    reviewer.read(f"clusters/{name}/preview")

    assert read == ["survey"]


def test_the_table_says_who_is_held_and_asked_and_is_filtered_by_decision(desk: Desks, network: Network) -> None:
    numbers = network.ring(6, frauds=1)
    network.came({DEVICE: "d1"}, decision=Decision.STEP_UP)
    name, reviewer = network.cluster(numbers[0]), desk("reviewer")
    asked_for = reviewer.send(f"clusters/{name}/contain", how="ask", reason="fraud_ring")
    lead = desk("lead")
    (confirm,) = re.findall(r"clusters/[^\"/]+/confirm/[^\"/]+", lead.read(f"clusters/{name}"))

    contained = lead.send(confirm)
    only = lead.read(f"clusters/{name}?decision=step_up")

    tag = '<span class="tag {}" title="By a containment">{}</span>'
    assert tag.format("deny", "held") not in asked_for
    assert contained.count(tag.format("deny", "held")) == 6
    assert contained.count(tag.format("step_up", "asked")) == 1
    table = only.split('id="members-title"')[1].split("</table>")[0]
    assert re.findall(r"<bdi>[^<]*_(\d+)</bdi>", table) == ["7"]
    assert "Let in 6" in words(only)
    assert "<td>" not in table  # each is named where a phone shows no heads of columns
    assert "<kbd>w</kbd> <kbd>s</kbd> <kbd>b</kbd>" in only


def test_a_request_says_how_many_look_honest_and_leads_to_whom_it_would_touch(desk: Desks, network: Network) -> None:
    numbers = network.ring(6, frauds=1, good=1)
    network.came({DEVICE: "d1", CARD: "c1"}, signals=LAB)
    name = network.cluster(numbers[0])

    page = desk("reviewer").send(f"clusters/{name}/contain", how="ask", reason="fraud_ring")
    preview = desk("lead").read(f"clusters/{name}/preview")

    assert "Of the cluster 1 account looks honest and 1 is verified good." in words(page)
    assert f'<a href="/console/clusters/{name}/preview" data-key="p">Who would be touched' in page
    assert len(in_group(preview, "Held")) == 6
    assert len(in_group(preview, "Verified good, left alone")) == 1
    assert "1 of those held looks honest." in words(preview)
    assert "asked for this" in preview
    assert f"/clusters/{name}/contain" not in preview
    assert "The whole cluster instead" not in preview


def test_a_no_is_remembered_with_who_said_it_and_why(desk: Desks, network: Network) -> None:
    name, reviewer, lead = network.cluster(network.ring(6, frauds=1)[0]), desk("reviewer"), desk("lead")

    def asks_and(who: Any, reason: str) -> str:
        page = reviewer.send(f"clusters/{name}/contain", how="ask", reason="fraud_ring")
        (decline,) = re.findall(r"clusters/[^\"/]+/decline/[^\"/]+", page)
        who.send(decline, reason=reason)
        return words(reviewer.read(f"clusters/{name}/preview"))

    own = asks_and(reviewer, "changed_my_mind")
    declined = asks_and(lead, "honest_members")

    assert "declined a request" not in own
    told = r"lead\d+ declined a request to contain 6 accounts of it .* ago: Honest people are in it\. reviewer\d+ had"
    assert re.search(told, declined)


def test_nothing_is_offered_where_everybody_is_held(desk: Desks, network: Network) -> None:
    name, reviewer = network.cluster(network.ring(6, frauds=1)[0]), desk("reviewer")
    page = reviewer.send(f"clusters/{name}/contain", how="ask", reason="fraud_ring")
    lead = desk("lead")
    (confirm,) = re.findall(r"clusters/[^\"/]+/confirm/[^\"/]+", lead.read(f"clusters/{name}"))

    held = lead.send(confirm)
    previews = [words(lead.read(f"clusters/{name}/preview{query}")) for query in ("", "?whole=1")]

    assert "Contain it" not in page
    assert "Contain more" not in held
    assert "Everybody in it is held, or verified good." in held
    for each in previews:
        assert re.search(r"6 accounts are contained already, by reviewer\d+, confirmed by lead\d+,", each)
        assert "There is nobody left to contain" in each
        assert "The whole cluster instead" not in each


@pytest.mark.parametrize(
    ("frauds", "told"), [(3, "3 known frauds are in it, but in no piece"), (0, "Nobody in it is known as a fraud.")]
)
def test_one_identifier_that_ties_known_frauds_is_told_from_nobody_known(
    desk: Desks, network: Network, frauds: int, told: str
) -> None:
    numbers = network.came(*[{DEVICE: "one"}] * 4)
    network.known(numbers[:frauds], Mark.BANNED)

    page = words(desk("reviewer").read(f"clusters/{network.cluster(numbers[0])}/preview"))

    assert told in page
    assert ("Judge a case of it first" in page) is (frauds == 0)
    assert "The whole cluster instead" in page


def test_an_account_alone_is_told_so_and_a_page_without_script_promises_no_graph(desk: Desks, network: Network) -> None:
    (number,) = network.came({DEVICE: "one"})

    page = words(desk("reviewer").read(f"clusters/{network.cluster(number)}"))

    assert "It is alone: no other account is in this cluster." in page
    assert "Nothing ties these accounts" not in page
    assert "being drawn" not in page


def test_what_is_exempt_leads_to_the_list_and_is_not_cut(desk: Desks, network: Network) -> None:
    numbers = network.came(*[{DEVICE: "lab", CARD: "one"}] * 3)
    name, handle, lead = network.cluster(numbers[0]), network.handle(numbers[0], DEVICE), desk("lead")
    lead.send("lists/exempt/add", kind="device", value=network.value("lab"), reason="a laboratory", owner="lea")
    lead.send("lists/exempt/add", kind="device", value=network.value("other"), reason="another one", owner="lea")
    with network.application.store.begin() as work:
        key = IdentifierKey(DEVICE, bytes.fromhex(handle.rpartition("_")[2]))
        work.clusters.set_guard(Guard(key, GuardState.EXEMPT, datetime.now(UTC), "reviewer:lea", "a laboratory"))
        work.commit()

    page = lead.read(f"clusters/{name}")
    entry = lead.read(f"lists?list=exempt&identifier={handle}")

    row = re.search(rf'<tr data-shared="{handle}">.*?</tr>', page, re.DOTALL)
    assert row is not None
    assert f'href="/console/lists?list=exempt&amp;identifier={handle}"' in row.group()
    assert "Cut out" not in row.group()
    assert network.value("lab") in entry
    assert network.value("other") not in entry
    lead.read("lists?list=exempt&identifier=nonsense", 404)


def test_what_was_cut_out_is_never_folded_away(desk: Desks, network: Network) -> None:
    numbers = network.came(*[{DEVICE: f"d{at // 2}", CARD: f"c{(at + 1) // 2}", PHONE: "p"} for at in range(30)])
    name, handle, lead = network.cluster(numbers[0]), network.handle(numbers[0], PHONE), desk("lead")
    lead.send(f"clusters/{name}/cut/apply", identifier=handle, reason="shared_by_honest")

    page = lead.read(f"clusters/{name}")

    assert page.index(f'data-shared="{handle}"') < page.index('<details class="rest">')


def test_before_a_cut_one_part_is_one_part(desk: Desks, network: Network) -> None:
    numbers = network.came({CARD: "shared", PHONE: "p"}, {CARD: "shared", PHONE: "p"}, {CARD: "shared"})
    name, handle = network.cluster(numbers[0]), network.handle(numbers[0], CARD)

    page = words(desk("reviewer").read(f"clusters/{name}/cut?identifier={handle}"))

    assert "One part comes off, with 1 account: nothing else ties it to the rest." in page
