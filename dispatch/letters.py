"""Letters to the authorities and messages to the customers of an area, as text and to print (§24(4))."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from dispatch.model import Incident, Ticket
from dispatch.outage_policy import BLANKS
from dispatch.outage_records import Outage
from dispatch.rules import Rules

UNKNOWN = "正在核实"
WHAT = {"off": "停气", "low_pressure": "降压供气"}


def supply_letter(rules: Rules, incident: Incident, tickets: Sequence[Ticket], now: datetime) -> str:
    """The report of a supply failure as soon as it is known; empty without config/outages.yaml."""
    if rules.outages is None:
        return ""
    addresses = list(dict.fromkeys(ticket.address for ticket in tickets if ticket.address))
    kind = rules.incident_types.get(incident.incident_type)
    return _filled(rules, rules.outages.letters.supply, now, {
        "title": kind.title if kind else "突发停气", "address": incident.address or f"（地址{UNKNOWN}）",
        "addresses": "、".join(addresses) or UNKNOWN, "reports": str(len(incident.tickets)),
        "reported": spoken(rules, incident.reported_at), "number": incident.key,
    })


def outage_text(rules: Rules, template: str, outage: Outage, now: datetime) -> str:
    """A letter or message of an outage."""
    hours = (outage.expected_at - outage.starts_at).total_seconds() / 3600
    return _filled(rules, template, now, {
        "area": outage.area, "reason": outage.reason, "what": WHAT[outage.what],
        "households": f"，涉及用户约{outage.households}户" if outage.households else "",
        "started": spoken(rules, outage.starts_at), "expected": spoken(rules, outage.expected_at),
        "hours": f"{hours:.1f}".removesuffix(".0"), "number": outage.key,
        "restored": spoken(rules, outage.restored_at or now), "known": spoken(rules, outage.known_at),
    })


def as_page(letter: str) -> str:
    """The letter as HTML to print: title in the middle, signature on the right."""
    title, *lines = [line for line in letter.splitlines() if line.strip()]
    body = "\n".join(f"<p>{escape(line)}</p>" for line in lines)
    style = (
        "body{max-width:42em;margin:3em auto;font:16pt/1.9 FangSong,serif}"
        "h1{text-align:center;font-size:22pt}"
        "p{text-indent:2em;margin:0}p:first-of-type,p:nth-last-of-type(-n+3){text-indent:0}"
        "p:nth-last-of-type(-n+2){text-align:right}"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f"<style>{style}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def spoken(rules: Rules, at: datetime) -> str:
    local = at.astimezone(rules.timezone)
    return f"{local.year}年{local.month}月{local.day}日{local.hour}时{local.minute:02d}分"


def _filled(rules: Rules, template: str, now: datetime, values: dict[str, str]) -> str:
    local = now.astimezone(rules.timezone)
    known = {"company": rules.company, "today": f"{local.year}年{local.month}月{local.day}日", **values}
    return template.format_map(dict.fromkeys(BLANKS, "") | known).strip()
