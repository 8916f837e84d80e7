"""Every attack family, in one list."""

from __future__ import annotations

from models.simulation.attackers.aged_mailboxes import AgedMailboxes
from models.simulation.attackers.anti_detect import AntiDetect
from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.cover_traffic import CoverTraffic
from models.simulation.attackers.cross_programme import CrossProgramme
from models.simulation.attackers.crude_script import CrudeScript
from models.simulation.attackers.drip import Drip
from models.simulation.attackers.fake_institution import FakeInstitution
from models.simulation.attackers.hydra import Hydra
from models.simulation.attackers.insider import Insider
from models.simulation.attackers.mailbox_farm import MailboxFarm
from models.simulation.attackers.mules import Mules
from models.simulation.attackers.personas import Personas
from models.simulation.attackers.phone_farm import PhoneFarm
from models.simulation.attackers.poisoner import Poisoner
from models.simulation.attackers.replacer import Replacer
from models.simulation.attackers.resellers import Resellers
from models.simulation.attackers.shared_broker import SharedBroker
from models.simulation.attackers.standby_pool import StandbyPool
from models.simulation.attackers.stolen_cards import StolenCards
from models.simulation.attackers.virtual_cards import VirtualCards

FAMILIES: tuple[type[Campaign], ...] = (
    CrudeScript,
    MailboxFarm,
    Hydra,
    AgedMailboxes,
    VirtualCards,
    AntiDetect,
    Drip,
    Replacer,
    Resellers,
    Insider,
    PhoneFarm,
    StolenCards,
    FakeInstitution,
    Personas,
    CoverTraffic,
    StandbyPool,
    CrossProgramme,
    SharedBroker,
    Mules,
    Poisoner,
)
"""A1 to A20."""
