"""Pieces: what holds together without any one edge, held against brute force, hydras and honest accidents."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.linkage.identifier import IdentifierKind
from models.linkage.joining import DEGREE_CAP
from models.linkage.marks import Mark
from models.linkage.pieces import Account, Key, Lines, Tie, Verdict, components, judge, ties_of

Kind = IdentifierKind
DEVICE, CARD, PHONE, MAILBOX = Kind.DEVICE, Kind.PAYMENT, Kind.PHONE, Kind.MAILBOX
BANNED, GOOD = Mark.BANNED, Mark.GOOD


def account(number: int, *keys: Key, label: Mark | None = None, source: str = "reviewer") -> Account:
    return Account(number, keys, label, source if label is not None else None)


def ring(numbers: Sequence[int], frauds: Iterable[int] = (), sources: Sequence[str] = ("a", "b")) -> list[Account]:
    """Each shares its device with the one before and its card with the one after: crossed, tied twice."""
    marked = {number: sources[at % len(sources)] for at, number in enumerate(frauds)}
    size = len(numbers)
    return [
        account(
            number,
            (DEVICE, f"{min(numbers)}d{at // 2}"),
            (CARD, f"{min(numbers)}c{(at + 1) // 2 % ((size + 1) // 2)}"),
            label=BANNED if number in marked else None,
            source=marked.get(number, ""),
        )
        for at, number in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    ("frauds", "sources", "verdict"),
    [
        ([], ["a"], Verdict.LEAVE),
        ([1], ["a"], Verdict.CASE),
        ([1, 2], ["a", "b"], Verdict.CASE),
        ([1, 2, 3], ["a", "b"], Verdict.CONTAIN),
    ],
)
def test_only_enough_confirmed_frauds_contain_a_piece(frauds: list[int], sources: list[str], verdict: Verdict) -> None:
    judgement = judge(ring(range(1, 9), frauds, sources))

    assert [(each.accounts, each.verdict) for each in judgement.pieces] == [(tuple(range(1, 9)), verdict)]


def test_frauds_of_one_source_contain_only_while_they_are_a_share_of_the_labelled() -> None:
    accounts = ring(range(1, 41), [1, 2, 3], ["a"])
    honest = [Account(each.number, each.keys, GOOD, "reviewer") if each.number > 20 else each for each in accounts]

    assert judge(accounts).pieces[0].verdict is Verdict.CONTAIN
    assert judge(honest).pieces[0].verdict is Verdict.CASE
    assert judge(honest, lines=Lines(fraud_share=0.1)).pieces[0].verdict is Verdict.CONTAIN


@pytest.mark.parametrize(
    ("frauds", "doubted", "trusted", "verdict"),
    [
        ([1], range(2, 7), [7], Verdict.CONTAIN),
        ([], range(2, 7), [7], Verdict.CASE),
        ([1], range(2, 6), [], Verdict.CASE),
        ([1], range(2, 7), range(7, 13), Verdict.CASE),
        ([], range(2, 7), range(7, 13), Verdict.LEAVE),
    ],
)
def test_a_piece_most_of_which_was_doubted_needs_one_known_fraud(
    frauds: list[int], doubted: Sequence[int], trusted: Sequence[int], verdict: Verdict
) -> None:
    accounts = [
        replace(each, doubted=True if each.number in doubted else False if each.number in trusted else None)
        for each in ring(range(1, 13), frauds)
    ]

    (piece,) = judge(accounts).pieces

    assert piece.verdict is verdict
    assert (piece.doubted, piece.trusted) == (tuple(doubted), len(trusted))
    assert judge(accounts, lines=Lines(doubted=0)).pieces[0].verdict is (Verdict.CASE if frauds else Verdict.LEAVE)


def test_verified_good_accounts_and_known_frauds_are_not_counted_as_doubted() -> None:
    accounts = [replace(each, doubted=True) for each in ring(range(1, 13), [1])]
    accounts[1:7] = [replace(each, label=GOOD) for each in accounts[1:7]]

    (piece,) = judge(accounts).pieces

    assert (len(piece.doubted), piece.trusted, piece.verdict) == (5, 6, Verdict.CASE)


def test_whoever_hangs_by_one_edge_is_a_leaf_and_named_with_it() -> None:
    hydra = ring(range(1, 9), [1, 2, 3])
    borrowed = (PHONE, "recycled")
    hydra[4] = Account(5, (*hydra[4].keys, borrowed))
    leaf, friend = account(20, borrowed, (MAILBOX, "m")), account(21, (MAILBOX, "m"))

    judgement = judge([*hydra, leaf, friend])

    assert [each.accounts for each in judgement.to_contain()] == [tuple(range(1, 9))]
    assert [(each.number, each.ties) for each in judgement.leaves] == [(20, ((borrowed,),))]


def test_a_laboratory_that_hangs_on_a_hydra_by_one_phone_is_a_piece_of_its_own() -> None:
    hydra = ring(range(1, 9), [1, 2, 3])
    laboratory = [account(number, (CARD, "pi"), (DEVICE, "bench")) for number in range(20, 30)]
    hydra[0] = Account(1, (*hydra[0].keys, (PHONE, "p")), BANNED, "a")
    laboratory[0] = account(20, *laboratory[0].keys, (PHONE, "p"))

    judgement = judge([*hydra, *laboratory])

    assert [(each.accounts[0], each.verdict) for each in judgement.pieces] == [
        (20, Verdict.LEAVE),
        (1, Verdict.CONTAIN),
    ]
    assert [each.number for each in judgement.leaves] == [20]


def test_two_hydras_that_one_broker_ties_are_two_pieces() -> None:
    one, other = ring(range(1, 9), [1, 2, 3]), ring(range(11, 19), [11])
    one[5] = Account(6, (*one[5].keys, (PHONE, "broker")))
    other[5] = Account(16, (*other[5].keys, (PHONE, "broker")))

    verdicts = {each.accounts[0]: each.verdict for each in judge([*one, *other]).pieces}

    assert verdicts == {1: Verdict.CONTAIN, 11: Verdict.CASE}


def test_whom_only_public_things_tie_is_asked_and_contained_by_nobody_but_a_person() -> None:
    public = ((MAILBOX, "prof"), (PHONE, "office"))
    hydra = ring(range(1, 9), [1, 2, 3])
    hydra[4] = Account(5, (*hydra[4].keys, *public))
    judgement = judge([*hydra, account(20, *public)])
    by_words_alone = judge([account(number, *public, label=BANNED, source=f"s{number}") for number in range(1, 5)])

    assert [each.accounts for each in judgement.pieces] == [tuple(range(1, 9))]
    assert [each.number for each in judgement.leaves] == [20]
    assert [each.verdict for each in by_words_alone.pieces] == [Verdict.CASE]


def test_whom_only_what_others_wrote_down_holds_is_told_apart() -> None:
    hydra = ring(range(1, 9), [1, 2, 3])
    victims = [account(number, (MAILBOX, f"m{number}"), (PHONE, f"p{number}"), (DEVICE, "hall")) for number in (20, 21)]
    forms = [
        Account(number + 20, (*hydra[0].keys, (MAILBOX, f"m{number}"), (PHONE, f"p{number}")), refused=True)
        for number in (20, 21)
    ]
    judgement = judge([*hydra, *victims, *forms])
    let_in = [replace(each, refused=False) for each in forms]
    at_the_hall = [*let_in[:1], replace(let_in[1], keys=(*let_in[1].keys, (DEVICE, "hall")))]
    by_let_in, with_a_machine = (judge([*hydra, *victims, *those]) for those in (let_in, at_the_hall))

    (contained,) = (each for each in judgement.pieces if each.verdict is Verdict.CONTAIN)
    assert contained.loose == (20, 21)
    assert set(contained.accounts) == {*range(1, 9), 20, 21, 40, 41}
    assert [each.loose for each in by_let_in.pieces] == [(20, 21)]
    # What one has to have leads from them to the frauds, and two edges hold them.
    assert [each.loose for each in with_a_machine.pieces] == [()]


def test_guarded_and_weak_identifiers_hold_nobody() -> None:
    card, domain = (CARD, "pi"), (Kind.EMAIL_DOMAIN, "college.example")
    accounts = [account(number, card, domain, (DEVICE, "d"), label=BANNED) for number in range(1, 5)]

    assert [each.accounts for each in judge(accounts).pieces] == [(1, 2, 3, 4)]
    assert judge(accounts, guarded={card}).pieces == ()


def test_two_medium_identifiers_are_one_edge_and_three_are_no_two() -> None:
    ip, profile, holder = (Kind.IP, "i"), (Kind.DEVICE_PROFILE, "p"), (Kind.CARDHOLDER_BIN, "h")

    assert ties_of([account(1, ip), account(2, ip)]) == {}
    assert ties_of([account(1, ip, profile), account(2, ip, profile)]) == {(ip, profile): (1, 2)}
    assert len(ties_of([account(1, ip, profile, holder), account(2, ip, profile, holder)])) == 1
    assert judge([account(1, ip, profile, (DEVICE, "d")), account(2, ip, profile, (DEVICE, "d"))]).pieces[
        0
    ].accounts == (
        1,
        2,
    )


def test_a_crowds_address_makes_no_pair() -> None:
    crowd = DEGREE_CAP[Kind.IP] + 1
    accounts = [account(number, (Kind.IP, "i"), (Kind.DEVICE_PROFILE, "p")) for number in range(crowd)]

    assert len(ties_of(accounts[:-1])) == 1
    assert ties_of(accounts) == {}


def test_verified_good_accounts_are_named_and_are_no_leaves() -> None:
    hydra = ring(range(1, 9), [1, 2, 3])
    hydra[6] = Account(7, (*hydra[6].keys, (PHONE, "p")), GOOD, "reviewer")
    judgement = judge([*hydra, Account(20, ((PHONE, "p"),), GOOD, "reviewer")])

    assert judgement.pieces[0].good == (7,)
    assert judgement.leaves == ()


_KEYS = st.lists(st.tuples(st.sampled_from([DEVICE, CARD, PHONE]), st.integers(0, 4)), max_size=3, unique=True)


@settings(max_examples=200, deadline=None, database=None)
@given(carried=st.lists(_KEYS, min_size=1, max_size=9))
def test_pieces_are_those_of_brute_force(carried: list[list[Key]]) -> None:
    accounts = [account(number, *keys) for number, keys in enumerate(carried, start=1)]
    ties = ties_of(accounts)

    found = {frozenset(each.accounts) for each in judge(accounts).pieces}

    assert found == _two_edge_connected([each.number for each in accounts], ties)
    for piece in judge(accounts).pieces:
        assert piece.held == _held_by_more_than_words(piece.accounts, accounts)
    assert set(map(frozenset, components([each.number for each in accounts], ties))) == _connected(
        {each.number for each in accounts}, [(number, tie) for tie, numbers in ties.items() for number in numbers]
    )


def _held_by_more_than_words(group: Sequence[int], accounts: Sequence[Account]) -> frozenset[int]:
    """Those who share a device or a card with another of the group."""
    had = {each.number: {key for key in each.keys if key[0] in (DEVICE, CARD)} for each in accounts}
    return frozenset(one for one in group if any(had[one] & had[other] for other in group if other != one))


def _two_edge_connected(numbers: list[int], ties: dict[Tie, tuple[int, ...]]) -> set[frozenset[int]]:
    """An edge is a bridge if its ends are apart without it; the accounts that stay connected without bridges."""
    edges = [(number, tie) for tie, carriers in ties.items() for number in carriers]
    kept = [
        edge
        for edge in edges
        if len(_parts(set(numbers), [each for each in edges if each != edge])) == len(_parts(set(numbers), edges))
    ]
    return {part for part in _connected(set(numbers), kept) if len(part) >= 2}


def _parts(numbers: set[int], edges: list[tuple[int, Tie]]) -> list[set[object]]:
    nodes: set[object] = {*numbers, *(tie for _, tie in edges)}
    parts: list[set[object]] = []
    while nodes:
        part, waiting = set(), [nodes.pop()]
        while waiting:
            node = waiting.pop()
            part.add(node)
            for number, tie in edges:
                for one, other in ((number, tie), (tie, number)):
                    if one == node and other in nodes:
                        nodes.discard(other)
                        waiting.append(other)
        parts.append(part)
    return parts


def _connected(numbers: set[int], edges: list[tuple[int, Tie]]) -> set[frozenset[int]]:
    found = (frozenset(node for node in part if isinstance(node, int)) for part in _parts(numbers, edges))
    return {part for part in found if part}


def hydra(size: int, share: float, rng: random.Random, first: int = 1) -> list[list[Key]]:
    """Crossed reuse: device 3 to 15 accounts, card 5 to 20, phone 2 to 6, each with probability ``share``."""
    carried: list[list[Key]] = [[(MAILBOX, f"m{first + at}")] for at in range(size)]
    for kind, least, most in ((DEVICE, 3, 15), (CARD, 5, 20), (PHONE, 2, 6)):
        sharing = [at for at in range(size) if rng.random() < share]
        rng.shuffle(sharing)
        at = group = 0
        while at < len(sharing):
            count = rng.randint(least, most)
            for member in sharing[at : at + count]:
                carried[member].append((kind, f"h{first}-{group}"))
            at, group = at + count, group + 1
    return carried


def honest(count: int, accidents: float, others: list[list[Key]], rng: random.Random, first: int) -> list[list[Key]]:
    """People, one in ten in a family or laboratory that shares a card or a device; accidents tie some to anybody."""
    carried: list[list[Key]] = []
    while len(carried) < count:
        size = rng.randint(2, 6) if rng.random() < 0.03 else 1
        shared: list[Key] = [(rng.choice([DEVICE, CARD]), f"group{first + len(carried)}")] if size > 1 else []
        if size > 1 and rng.random() < 0.5:
            shared.append((PHONE, f"group{first + len(carried)}"))
        carried += [[(MAILBOX, f"m{first + len(carried) + at}"), *shared] for at in range(size)]
    for keys in carried:
        if rng.random() < accidents:
            keys.append(rng.choice([key for key in rng.choice(others) if key[0] is not MAILBOX] or [(PHONE, "none")]))
    return carried


@pytest.mark.parametrize(
    ("share", "accidents", "core", "most_honest"),
    [(1.0, 0.002, 0.99, 0), (1.0, 0.01, 0.99, 15), (0.6, 0.002, 0.55, 0), (0.6, 0.01, 0.55, 15)],
)
def test_accidents_hardly_contain_anybody_honest(share: float, accidents: float, core: float, most_honest: int) -> None:
    size, people, rng = 20_000, 50_000, random.Random(7)
    fraudulent = hydra(size, share, rng)
    carried = fraudulent + honest(people, accidents, fraudulent, rng, first=size + 1)
    accounts = [
        Account(
            number,
            tuple(keys),
            *((BANNED, rng.choice(["reviewer", "chargeback"])) if number <= size and rng.random() < 0.05 else ()),
        )
        for number, keys in enumerate(carried, start=1)
    ]
    of_cluster = set(components(range(1, len(accounts) + 1), ties_of(accounts))[0])

    judgement = judge([each for each in accounts if each.number in of_cluster])

    contained = {number for piece in judgement.to_contain() for number in piece.accounts}
    assert sum(number > size for number in contained) <= most_honest
    assert sum(number <= size for number in contained) >= core * size
    # Whoever is tied by an accident is in the cluster and asked for a proof, no more.
    assert sum(number > size for number in of_cluster) > people * accidents / 2


def test_five_thousand_accounts_cost_no_more_an_account_than_five_hundred() -> None:
    """Work is counted, not timed: every identifier is looked at a fixed number of times."""
    looked: dict[int, int] = {}
    for size in (500, 5_000):
        counting = _Counting()
        carried = hydra(size, 1.0, random.Random(3))
        judge([account(number, *(counting.key(key) for key in keys)) for number, keys in enumerate(carried, start=1)])
        looked[size] = counting.looks
    assert looked[5_000] < 12 * looked[500]


class _Counting:
    """Counts how often an identifier is hashed."""

    def __init__(self) -> None:
        self.looks = 0
        self._values: dict[object, object] = defaultdict(object)

    def key(self, key: Key) -> Key:
        outer = self

        class Value(str):
            __slots__ = ()

            def __hash__(self) -> int:
                outer.looks += 1
                return super().__hash__()

            def __eq__(self, other: object) -> bool:
                return super().__eq__(other)

        return key[0], Value(key[1])
