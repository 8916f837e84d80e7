"""The signals of a sign-up: facts derived from it and the reference data, in one bundle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_type_hints

from models.frozen import frozen
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


@frozen
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
    return _compared(
        signup,
        reference,
        identity=identity_signals(signup, reference),
        email=email_signals(signup, reference),
        phone=phone_signals(signup, reference),
        payment=payment_signals(signup, reference),
        device=device_signals(signup, reference),
        network=network_signals(signup, reference),
        behaviour=behaviour_signals(signup, reference),
    )


def derive_signals_of_all(signups: Sequence[Signup], reference: Reference) -> list[Signals]:
    """The signals of each, as ``derive_signals`` makes them; one group after the other."""
    groups = zip(
        signups,
        [identity_signals(each, reference) for each in signups],
        [email_signals(each, reference) for each in signups],
        [phone_signals(each, reference) for each in signups],
        [payment_signals(each, reference) for each in signups],
        [device_signals(each, reference) for each in signups],
        [network_signals(each, reference) for each in signups],
        [behaviour_signals(each, reference) for each in signups],
        strict=True,
    )
    return [
        _compared(
            signup,
            reference,
            identity=identity,
            email=email,
            phone=phone,
            payment=payment,
            device=device,
            network=network,
            behaviour=behaviour,
        )
        for signup, identity, email, phone, payment, device, network, behaviour in groups
    ]


def derive_signals_without(signup: Signup, reference: Reference, *, whole: Signup, derived: Signals) -> Signals:
    """The signals of a sign-up with some optional fields left out, where those of the whole one are known already.

    The same as ``derive_signals``, in a fraction of the time: groups whose fields are all there are taken over.
    ``signup`` is ``whole`` but for optional fields; mailbox, name, address and time are the same.
    """
    same_person, same_phone = signup.identity is whole.identity, signup.phone == whole.phone
    same_country = signup.identity.country == whole.identity.country
    same_report = signup.device.network is whole.device.network
    told_alike = (
        same_person and same_phone and signup.behaviour is whole.behaviour and signup.prior_checks is whole.prior_checks
    )
    return _compared(
        signup,
        reference,
        identity=derived.identity if same_person else identity_signals(signup, reference),
        email=derived.email,
        phone=derived.phone if same_phone and same_country else phone_signals(signup, reference),
        payment=derived.payment if signup.payment is whole.payment else payment_signals(signup, reference),
        device=derived.device if signup.device is whole.device else device_signals(signup, reference),
        network=derived.network if same_report else network_signals(signup, reference),
        behaviour=derived.behaviour if told_alike else behaviour_signals(signup, reference),
    )


def _compared(
    signup: Signup,
    reference: Reference,
    *,
    identity: IdentitySignals,
    email: EmailSignals,
    phone: PhoneSignals,
    payment: PaymentSignals,
    device: DeviceSignals,
    network: NetworkSignals,
    behaviour: BehaviourSignals,
) -> Signals:
    """The groups that one part gives each, with those that compare parts."""
    return Signals(
        identity=identity,
        email=email,
        phone=phone,
        payment=payment,
        device=device,
        network=network,
        behaviour=behaviour,
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
