"""A company of any size for benches: stations, crews on shifts, tickets, emergencies all over its city."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dispatch.api import EmergencyReport, Rules, Stations, TicketRequest, hash_pin
from dispatch.commands import FactReport
from hotline.service.dispatching import build_rules
from hotline.settings_file import load_settings

CONFIG = Path(__file__).parents[1] / "config" / "hotline.yaml"
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""A Monday, 12:00 in Guangyuan."""
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
BUSINESSES = ("indoor_repair", "outdoor_repair", "no_gas", "appointment")
MIDDLE, AROUND = (32.42, 105.84), 0.12
"""Degrees; some 25 km across."""


def rules(stations: int, crews: int) -> Rules:
    """The shipped rules for so many stations and crews, all on shifts of twelve hours."""
    chance = random.Random(1)
    pin = hash_pin("2580")
    places = [place(chance) for _ in range(stations)]
    plan: dict[str, Any] = {
        "stations": [{"key": f"s{n}", "name": f"{n}站", "latitude": at[0], "longitude": at[1]}
                     for n, at in enumerate(places)],
        "centre_station": "s0",
        "crews": [_crew(number, number % stations, pin) for number in range(crews)],
        "duty_centre": [{"name": "值班室", "phone": "sip:duty@127.0.0.1"}],
        "leaders": [{"name": "经理", "phone": "+8613800000001"}],
        "fire": {"name": "119", "phone": "119"},
    }
    return replace(build_rules(load_settings(CONFIG)), stations=Stations.model_validate(plan))


def _crew(number: int, station: int, pin: str) -> dict[str, Any]:
    day, night = ("08:00", "20:00"), ("20:00", "08:00")
    first, second = (day, night) if number % 2 else (night, day)
    return {
        "key": str(1000 + number), "name": f"{number}班", "station": f"s{station}", "pin_hash": pin,
        "duty": "shifts", "members": [{"name": "甲", "phone": f"+86138{number:08d}"}],
        "shifts": [{"days": DAYS, "start": first[0], "end": first[1]},
                   {"days": DAYS, "start": second[0], "end": second[1], "on_call": 2}],
    }


def place(chance: random.Random) -> tuple[float, float]:
    return MIDDLE[0] + chance.uniform(-AROUND, AROUND), MIDDLE[1] + chance.uniform(-AROUND, AROUND)


def ticket(number: int, at: datetime, chance: random.Random) -> tuple[FactReport, TicketRequest]:
    """An ordinary ticket with its address."""
    latitude, longitude = place(chance)
    call_id = f"t{number}"
    return (
        FactReport(event_id=f"{call_id}/1", at=at, call_id=call_id, field="address",
                   value=f"利州东路{number}号", confirmed=True, latitude=latitude, longitude=longitude),
        TicketRequest(event_id=f"{call_id}/2", at=at, call_id=call_id, caller=f"139{number:08d}",
                      business=BUSINESSES[number % len(BUSINESSES)]),
    )


def emergency(number: int, at: datetime, chance: random.Random) -> EmergencyReport:
    """The customer file knows where."""
    latitude, longitude = place(chance)
    return EmergencyReport(
        event_id=f"e{number}/1", at=at, call_id=f"e{number}", hazard="leak", place="indoor",
        caller=f"137{number:08d}", file_address=f"滨河路{number}号", file_latitude=latitude,
        file_longitude=longitude,
    )
