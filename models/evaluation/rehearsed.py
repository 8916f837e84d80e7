"""Rehearsals in the report: how far operators got who react to the service, as ``gatehouse rehearse`` wrote it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from statistics import fmean

from models.evaluation.plots import Bar, bars
from models.evaluation.report_words import figure, words
from models.training.dataset import DatasetError

Arms = Mapping[str, Sequence[Mapping[str, float | None]]]
"""By defence (with linkage, without), the figures of each world; ``None`` where there was nothing to measure."""

GOALS: Mapping[str, tuple[float, bool]] = {
    "minutes_from_ban": (60, True),
    "minutes_to_follow": (60, True),
    "re_entry": (0.05, True),
    "re_entry_touching": (0.01, True),
    "re_entry_changed": (0.15, True),
    "cluster_recall": (0.85, False),
    "cluster_honest": (0.005, True),
    "found": (0.85, False),
    "honest_contained": (0, True),
    "groups_contained": (0, True),
    "honest_asked_in_attack": (0.05, True),
    "purity_loss": (0.005, True),
    "standby_exposed": (0.3, True),
}
"""What is hoped for in every attack, and whether that is the most it should be; of the others the least."""

LOW_IS_WORSE = frozenset(
    {"bans_followed", "closed_share", "cluster_recall", "in_bad_clusters", "found", "known", "lost_per_survivor"}
)
"""Of the other figures the largest of several worlds is the worst."""

_MEANT = (
    "Simulated operators who see decisions and bans attacked the service's own use cases: what a recorded stream "
    "cannot show. Means over worlds, the worst in brackets."
)


def read_rehearsal(path: Path) -> Mapping[str, Arms]:
    """The attacks of a rehearsal by name.

    Raises:
        DatasetError: the file holds something else, or cannot be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        for arms in found.values():
            for worlds in arms.values():
                for world in worlds:
                    _numbers(world)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DatasetError(f"{path} is no file that `gatehouse rehearse --out` writes: {error}") from error
    return dict(found)


def rehearsals(attacks: Mapping[str, Arms]) -> Iterator[str]:
    """The section about all of them, with the time to containment and the accounts let in as plots."""
    yield f"<h2>Attacks rehearsed</h2><p>{escape(_MEANT)}</p>"
    yield '<div class="plots">'
    yield figure("Minutes from an operator's first ban to containment", _plot(attacks, "minutes_from_ban"))
    yield figure("Accounts let in unasked before the first containment", _plot(attacks, "unasked_before_containment"))
    yield "</div>"
    for name, arms in attacks.items():
        yield f"<details><summary>{escape(name)}</summary>"
        yield '<div class="wide"><table><tr><th>Figure</th><th class="n">goal</th>'
        yield from (f'<th class="n">{escape(arm)}</th>' for arm in arms)
        yield "</tr>"
        figures = next((worlds[0] for worlds in arms.values() if worlds), {})
        for each in figures:
            cells = "".join(f'<td class="n">{cell(worlds, each)}</td>' for worlds in arms.values())
            yield f'<tr><td>{words(each)}</td><td class="n">{goal_of(each)}</td>{cells}</tr>'
        yield "</table></div></details>"


def cell(worlds: Sequence[Mapping[str, float | None]], name: str) -> str:
    """The mean of a figure over worlds, and its worst."""
    values = _values(worlds, name)
    if not values:
        return "-"
    worst = min(values) if name in LOW_IS_WORSE else max(values)
    return f"{fmean(values):,.3g} ({worst:,.3g})"


def goal_of(name: str) -> str:
    """What is hoped for, nothing for most figures."""
    if name not in GOALS:
        return ""
    goal, at_most = GOALS[name]
    return f"{'≤' if at_most else '≥'} {goal:g}"


def _numbers(world: Mapping[str, object]) -> None:
    for name, value in world.items():
        if value is not None and not (isinstance(value, int | float) and math.isfinite(value)):
            raise ValueError(f"{name} is no number")


def _plot(attacks: Mapping[str, Arms], name: str) -> str:
    entries = []
    for attack, arms in attacks.items():
        for place, (arm, worlds) in enumerate(arms.items()):
            if values := _values(worlds, name):
                mean = fmean(values)
                entries.append(
                    Bar(f"{attack}, {arm}", mean, f"{mean:,.0f}", min(values), max(values), strong=place > 0)
                )
    return bars(words(name), entries)


def _values(worlds: Sequence[Mapping[str, float | None]], name: str) -> list[float]:
    return [value for each in worlds if (value := each.get(name)) is not None]
