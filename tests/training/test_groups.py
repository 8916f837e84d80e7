"""The groups by which reports tell people apart: by what a sign-up says, in words that people read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from models.features.facts import Facts
from models.linkage.identifier import IdentifierKind
from models.linkage.velocity import NO_HISTORY, Linkage, Velocity
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from models.signup import AccountType, Device, Identity, Institution, Signup
from models.training.groups import GROUPS, age, connection, institution_type, name_script, shared_address


def signup(
    name: str = "Ada Okafor", born: int | None = None, school: str | None = None, ip: str = "81.2.69.142"
) -> Signup:
    return Signup(
        signup_id="su_1",
        account_type=AccountType.EDUCATIONAL,
        occurred_at=datetime(2026, 4, 6, tzinfo=UTC),
        identity=Identity(full_name=name, birth_year=born, institution=Institution(name=school) if school else None),
        email="ada@gmail.com",
        device=Device(ip=ip),
    )


def facts(reference: Reference, signup: Signup, linkage: Linkage = NO_HISTORY) -> Facts:
    return Facts(signup=signup, signals=derive_signals(signup, reference), linkage=linkage)


@pytest.mark.parametrize(
    ("name", "script"),
    [("Ada Okafor", "latin"), ("Іван Франко", "cyrillic"), ("王小明 A", "han"), ("محمد", "arabic"), ("42", "unknown")],
)
def test_a_name_is_of_the_script_of_most_of_its_letters(reference: Reference, name: str, script: str) -> None:
    assert name_script(facts(reference, signup(name))) == script


@pytest.mark.parametrize(
    ("born", "group"),
    [(2001, "up to 25"), (2000, "26 to 50"), (1976, "26 to 50"), (1975, "over 50"), (None, "unknown")],
)
def test_ages_are_those_of_the_year_of_the_signup(reference: Reference, born: int | None, group: str) -> None:
    assert age(facts(reference, signup(born=born))) == group


@pytest.mark.parametrize(
    ("school", "type_"),
    [
        ("University of Oxford", "university"),
        ("Université de Genève", "university"),
        ("Indian Institute of Science", "institute"),
        ("Pasadena City College", "college"),
        ("St Swithun's School", "school"),
        ("The Lab", "other"),
        (None, "none named"),
    ],
)
def test_institutions_are_of_the_type_that_their_name_says(
    reference: Reference, school: str | None, type_: str
) -> None:
    assert institution_type(facts(reference, signup(school=school))) == type_


@pytest.mark.parametrize(("others", "group"), [(4, "few"), (5, "shared")])
def test_an_address_is_shared_when_five_others_came_from_it(reference: Reference, others: int, group: str) -> None:
    seen = Linkage([(IdentifierKind.IP, Velocity((0, 0, 0, others, others, others), (0, 0, 0), 0, 0))])

    assert shared_address(facts(reference, signup(), seen)) == group


def test_a_carriers_address_is_shared_whoever_came_from_it(reference: Reference) -> None:
    home = facts(reference, signup())
    signals: Any = SimpleNamespace(network=replace(home.signals.network, mobile=True, version=4))

    assert shared_address(Facts(signup=home.signup, signals=signals, linkage=NO_HISTORY)) == "carrier NAT"
    assert connection(home) == "access"


def test_every_column_has_words_for_everybody(reference: Reference) -> None:
    nobody = facts(reference, signup(name="42", ip="127.0.0.1"))
    found: Sequence[Callable[[Facts], str]] = tuple(GROUPS.values())

    assert [group(nobody) for group in found] == ["unknown", "unknown", "unknown", "unknown", "none named"]
