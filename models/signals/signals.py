"""The signals of a sign-up: facts derived from it and the reference data, in one bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_type_hints

from models.reference.reference import Reference
from models.signals.behaviour import BehaviourSignals, behaviour_signals
from models.signals.calendar import CalendarSignals, calendar_signals
from models.signals.consistency import ConsistencySignals, consistency_signals
from models.signals.device import DeviceSignals, device_signals
from models.signals.email import EmailSignals, email_signals
from models.signals.identity import IdentitySignals, identity_signals
from models.signals.network import NetworkSignals, network_signals
from models.signals.payment import PaymentSignals, payment_signals
from models.signals.personal import SignalValue, open_fields, open_part
from models.signals.phone import PhoneSignals, phone_signals
from models.signup import Signup


@dataclass(frozen=True, slots=True)
class Signals:
    """All groups. Fields marked personal serve identifiers and features inside the process only."""

    identity: IdentitySignals
    email: EmailSignals
    phone: PhoneSignals
    payment: PaymentSignals
    device: DeviceSignals
    network: NetworkSignals
    behaviour: BehaviourSignals
    consistency: ConsistencySignals
    calendar: CalendarSignals

    def as_document(self) -> dict[str, dict[str, SignalValue]]:
        """The signals without personal data, as they are stored in clear, shown to reviewers and read by rules."""
        return {group: open_part(getattr(self, group), names) for group, names in _OPEN.items()}


_OPEN = {group: open_fields(kind) for group, kind in get_type_hints(Signals).items()}


def derive_signals(signup: Signup, reference: Reference) -> Signals:
    """The signals of any sign-up that passed the schema; what the person did not tell is missing, never an error."""
    identity = identity_signals(signup, reference)
    email = email_signals(signup, reference)
    phone = phone_signals(signup, reference)
    payment = payment_signals(signup, reference)
    device = device_signals(signup, reference)
    network = network_signals(signup, reference)
    return Signals(
        identity=identity,
        email=email,
        phone=phone,
        payment=payment,
        device=device,
        network=network,
        behaviour=behaviour_signals(signup, reference),
        consistency=consistency_signals(
            signup,
            reference,
            identity=identity,
            email=email,
            phone=phone,
            payment=payment,
            device=device,
            network=network,
        ),
        calendar=calendar_signals(signup, reference, identity=identity, email=email, payment=payment, network=network),
    )
