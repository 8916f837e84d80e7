"""Every honest kind, in one list."""

from __future__ import annotations

from models.simulation.arrival import HonestKind
from models.simulation.honest.alumni import Alumni
from models.simulation.honest.classrooms import Classrooms
from models.simulation.honest.cohorts import Cohorts
from models.simulation.honest.displaced import Displaced
from models.simulation.honest.event_goers import EventGoers
from models.simulation.honest.everyday import CAMPUS, INDEPENDENT_RESEARCHERS, UNLISTED_SCHOOLS, WEBMAIL_STUDENTS
from models.simulation.honest.families import Families
from models.simulation.honest.laboratories import Laboratories
from models.simulation.honest.mobile_only import MobileOnly
from models.simulation.honest.privacy_users import PrivacyUsers
from models.simulation.honest.residences import Residences
from models.simulation.honest.returners import Returners
from models.simulation.honest.visitors import Visitors

HONEST_KINDS: tuple[HonestKind, ...] = (
    CAMPUS,
    WEBMAIL_STUDENTS,
    UNLISTED_SCHOOLS,
    Classrooms(),
    Residences(),
    Laboratories(),
    PrivacyUsers(),
    Displaced(),
    INDEPENDENT_RESEARCHERS,
    Families(),
    MobileOnly(),
    Visitors(),
    Returners(),
    Cohorts(),
    Alumni(),
    EventGoers(),
)
"""H1 to H17. H16, accidental sharing, is no kind of person: it is laid over everybody by the world."""
