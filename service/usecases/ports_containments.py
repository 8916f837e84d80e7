"""What the use cases need of containments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from service.domain.containment import Containment, Done, InCore, Looked, Task, Touched


class Containments(Protocol):
    """Containments with the members they touch, and how clusters looked when they were judged."""

    def next_number(self) -> int:
        """The number that the next containment may take."""
        ...

    def of_cluster(self, cluster: int) -> Sequence[Containment]:
        """Those of a cluster and of what became part of it, newest first."""
        ...

    def touching(self, cluster: int) -> Sequence[Containment]:
        """Those that touch members who are in a cluster now, wherever they were opened, newest first."""
        ...

    def waiting(self) -> Sequence[Containment]:
        """Those that wait for a second person, oldest first."""
        ...

    def released(self, *, since: datetime) -> Sequence[Containment]:
        """Those that were released since an instant, oldest first."""
        ...

    def touched(self, number: int, *, after_no: int = 0, limit: int | None = None) -> Sequence[Touched]:
        """The members that a containment touches, by number."""
        ...

    def standing_among(self, signup_nos: Collection[int]) -> frozenset[int]:
        """Which of these sign-ups are in the core of a containment that stands or waits to be confirmed."""
        ...

    def asked_among(self, signup_nos: Collection[int]) -> frozenset[int]:
        """Which of these sign-ups hang on the core of a containment that stands or waits to be confirmed."""
        ...

    def released_among(self, signup_nos: Collection[int]) -> frozenset[int]:
        """Which of these sign-ups were in the core of a containment that stood until somebody released it, or that the
        worker asked for and somebody declined.
        """
        ...

    def released_at(self, signup_nos: Collection[int]) -> Mapping[int, datetime]:
        """The same sign-ups, each with when that was last."""
        ...

    def cores(self, *, at: datetime) -> Sequence[InCore]:
        """Who was in the core of a containment that stood at an instant, by number; of several the first."""
        ...

    def open(self, containment: Containment, touched: Sequence[Touched]) -> None:
        """Stage a containment with the members it touches, which wait.

        Raises (from ``commit``):
            ConflictError: another one took its number at the same moment.
        """
        ...

    def part(self, number: int, fresh: Containment, signup_nos: Collection[int], *, carried: Mapping[int, int]) -> None:
        """Stage that members whom a containment touches are touched by a new one in its place.

        ``fresh`` stands as the other one does, and counts these members alone; what was done about them goes with them.
        ``carried`` says how many identifiers whoever is in its core had when it was read what either part is to hold.

        Raises (from ``commit``):
            ConflictError: the other one is no longer as it was, or another one took the new number.
            TakenError: one of the core learnt something meanwhile.
        """
        ...

    def touch(self, number: int, touched: Touched) -> None:
        """Stage: a containment touches a further member, which waits; nothing when it stands no longer.

        A leaf of it may become part of its core; what was made of it is restored to what stood before both.
        """
        ...

    def confirm(self, confirmed: Containment, *, without: Collection[int] = ()) -> None:
        """Stage: it stands from now on as it is given, ``without`` these of the members that it was to touch.

        Raises (from ``commit``):
            ConflictError: it no longer waits to be confirmed.
        """
        ...

    def release(self, number: int, *, at: datetime, by: str) -> None:
        """Stage: it stands no longer; what it changed is to be restored, where it changed nothing nothing is.

        Raises (from ``commit``):
            ConflictError: it was released already.
        """
        ...

    def decline(self, number: int, *, at: datetime, by: str) -> None:
        """Stage: it waits no longer and never stood; nobody was touched.

        Raises (from ``commit``):
            ConflictError: it no longer waits.
        """
        ...

    def still_wait(self, numbers: Collection[int]) -> None:
        """Stage nothing but a condition: these wait to be confirmed until all of this is committed.

        Raises (from ``commit``):
            ConflictError: one of them waits no longer.
        """
        ...

    def look_again_at(self, numbers: Sequence[int], *, cluster: int, since: datetime, held_by: Collection[int]) -> None:
        """Stage, for containments that are released together: also whoever they kept out since an instant, untouched.

        They were denied or asked, are of the cluster or carry what the containments ``held_by`` ever held, wherever
        they are by now; none of these ever touched them, and no containment made anything of them that is still to be
        given back. Each is owed one look, by the first of these.
        """
        ...

    def look_again_at_touched(self, number: int) -> None:
        """Stage, for a containment that is released: also whom it touched when he was denied or asked before.

        It made nothing of them, and perhaps another one had held what they carry.
        """
        ...

    def give_back_again(self, signup_no: int) -> None:
        """Stage, for a sign-up of which a verdict is taken back: what released containments had made of it is to be
        given back once more, and whom they kept out is looked at, as the verdict may have kept that from being done.

        Not where another one holds it as it is, whose release looks at it. Whoever gives it back at the same moment has
        done so before, or sees that more was said of it.
        """
        ...

    def undone(self, signup_nos: Collection[int]) -> Mapping[str, str]:
        """What released containments made of these sign-ups: by the assessment that was made the one before it."""
        ...

    def made(self, signup_nos: Collection[int]) -> frozenset[str]:
        """The assessments that containments which stand made of these sign-ups."""
        ...

    def stands_as(self, signup_no: int, made_id: str, copy_id: str) -> None:
        """Stage: what a containment made of a sign-up stands as this copy from now on, and is undone as the copy."""
        ...

    def tasks(self, *, limit: int) -> Sequence[Task]:
        """Members about which something is to be done, of containments that stand or were released, oldest first."""
        ...

    def looks_owed(self, signup_nos: Collection[int]) -> Sequence[Task]:
        """Every look that released containments owe these sign-ups; see ``Task.is_a_look``."""
        ...

    def done(self, done: Sequence[Done]) -> None:
        """Stage what was done.

        Raises (from ``commit``):
            ConflictError: somebody else did it at the same moment; nothing is written.
        """
        ...

    def due(self, *, judged_from: int, failed_from: int, limit: int) -> Sequence[Looked]:
        """Clusters to be judged, as they look now.

        See ``Looked.is_due_after``: those whose known frauds or failed proofs changed, and those that have grown.
        """
        ...

    def judged(self, looked: Looked, *, at: datetime) -> None:
        """Stage: a cluster was judged as it looked then."""
        ...

    def judge_again(self, clusters: Collection[int], *, since: datetime) -> None:
        """Stage: whichever of these clusters was judged after an instant is to be judged again."""
        ...
