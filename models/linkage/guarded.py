"""What a guard hides: counted on the shared identifier itself, so that keeping it from joining lowers no score.

Whoever grows verified-good accounts on a device earns that it ties nobody. The newcomers whom he then signs up on it
keep company, for the score, with everybody who has it, as they would without the guard; they join no cluster all the
same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from models.linkage.company import Company
from models.linkage.marks import UNMARKED, Marks
from models.linkage.velocity import Counts, Window


@dataclass(frozen=True, slots=True)
class Hidden:
    """An identifier that evidence made shared: its counts, what is known of it, since when it leads to a cluster."""

    velocity: Counts
    founded_us: int
    marks: Marks = UNMARKED


def with_hidden(company: Company, hidden: Iterable[Hidden], *, now_us: int) -> Company:
    """The company in numbers as it would be at least if these identifiers tied; which clusters it joins stays."""
    for each in hidden:
        links = dict(zip(Window, each.velocity.links, strict=True))
        company = replace(
            company,
            size=max(company.size, links[Window.YEAR]),
            growth_1h=max(company.growth_1h, links[Window.HOUR]),
            growth_24h=max(company.growth_24h, links[Window.DAY]),
            frauds=max(company.frauds, each.marks.banned),
            good=max(company.good, each.marks.good),
            age_us=max(company.age_us, now_us - each.founded_us),
        )
    return company
