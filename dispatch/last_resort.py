"""When the rules themselves meet a fault over an emergency: people are phoned, past all rules."""

from __future__ import annotations

import re

from dispatch.commands import EmergencyReport
from dispatch.effects import Alarm, Outlet
from dispatch.rules import Rules


def sound(outlet: Outlet, rules: Rules, report: EmergencyReport) -> None:
    """Duty centre and named places hear that somebody reported a danger, and from which number."""
    stations = rules.stations
    number = "，".join(report.caller.removeprefix("+86")) or "没有显示"
    outlet.alarm(
        Alarm(
            effect_id="fault." + re.sub(r"[^A-Za-z0-9_-]", ".", report.event_id), why="fault", incident="",
            ticket="", text=rules.policy.alarm_texts.fault.format(number=number),
            places=tuple((c.name, c.phone) for c in (*stations.duty_centre, *stations.alarm_places)),
            facts=None, drill=report.drill,
        )
    )
