"""What is known of a place besides the words: its parts, and where the customer file says it is."""

from __future__ import annotations

from dataclasses import replace

from dispatch.api import AnyCommand, FactReport
from hotline.service.customers import Customer
from hotline.triage import Gazetteer, parse_address

ADDRESS = "address"


def with_parts(command: AnyCommand, customer: Customer | None, gazetteer: Gazetteer | None) -> AnyCommand:
    """An address that its caller has said yes to gets its parts, and the file's position if it is the file's.

    One that nobody confirmed stays as it is: nothing may be concluded from a guess.
    """
    if not isinstance(command, FactReport) or command.field != ADDRESS or not command.confirmed:
        return command
    parts = command.parts
    if not parts and gazetteer is not None:
        found = parse_address(command.value, gazetteer).flat()
        parts = {name: value for name, value in found.items() if value}
    known = customer is not None and customer.address == command.value
    if customer is not None and known and command.latitude is None:
        command = replace(command, latitude=customer.latitude, longitude=customer.longitude)
    return replace(command, parts=parts)
