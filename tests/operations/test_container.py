"""The image runs as nobody in particular, holds no secret, and is built only from what is pinned."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Instruction:
    stage: int
    word: str
    rest: str


@pytest.fixture
def dockerfile(repository: Path) -> list[Instruction]:
    text = re.sub(r"\\\n\s*", "", (repository / "Dockerfile").read_text())
    stage = -1
    instructions = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        instructions.append(Instruction(stage, word, rest))
    return instructions


def _last(dockerfile: list[Instruction], word: str) -> str:
    return [each.rest for each in dockerfile if each.word == word][-1]


def _serving(dockerfile: list[Instruction]) -> list[Instruction]:
    return [each for each in dockerfile if each.stage == 1]


def test_it_serves_with_nothing_to_say(dockerfile: list[Instruction]) -> None:
    assert json.loads(_last(dockerfile, "ENTRYPOINT")) == ["gatehouse"]
    assert json.loads(_last(dockerfile, "CMD")) == ["serve"]


def test_the_user_is_a_fixed_number_that_is_not_root(dockerfile: list[Instruction]) -> None:
    user, _, group = _last(dockerfile, "USER").partition(":")

    assert int(user) >= 1000
    assert int(group) >= 1000
    after = _serving(dockerfile)
    place = next(number for number, each in enumerate(after) if each.word == "USER")
    assert "RUN" not in [each.word for each in after[place:]]


def test_the_base_is_pinned_to_a_release(dockerfile: list[Instruction]) -> None:
    bases = [each.rest.removeprefix("BASE=") for each in dockerfile if each.word == "ARG"]

    assert len(bases) == 1
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+(\.\d+)?-slim-[a-z]+(@sha256:[0-9a-f]{64})?", bases[0])
    assert [each.rest for each in dockerfile if each.word == "FROM"] == ["${BASE} AS build", "${BASE}"]


def test_everything_from_an_index_is_hash_locked_and_serves(dockerfile: list[Instruction]) -> None:
    installs = [
        part for each in dockerfile if each.word == "RUN" for part in each.rest.split("&&") if "pip install" in part
    ]

    assert installs
    for install in installs:
        assert "--require-hashes" in install or "--no-deps" in install
        assert "train" not in install
        assert "test" not in install


def test_nothing_of_the_builder_but_the_environment_reaches_the_image(dockerfile: list[Instruction]) -> None:
    copies = [each.rest for each in _serving(dockerfile) if each.word in {"COPY", "ADD"}]

    assert copies == ["--from=build /opt/gatehouse /opt/gatehouse"]


def test_no_secret_is_baked_in(dockerfile: list[Instruction]) -> None:
    spoken = " ".join(each.rest for each in dockerfile if each.word in {"ENV", "ARG", "LABEL"})

    assert not re.search(r"KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL", spoken)


def test_health_is_asked_of_livez_without_extra_tools(dockerfile: list[Instruction]) -> None:
    check = _last(dockerfile, "HEALTHCHECK")

    assert "/livez" in check
    assert json.loads(check[check.index("[") :])[0] == "python3"


def test_a_builder_sees_only_what_the_image_is_made_of(repository: Path) -> None:
    lines = [line for line in (repository / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]

    assert lines[0] == "*"
    assert not {"!data", "!.env", "!.git", "!tests"} & set(lines)


def test_compose_gives_no_secret_a_default(repository: Path) -> None:
    text = (repository / "compose.yaml").read_text()
    spoken = re.findall(r"\$\{([A-Z_]+)([^}]*)\}", text)

    assert {name for name, _ in spoken} == {
        "POSTGRES_PASSWORD",
        "GATEHOUSE_ENCRYPTION_KEYS",
        "GATEHOUSE_PSEUDONYM_KEYS",
    }
    assert all(rest.startswith(":?") for _, rest in spoken)
    assert "read_only: true" in text
    assert "cap_drop: [ALL]" in text
