"""Text as every database takes it."""

from __future__ import annotations


def clean(text: str) -> str:
    """Without NUL and without lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
