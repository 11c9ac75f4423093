"""`ticket`, `callback` and `learn`: what is written down at once."""

from __future__ import annotations

import json
import re

from hotline.flow import commands as do
from hotline.flow.run import Run
from hotline.flow.states import Callback, Learn, Ticket
from hotline.flow.verbs.base import Verb

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""Of a fact; a variable that holds no name notes nothing."""
UNREADABLE_SECONDS = 1800.0
"""When a flow's template for a deadline turns out to be no number."""


class _Ticket(Verb):
    waits = False

    def enter(self, run: Run, state: Ticket) -> None:
        filled = {name: run.fill(value).strip() for name, value in state.fields.items()}
        fields = {name: value for name, value in filled.items() if value}
        run.say(do.OpenTicket(run.fill(state.business), state.label, fields))
        run.change(secured=True)
        run.go(state.next)


class _Callback(Verb):
    waits = False

    def enter(self, run: Run, state: Callback) -> None:
        seconds = int(run.number(state.within_seconds, UNREADABLE_SECONDS))
        run.say(do.RequestCallback(run.fill(state.number), state.reason, seconds))
        run.change(secured=True)
        run.go(state.next)


class _Learn(Verb):
    waits = False

    def enter(self, run: Run, state: Learn) -> None:
        field = run.fill(state.field)
        if NAME.fullmatch(field):
            learn(run, field, run.fill(state.value), state.confirmed)
        run.go(state.next)


def learn(run: Run, field: str, value: str, confirmed: bool) -> None:
    """Note a fact; an address takes the coordinates along that were heard with it."""
    if not value.strip():
        return
    known = run.at.variables
    here = field == "address" and known.get("address_at_text") == value
    latitude = _degrees(known.get("latitude", "")) if here else None
    longitude = _degrees(known.get("longitude", "")) if here else None
    parts = _parts(known.get("address_parts", ""), value) if field == "address" else {}
    run.say(do.Learn(field, value, confirmed, latitude, longitude, parts))


def _parts(noted: str, address: str) -> dict[str, str]:
    """The parts that were heard with this address; none for one from elsewhere."""
    found = json.loads(noted) if noted else {}
    return found["parts"] if found.get("of") == address else {}


def _degrees(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


TICKET, CALLBACK, LEARN = _Ticket(), _Callback(), _Learn()
