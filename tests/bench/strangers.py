"""People who are like another without being tied to anybody."""

from __future__ import annotations

import dataclasses
from ipaddress import ip_address

from models.signup import Signup


def stranger(signup: Signup, number: int) -> Signup:
    """The person of a number who is like this one: nothing by which people are tied is the same.

    Whoever comes to the hot ones must not tie them to each other, nor to those who come on their own.
    """
    payment, phone = signup.payment, signup.phone
    if payment is not None and payment.fingerprint is not None:
        payment = dataclasses.replace(payment, fingerprint=f"{payment.fingerprint}-{number}")
    if phone is not None:
        phone = f"{phone[:-2]}{(int(phone[-2:]) + 30 * number) % 100:02}"
    identity = dataclasses.replace(signup.identity, full_name=f"{signup.identity.full_name} {'I' * number}", orcid=None)
    if payment is not None and payment.cardholder_name is not None:
        payment = dataclasses.replace(payment, cardholder_name=f"{payment.cardholder_name} {'I' * number}")
    device = dataclasses.replace(
        signup.device, device_id=f"{signup.device.device_id}-{number}", ip=_neighbour(signup.device.ip, number)
    )
    return dataclasses.replace(
        signup, identity=identity, email=f"{number}{signup.email}", phone=phone, payment=payment, device=device
    )


def _neighbour(address: str, number: int) -> str:
    """Another address of the same prefix: with one and the same browser it would tie two people."""
    known = ip_address(address)
    return str(type(known)(int(known) ^ number << (6 if known.version == 4 else 70)))
