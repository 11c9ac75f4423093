"""What a customer hears about a late technician, as the flow needs it."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.due_words import due_in_words, window_in_words
from dispatch.rules import Rules
from dispatch.ticket_records import Visit


def spoken(rules: Rules, visit: Visit, now: datetime) -> dict[str, str]:
    """Variables of the flow `visit_late`: the old window, the new time, and what else is offered."""
    zone = rules.timezone
    following = visit.begins_at.astimezone(zone) + timedelta(days=1)
    while following <= now:
        following += timedelta(days=1)
    ends = following + (visit.ends_at - visit.begins_at)
    return {
        "visit": visit.key,
        "window": window_in_words(visit.begins_at, visit.ends_at, now, zone),
        "expected": due_in_words(visit.expected_at, now, zone) if visit.expected_at else "",
        "next_window": window_in_words(following, ends, now, zone),
        "second": "yes" if visit.ordinal > 1 else "",
    }
