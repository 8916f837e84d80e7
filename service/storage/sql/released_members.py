"""Who is looked at again when a containment is released, in SQL, beside those of whom it made something."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any  # Any: conditions and statements of SQLAlchemy's Core are untyped

from sqlalchemy import BigInteger, Connection, exists, insert, literal, literal_column, select, update
from sqlalchemy.orm import aliased

from models.linkage.marks import Mark
from service.domain.containment import Progress, Role
from service.domain.decision import Decision
from service.storage.instants import microseconds_of
from service.storage.sql.cluster_tables import ClusterRow, MarkRow, MemberRow
from service.storage.sql.containment_tables import ContainedRow, ContainmentRow
from service.storage.sql.number_lists import numbers_of
from service.storage.sql.tables import AssessmentRow, LinkRow


def touched_to_no_effect(number: int) -> Any:
    """Those whom the containment touched when they were denied, or asked, before: perhaps for what another one held."""
    own = (
        (ContainedRow.containment_no == number)
        & (ContainedRow.progress == Progress.RESTORED.value)
        & ContainedRow.made_id.is_(None)
    )
    restoring = {"progress": Progress.RESTORING.value}
    return update(ContainedRow).where(own, _kept_out(ContainedRow.signup_no)).values(restoring)


def touched_meanwhile(numbers: Sequence[int], cluster: int, since: datetime, held_by: Collection[int]) -> Any:
    """Those whom none of them touched: of the cluster, and who carry what was held when they are in another one by now.

    One row each, of the first: whoever a hundred containments kept out is looked at once, too.
    """
    held = select(MarkRow.digest).where(MarkRow.signup_no.in_(held_by), MarkRow.mark == Mark.CONTAINED.value)
    here = (
        select(MemberRow.signup_no)
        .join(ClusterRow, ClusterRow.cluster_no == MemberRow.cluster_no)
        .where(ClusterRow.root_no == cluster)
    )
    touching = here.union(select(LinkRow.signup_no).where(LinkRow.digest.in_(held))).subquery()
    own = aliased(ContainedRow)
    touched = exists().where(own.containment_no.in_(numbers), own.signup_no == touching.c.signup_no)
    # Literals, so that PostgreSQL knows their types without a cast.
    columns = {
        "containment_no": literal(numbers[0], BigInteger),
        "signup_no": touching.c.signup_no,
        "role": literal_column(f"'{Role.LEAF.value}'"),
        "ties": literal_column("''"),
        "progress": literal_column(str(Progress.RESTORING.value)),
    }
    lately = AssessmentRow.decided_us >= microseconds_of(since)
    found = select(*columns.values()).where(_kept_out(touching.c.signup_no, lately), ~touched)
    return insert(ContainedRow).from_select([*columns], found)


def give_back_again(connection: Connection, signup_no: int) -> None:
    """See ``Containments.give_back_again``.

    Whoever gives it back, carries another one out or releases it waits for the locks on the containments, or was first.
    """
    of_signup = ContainedRow.signup_no == signup_no
    touching = select(ContainedRow.containment_no).where(of_signup)
    locking = select(ContainmentRow.containment_no).where(ContainmentRow.containment_no.in_(touching))
    if connection.dialect.name != "sqlite":
        locking = locking.order_by(ContainmentRow.containment_no).with_for_update(key_share=True)
    if not connection.execute(locking).all():
        return
    carried_out = ContainedRow.progress.in_([Progress.CHANGED.value, Progress.UNCHANGED.value])
    held = select(ContainedRow.signup_no).where(of_signup, carried_out, ContainedRow.made_id.is_(None))
    if connection.execute(held).first() is None:
        restored = of_signup & (ContainedRow.progress == Progress.RESTORED.value)
        connection.execute(update(ContainedRow).where(restored).values(progress=Progress.RESTORING.value))


def looks_owed(connection: Connection, signup_nos: Collection[int]) -> Any:
    """See ``Containments.looks_owed`` and ``Task.is_a_look``."""
    return (
        select(ContainedRow.__table__, ContainmentRow.id, ContainmentRow.released_us)
        .join(ContainmentRow, ContainmentRow.containment_no == ContainedRow.containment_no)
        .where(
            ContainedRow.signup_no.in_(numbers_of(connection, signup_nos)),
            ContainedRow.progress == Progress.RESTORING.value,
            ContainedRow.made_id.is_(None),
        )
        .order_by(ContainedRow.containment_no, ContainedRow.signup_no)
    )


def _kept_out(signup_no: Any, *when: Any) -> Any:
    """Whether a sign-up was denied or asked, and no containment will give back what it made of it.

    Who is in review waits for a person in any case.
    """
    other = aliased(ContainedRow)
    decision = AssessmentRow.decision.in_([Decision.DENY.value, Decision.STEP_UP.value])
    kept_out = exists().where(AssessmentRow.signup_no == signup_no, decision, *when)
    given_back = exists().where(
        other.signup_no == signup_no, other.made_id.is_not(None), other.progress != Progress.RESTORED.value
    )
    return kept_out & ~given_back
