"""Names of calls that carry out dispatch's orders: they tell the order, also after a restart."""

from __future__ import annotations

import re
from datetime import datetime

_NAME = re.compile(r"(?:N-)?(?P<effect>[A-Za-z0-9_.-]+)~(?P<part>@?[^~]+)~\d{6}")
MARK = "@"
"""What parts effect and person in what a call with a notice carries out."""


def call_name(effect_id: str, part: str, now: datetime) -> str:
    """`part`: the number of the phone, or `@` and the person of a notice. A later attempt is another call."""
    return f"{prefix(effect_id, part)}{now:%H%M%S}"


def prefix(effect_id: str, part: str) -> str:
    """With what every attempt's name begins."""
    return f"{effect_id}~{part}~"


def effect_of(call_id: str) -> str:
    """The order that a call carries out; `effect@person` for a notice; empty: none that its name tells."""
    found = _NAME.fullmatch(call_id)
    if found is None:
        return ""
    part = found["part"]
    return f"{found['effect']}{part}" if part.startswith(MARK) else found["effect"]
