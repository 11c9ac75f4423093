"""Crews' PINs: kept as salted scrypt hashes, never in plain text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re

_COST, _BLOCK, _PARALLEL = 1 << 13, 8, 1
_FORM = re.compile(r"scrypt\$[A-Za-z0-9+/=]{16,}\$[A-Za-z0-9+/=]{40,}")


def hash_pin(pin: str, salt: bytes | None = None) -> str:
    """What to write into the stations file for a PIN of 4 to 8 digits. Raises ValueError."""
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 8):
        raise ValueError("a PIN has 4 to 8 digits")
    salt = os.urandom(16) if salt is None else salt
    return f"scrypt${_text(salt)}${_text(_derive(pin, salt))}"


def pin_matches(pin: str, stored: str) -> bool:
    """Whether the crew pressed its PIN; takes some 20 ms on purpose."""
    if not looks_hashed(stored):
        return False
    _, salt, wanted = stored.split("$")
    return hmac.compare_digest(_derive(pin, base64.b64decode(salt)), base64.b64decode(wanted))


def looks_hashed(stored: str) -> bool:
    """Whether it is a hash of ours and not a PIN in plain text."""
    return _FORM.fullmatch(stored) is not None


def _derive(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
