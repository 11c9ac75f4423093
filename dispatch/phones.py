"""When two ways of writing a phone mean the same phone."""

from __future__ import annotations

import re
from functools import lru_cache

_USER = re.compile(r"^(?:sips?|tel):([^@;]+)", re.IGNORECASE)


@lru_cache(maxsize=16_384)
def bare(phone: str) -> str:
    """`sip:+8613800000001@host`, `008613800000001` and `13800000001` become the same text."""
    match = _USER.match(phone.strip())
    user = match.group(1) if match else phone.strip()
    digits = re.sub(r"[\s().-]", "", user)
    if not re.fullmatch(r"\+?\d+", digits):
        return user.lower()
    for prefix in ("+86", "0086"):
        if digits.startswith(prefix):
            return digits.removeprefix(prefix)
    return digits


def same(first: str, second: str) -> bool:
    """Whether both are one phone; two withheld numbers are not."""
    return bool(bare(first)) and bare(first) == bare(second)
