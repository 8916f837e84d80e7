"""Every attack family, in one list."""

from __future__ import annotations

from models.simulation.attackers.campaign import Campaign
from models.simulation.attackers.crude_script import CrudeScript
from models.simulation.attackers.hydra import Hydra
from models.simulation.attackers.mailbox_farm import MailboxFarm

FAMILIES: tuple[type[Campaign], ...] = (CrudeScript, MailboxFarm, Hydra)
"""A1 to A20."""
