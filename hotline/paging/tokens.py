"""Tokens of links: 192 random bits; only the hash is kept, the token goes out once."""

from __future__ import annotations

import hashlib
import re
import secrets

TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


def new_token() -> str:
    return secrets.token_urlsafe(24)


def hash_of(token: str) -> str:
    """What dispatch keeps. The token has so many random bits that a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
