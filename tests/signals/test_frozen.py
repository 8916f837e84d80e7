"""A class that is made quickly is a frozen dataclass in every other way."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from models.frozen import frozen


@frozen
class Made:
    """One of each sort of field."""

    one: int
    two: str | None = None
    three: dict[str, int] = field(default_factory=dict, metadata={"personal": True})


@dataclass(frozen=True, slots=True)
class Usual:
    """The same."""

    one: int
    two: str | None = None
    three: dict[str, int] = field(default_factory=dict, metadata={"personal": True})


def test_it_holds_what_it_was_given_and_its_defaults() -> None:
    assert [Made(1).one, Made(1).two, Made(1).three] == [1, None, {}]
    assert Made(1, three={"a": 1}, two="x") == Made(1, "x", {"a": 1}) != Made(1, "x")
    assert Made(1).three is not Made(1).three


def test_it_cannot_be_changed() -> None:
    made = Made(1)

    with pytest.raises(FrozenInstanceError):
        made.one = 2  # type: ignore[misc]  # what is being tested
    with pytest.raises(FrozenInstanceError):
        del made.one
    assert type(made) is Made
    assert not hasattr(made, "__dict__")


@pytest.mark.parametrize("given", [{}, {"one": 1, "four": 4}, {"two": "x"}])
def test_what_does_not_fit_is_refused_as_usual(given: dict[str, object]) -> None:
    with pytest.raises(TypeError) as usual:
        Usual(**given)  # type: ignore[arg-type]  # the same
    with pytest.raises(TypeError) as refused:
        Made(**given)  # type: ignore[arg-type]  # the same

    assert str(refused.value) == str(usual.value).replace("Usual", "Made")


def test_it_is_copied_replaced_pickled_hashed_and_shown_as_usual() -> None:
    made = Made(1, "x", {"a": 1})

    assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == made
    assert replace(made, one=2) == Made(2, "x", {"a": 1})
    assert repr(made) == repr(Usual(1, "x", {"a": 1})).replace("Usual", "Made")
    assert [each.name for each in fields(Made)] == ["one", "two", "three"]
    assert list(inspect.signature(Made).parameters) == ["one", "two", "three"]


def test_what_would_not_work_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="derives from"):
        type("Derived", (Made,), {})
    with pytest.raises(TypeError, match="__post_init__"):
        frozen(type("Checked", (), {"__post_init__": lambda _: None}))
