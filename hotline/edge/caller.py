"""Who is calling, in E.164 or as a short code, from what a carrier writes (RFC 3325)."""

from __future__ import annotations

import re

from hotline.sip.message import Request
from hotline.sip.uri import UriError, parse_address

_WITHHELD = frozenset(("anonymous", "unavailable", "restricted", "unknown", "privacy", "withheld"))
MAX_CALLER_CHARACTERS = 64


def caller_number(invite: Request, *, trusted: bool, country: str, area_code: str) -> str:
    """The caller's number; empty when withheld. `trusted`: P-Asserted-Identity is the carrier's word."""
    values = invite.all("p-asserted-identity") if trusted else []
    for value in [*values, invite.get("from")]:
        try:
            uri = parse_address(value).uri
        except UriError:
            continue
        if uri.host != "anonymous.invalid" and uri.name and uri.name.lower() not in _WITHHELD:
            return normalised(uri.name, country, area_code)
    return ""


def normalised(number: str, country: str, area_code: str) -> str:
    """`+86…` where the plan of `country` knows the number; short codes and extensions as they are."""
    import phonenumbers  # late: a killed edge listens sooner without it

    plain = re.sub(r"[\s().\x00-\x1f\x7f-\x9f-]", "", number)[:MAX_CALLER_CHARACTERS]
    if not re.fullmatch(r"\+?[0-9]+", plain) or len(plain) <= 6:
        return plain
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    if area_code and re.fullmatch(r"[2-9][0-9]{6,7}", plain):
        plain = area_code + plain
    try:
        parsed = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return plain
    if not phonenumbers.is_possible_number(parsed):
        return plain
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
