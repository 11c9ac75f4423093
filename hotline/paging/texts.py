"""What is written: from the facts of an incident, in the company's words, cut where a channel ends."""

from __future__ import annotations

ELLIPSIS = "…"


def clipped(text: str, most_bytes: int, most_characters: int | None = None) -> str:
    """Cut so that it fits; never in the middle of a character, and one sees that it was cut."""
    short = text if most_characters is None or len(text) <= most_characters else (
        text[:most_characters - 1] + ELLIPSIS
    )
    data = short.encode()
    if len(data) <= most_bytes:
        return short
    return data[:most_bytes - len(ELLIPSIS.encode())].decode(errors="ignore") + ELLIPSIS
