"""Eight weeks of the learning loop on a simulated world, in which an attack family appears that nobody has seen.

    python examples/eight_weeks.py --directory /tmp/eight-weeks

Sign-ups, results of challenges and outcomes reach the service over its HTTP interface, on a simulated clock; the worker
does its rounds; and from the fourth week on two commands of the operator run every Monday:

    gatehouse model retrain --until MONDAY --ripen-days 7 --beside DATA_DIR/world.parquet --version week-N
    gatehouse model promote week-N --on DATA_DIR/datasets/….parquet

A few thousand decisions are too few to grow trees from alone, so that they learn from another simulated world beside,
in which the family that appears is held out.

Nobody tells the loop what is true: it learns from outcomes that come late, are sometimes wrong and mostly never come.
Only the report at the end knows the truth.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from models import registry
from models.evaluation.metrics import threshold_at
from models.features.catalogue import FEATURES
from models.signup import Signup
from models.signup_document import document_of_signup
from models.simulation.attackers.families import FAMILIES
from models.simulation.attackers.muster import muster
from models.simulation.calendar import Calendar
from models.simulation.honest.kinds import HONEST_KINDS
from models.simulation.streams import Streams
from models.simulation.tables.tables import load_tables
from models.simulation.truth import DecisionWord, Truth
from models.simulation.world import World
from models.training.recorded import read_rows
from models.training.replayed import DEFAULT_HOLD_OUT
from service.app import application_of, create_app
from service.config import PREFIX, read_settings
from service.jobs import jobs_of
from service.observability import configure_logging
from service.worker import Worker

START = datetime(2026, 5, 4, tzinfo=UTC)
"""A Monday outside every start of term."""

WEEKS, NEW_FAMILY_WEEK = 8, 5
RIPEN_DAYS = 7
"""Half of the frauds are reported after two days, nine in ten after twelve: who waits longer learns too late here."""

RATE = 0.01
WORLDS_OWN = "world"
CATALOGUE = [feature.name for feature in FEATURES]
WEEK = timedelta(days=7)
RUN_BY_THE_FLOW = {"phone_code", "three_d_secure", "document_check", "supervisor_attestation"}


@dataclass
class Clock:
    """The simulated time."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Answered:
    """What a sign-up was answered, beside what is true of it."""

    truth: Truth
    at: datetime
    decision: str
    model: str

    @property
    def week(self) -> int:
        return (self.at - START) // WEEK + 1


@dataclass
class Service:
    """The application as its callers and its operator use it."""

    directory: Path
    clock: Clock
    refused: int = 0
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self.environment = plain | {f"{PREFIX}DATA_DIR": str(self.directory), f"{PREFIX}LOG_LEVEL": "error"}
        self.run("db", "upgrade")
        token = self.run("keys", "create", "--name", "loop", "--scope", "signups", "--scope", "outcomes").stdout.strip()
        settings = read_settings(self.environment)
        configure_logging(level=settings.log_level)
        self.app = create_app(settings, clock=self.clock)
        self.parts = application_of(self.app)
        self.worker = Worker(jobs_of(self.parts.store, settings, self.parts.reference), now=self.clock)
        self.client = self.app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"}

    @property
    def beside(self) -> Path:
        """The data set of another world, where one was made."""
        return self.directory / "world.parquet"

    def make_beside(self, days: float, *, hold_out: Sequence[str]) -> None:
        """Another simulated world as a data set, with families held out; the model that it gives is not used."""
        world = str(self.directory / "world.jsonl.zst")
        people = ("--honest-per-day", "700", "--seed", "7")
        left_out = [word for name in hold_out for word in ("--hold-out", name)]
        self.run("simulate", "--days", str(days), *people, "--out", world)
        made = self.run(
            *("model", "train", "--signups", world, *left_out),
            *("--dataset-out", str(self.beside), "--version", WORLDS_OWN),
        )
        if made.returncode:
            raise RuntimeError(made.stderr[-2_000:])

    def post(self, path: str, document: Any) -> dict[str, Any] | None:
        """What is answered; ``None`` when it is refused, as the result of a challenge that has ended is."""
        answer = self.client.post(path, json=document, headers=self.headers)
        if answer.status_code >= 400:
            self.refused += 1
            return None
        found: dict[str, Any] = answer.get_json()
        return found

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of the operator."""
        return subprocess.run(  # noqa: S603 - this very program, with arguments of our own
            [sys.executable, "-m", "service.cli", *command],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def retrain(self, week: int) -> str:
        """What the operator does on the Monday after a week; what came of it, in words."""
        version, until = f"week-{week}", START + week * WEEK
        beside = ("--beside", str(self.beside)) if self.beside.exists() else ()
        made = self.run(
            *("model", "retrain", "--until", f"{until:%Y-%m-%d}", "--ripen-days", str(RIPEN_DAYS)),
            *(*beside, "--version", version),
        )
        if made.returncode:
            return f"not trained: {made.stderr.strip().splitlines()[-1]}"
        directory = read_settings(self.environment).model_dir
        kept = self.directory / "datasets" / f"{registry.card_of(directory, version).data.sha256}.parquet"
        promoted = self.run("model", "promote", version, "--on", str(kept))
        self.log.append(promoted.stdout + promoted.stderr)
        if promoted.returncode:
            return promoted.stderr.strip().splitlines()[-1].removeprefix("gatehouse: ").removeprefix("Error: ")
        self._wait_for(version)
        return f"{version} scores from now on"

    def _wait_for(self, version: str) -> None:
        while (model := self.parts.model()) is None or model.card.version != version:
            time.sleep(0.1)


class Loop:
    """The world, the service between its people, and what is said of them afterwards."""

    def __init__(self, service: Service, chosen: argparse.Namespace, told: Callable[[str], None]) -> None:
        self.service, self.chosen, self.told = service, chosen, told
        self.answers: list[Answered] = []
        self.history: list[tuple[int, str]] = []
        self.due: list[tuple[datetime, int, str, Any]] = []
        self.worked = 0.0
        self._order = itertools.count()
        self._answer: dict[str, Any] = {}
        self._next_round, self._next_monday = START, START + WEEK

    def play(self) -> None:
        """Eight weeks."""
        for each in self.world():
            truth, answer, at = each.truth, self._answer, each.signup.occurred_at
            self.answers.append(Answered(truth, at, answer["decision"], (answer["model"] or {}).get("version", "none")))
            self._will_be_said(truth, answer, at)
        self._until(START + WEEKS * WEEK)

    def world(self) -> Iterator[Any]:
        """Honest people and families that the shipped model has met from the start, the new family from its week on."""
        chosen = self.chosen
        world = World(
            tables=load_tables(1), streams=Streams(chosen.seed), start=START, days=7.0 * WEEKS, kinds=HONEST_KINDS,
            accidental_sharing=0.002, feedback=self.decide,
        )  # fmt: skip
        honest = world.expected_honest(chosen.honest_per_day)
        known = tuple(each for each in FAMILIES if each.family not in DEFAULT_HOLD_OUT)
        new = tuple(each for each in FAMILIES if each.family == chosen.family)
        later = START + (NEW_FAMILY_WEEK - 1) * WEEK
        weeks_left = 7.0 * (WEEKS - NEW_FAMILY_WEEK + 1)
        calendar = Calendar(load_tables(1).places, later, weeks_left, Streams(chosen.seed + 1).of("calendar"))
        fraud = honest * chosen.prevalence / (1 - chosen.prevalence)
        operators = muster(known, accounts=fraud, calendar=world.calendar, people=world.crew)
        operators += muster(new, accounts=chosen.accounts, calendar=calendar, people=world.crew)
        for operator in operators:
            world.enlist(operator)
        return world.play(chosen.honest_per_day)

    def decide(self, signup: Signup) -> DecisionWord:
        """The service's own answer is what people and operators meet."""
        self._until(signup.occurred_at)
        self.service.clock.at = signup.occurred_at
        answer = self.service.post("/v1/signups", document_of_signup(signup))
        if answer is None:
            raise RuntimeError(f"{signup.signup_id} was refused")
        self._answer = answer
        decision: DecisionWord = answer["decision"]
        return decision

    def _will_be_said(self, truth: Truth, answer: dict[str, Any], at: datetime) -> None:
        """Results of challenges within the hour, verdicts within two days, outcomes when they come."""
        if truth.challenge is not None:
            for challenge in answer["challenges"]:
                if challenge["method"] in RUN_BY_THE_FLOW:
                    path = f"/v1/challenges/{challenge['id']}/result"
                    self._later(truth.challenge.known_at, path, _result(truth, challenge))
        if truth.decision == "review":
            self._outcome(truth, "legitimate" if truth.let_in else "fraud", "reviewer", at + timedelta(days=1))
        if truth.outcome is not None:
            source = "traffic_classifier" if truth.outcome.label == "fraud" else "support"
            self._outcome(truth, truth.outcome.label, source, truth.outcome.known_at)
            if truth.outcome.corrected_at is not None:
                self._outcome(truth, "unknown", source, truth.outcome.corrected_at)

    def _outcome(self, truth: Truth, label: str, source: str, at: datetime) -> None:
        said = {"signup_id": truth.signup_id, "label": label, "reason": "simulated", "source": source}
        self._later(at, "/v1/outcomes", said)

    def _later(self, at: datetime, path: str, document: Any) -> None:
        heapq.heappush(self.due, (at, next(self._order), path, document))

    def _until(self, now: datetime) -> None:
        """Everything that is due by ``now``, in the order of time."""
        while True:
            said_at = self.due[0][0] if self.due else now + WEEK
            at = min(said_at, self._next_round, self._next_monday)
            if at > now:
                return
            self.service.clock.at = max(self.service.clock.at, at)
            if at == said_at:
                _, _, path, document = heapq.heappop(self.due)
                self.service.post(path, document)
            elif at == self._next_round:
                # Minutes after midnight, when the day can be rolled up.
                self.service.clock.at = at + timedelta(minutes=5)
                began = time.process_time()
                self.service.worker.round(patiently=True)
                self.worked += time.process_time() - began
                self._next_round += timedelta(days=1)
            else:
                self._monday()

    def _monday(self) -> None:
        week = (self._next_monday - START) // WEEK
        self._next_monday += WEEK
        busy = f"{time.process_time():.0f} s of processor time so far, {self.worked:.0f} s of them the worker's"
        self.told(f"week {week} is over: {sum(each.week == week for each in self.answers):,} sign-ups; {busy}")
        if self.chosen.first_retraining <= week < WEEKS:
            came = self.service.retrain(week)
            self.history.append((week, came))
            self.told(f"  {came}")


def _result(truth: Truth, challenge: dict[str, Any]) -> dict[str, Any]:
    if truth.challenge is None or not truth.challenge.passed:
        return {"status": "failed"}
    if challenge["method"] == "supervisor_attestation":
        return {"status": "passed", "evidence": {"attester_email": f"adviser.{truth.signup_id}@ox.ac.uk"}}
    return {"status": "passed"}


def report(loop: Loop) -> Iterator[str]:
    """The champion's history, what became of whom week by week, and each model on the last two weeks."""
    family = loop.chosen.family
    yield f"# Eight weeks, {len(loop.answers):,} sign-ups; {family} appears in week {NEW_FAMILY_WEEK}\n"
    yield "## The champion's history\n"
    yield f"- week 1: {loop.answers[0].model} scores"
    yield from (f"- after week {week}: {came}" for week, came in loop.history)
    yield "\n## Asked for a proof, held or refused\n"
    yield f"| week | scored by | honest people | known families | {family} |"
    yield "|---|---|---|---|---|"
    for week in range(1, WEEKS + 1):
        of_week = [each for each in loop.answers if each.week == week]
        groups = (
            [each for each in of_week if not each.truth.fraud],
            [each for each in of_week if each.truth.fraud and each.truth.kind != family],
            [each for each in of_week if each.truth.kind == family],
        )
        models = ", ".join(sorted({each.model for each in of_week}))
        yield f"| {week} | {models} | {' | '.join(map(_stopped, groups))} |"
    yield from _models(loop, family)


def _stopped(group: Sequence[Answered]) -> str:
    stopped = sum(each.decision != "allow" for each in group)
    return f"{stopped:,} of {len(group):,} ({stopped / len(group):.1%})" if group else "none"


def _models(loop: Loop, family: str) -> Iterator[str]:
    """Recall at one false positive in a hundred on the last week, which no model has learnt from, as it was logged."""
    service = loop.service
    vectors = service.directory / "vectors.parquet"
    service.run("signups", "export", "--vectors", str(vectors))
    answers = {each.truth.signup_id: each for each in loop.answers if each.week == WEEKS}
    rows = [row for row in read_rows(vectors) if row.signup_id in answers and set(row.features) == set(CATALOGUE)]
    truths = [answers[row.signup_id].truth for row in rows]
    # An export names its columns by the alphabet.
    matrix = np.stack([row.vector[[row.features.index(name) for name in CATALOGUE]] for row in rows])
    fraud = np.array([truth.fraud for truth in truths])
    new = np.array([truth.kind == family for truth in truths])
    yield f"\n## Recall at {RATE:.0%} false positives in the last week ({(~fraud).sum():,} honest people)\n"
    yield f"| model | known families ({(fraud & ~new).sum():,}) | {family} ({new.sum():,}) |"
    yield "|---|---|---|"
    directory = read_settings(service.environment).model_dir
    versions = [card.version for card in registry.list_cards(directory)]
    for version in (registry.BASELINE, *sorted({*versions} - {WORLDS_OWN})):
        scorer = registry.load_by_name(directory, version, catalogue=CATALOGUE).scorer
        scores = np.array([each.probability for each in scorer.score_rows(matrix)])
        line = threshold_at(scores, fraud.astype(np.int8), RATE)
        yield f"| {version} | {(scores[fraud & ~new] >= line).mean():.3f} | {(scores[new] >= line).mean():.3f} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the eight weeks; 1 when a command failed in a way that is no refusal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", type=Path, required=True, help="Where the database and the models go; empty.")
    parser.add_argument("--family", default="A11", help="The family that appears in week five.")
    parser.add_argument("--accounts", type=float, default=700.0, help="How many accounts it opens.")
    parser.add_argument("--honest-per-day", type=float, default=450.0)
    parser.add_argument("--prevalence", type=float, default=0.08, help="The share of the families known before.")
    parser.add_argument(
        "--beside-days", type=float, default=40.0, help="Of another world to learn from too; 0 is none."
    )
    parser.add_argument("--first-retraining", type=int, default=4, help="After which week.")
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args(arguments)
    began = time.monotonic()

    def told(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:7.0f} s  {line}\n")

    service = Service(chosen.directory, Clock())
    if chosen.beside_days:
        service.make_beside(chosen.beside_days, hold_out=[*DEFAULT_HOLD_OUT, chosen.family])
        told(f"{chosen.beside_days:g} days of another world lie beside")
    loop = Loop(service, chosen, told)
    loop.play()
    text = "\n".join(report(loop)) + "\n"
    (chosen.directory / "report.md").write_text(text, encoding="utf-8")
    (chosen.directory / "gates.txt").write_text(re.sub(r"\n{2,}", "\n", "\n".join(loop.service.log)), encoding="utf-8")
    sys.stdout.write(text)
    told(f"{loop.service.refused:,} results or outcomes were refused; the report is {chosen.directory / 'report.md'}")
    loop.service.parts.store.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
