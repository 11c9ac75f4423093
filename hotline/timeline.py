"""A call as people read it: who said and did what, second by second. `timeline_page` makes it a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

RecordDict = Mapping[str, Any]
"""One record of a journal, as JSON gives it."""


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance as the recogniser heard it."""

    text: str
    side: str
    """left: who called, or was called; right: what was said to them."""
    start_ms: int
    """From the start of the recording."""
    end_ms: int
    confidence: float
    words: tuple[tuple[str, int, int, float], ...] = ()
    """word, start_ms, end_ms, confidence."""
    later: bool = False
    """Heard after the call, from the recording."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: datetime
    """UTC."""
    seconds: float
    """Since the call arrived."""
    who: str
    """caller, hotline, crew, agent, partner, supervisor, dispatch."""
    text: str
    weight: str = ""
    """`danger` for emergencies, `fault` for what broke, `faint` for details, else empty."""
    said: Said | None = None
    """What was heard of somebody, with its place in the recording."""


Teller = Callable[[RecordDict], tuple[str, str, str]]
"""A record's who, text and weight."""


def lines(records: Iterable[RecordDict], history: Iterable[RecordDict] = ()) -> list[Line]:
    """The timeline of a call. `history`: dispatch's rows (`at`, `what`, `author`, `detail`) about it."""
    known = list(records)
    first = next((record["leg_id"] for record in known if record["kind"] == "leg_started"), None)
    told = [(_moment(record["at"]), *_tell(record), _said(record, first)) for record in known]
    told += [(_moment(row["at"]), "dispatch", *_tell_history(row), None) for row in history]
    told.sort(key=lambda line: line[0])
    begin = told[0][0] if told else None
    return [
        Line(at, (at - begin).total_seconds() if begin else 0.0, who, text, weight, said)
        for at, who, text, weight, said in told if text
    ]


def _said(record: RecordDict, first_leg: str | None) -> Said | None:
    if record["kind"] != "heard":
        return None
    left = record["leg_id"] == first_leg if first_leg is not None else record["role"] == "caller"
    given = record.get("words") or ()
    words = tuple((str(word), begin, end, float(sure)) for word, begin, end, sure in given)
    return Said(
        record["text"], "left" if left else "right", record["start_ms"], record["end_ms"],
        record["confidence"], words, record.get("source") == "recording",
    )


def as_text(told: Sequence[Line], zone: ZoneInfo) -> str:
    """The timeline for a terminal, without colours."""
    return "\n".join(_row(line, zone) for line in told)


def _row(line: Line, zone: ZoneInfo) -> str:
    clock = line.at.astimezone(zone)
    return f"{clock:%H:%M:%S} {line.seconds:9.3f} s  {MARKS[line.weight]} {line.who:10} {line.text}"


MARKS = {"": " ", "danger": "!", "fault": "x", "faint": "."}


def _moment(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))


def _tell(record: RecordDict) -> tuple[str, str, str]:
    teller = TELLERS.get(record["kind"])
    return teller(record) if teller is not None else ("hotline", record["kind"].replace("_", " "), "faint")


def _tell_history(row: RecordDict) -> tuple[str, str]:
    detail = ", ".join(f"{name} {value}" for name, value in (row.get("detail") or {}).items() if value)
    author = f" by {row['author']}" if row.get("author") else ""
    text = f"{str(row['what']).replace('_', ' ')}{author}{f' ({detail})' if detail else ''}"
    return text, "danger" if "emergency" in text else ""


def _arrived(record: RecordDict) -> tuple[str, str, str]:
    drill = "DRILL: " if record.get("drill") else ""
    who = record["caller"] or "a withheld number"
    if record["direction"] == "outbound":
        return "hotline", f"{drill}calls ({record['purpose']}) {record['dialled']}", ""
    return "caller", f"{drill}{who} calls {record['dialled']} over {record['trunk'] or 'no trunk'}", ""


def _heard(record: RecordDict) -> tuple[str, str, str]:
    later = " (heard later, from the recording)" if record.get("source") == "recording" else ""
    better = f" [{record['corrected']}]" if record.get("corrected") else ""
    answer = f" (as an answer: {record['narrowed']})" if record.get("narrowed") else ""
    text = f"「{record['text']}」{better} {record['confidence']:.0%}{answer}{later}"
    return record["role"], text, ""


WHY_LATER = {
    "busy": "the machine is busy", "behind": "the decoder fell behind", "failed": "the decoder broke",
    "unfinished": "the call ended first",
}


def _deferred(record: RecordDict) -> tuple[str, str, str]:
    until = "the end" if record["end_ms"] is None else f"{record['end_ms'] / 1000:.1f} s"
    stretch = f"from {record['start_ms'] / 1000:.1f} s to {until}"
    why = WHY_LATER.get(record["reason"], record["reason"])
    return record["role"], f"is not heard {stretch}: {why}; it is transcribed later", "fault"


def _transcribed(record: RecordDict) -> tuple[str, str, str]:
    return "hotline", f"{record['utterances']} utterances transcribed from the recording", "faint"


def _emergency(record: RecordDict) -> tuple[str, str, str]:
    why = "; ".join(f"{reason['text']} ({reason['rule']})" for reason in record.get("reasons") or ())
    heard = f" on 「{record['words']}」" if record.get("words") else ""
    text = f"EMERGENCY by {record['by']}: {record['hazard']}, {record['place']}{heard}"
    return "hotline", f"{text}{f', because of {why}' if why else ''}", "danger"


def _fact(record: RecordDict) -> tuple[str, str, str]:
    certainty = "confirmed" if record["confirmed"] else "not confirmed"
    return "hotline", f"{record['field'].replace('_', ' ')}: {record['value']} ({certainty})", ""


def _key(record: RecordDict) -> tuple[str, str, str]:
    return record["leg_id"], f"presses {record['key'] or 'a secret key'} ({record['method']})", ""


def _leg_ended(record: RecordDict) -> tuple[str, str, str]:
    weight = "fault" if record["cause"] in ("dead_peer", "error") else "faint"
    cause = record["cause"].replace("_", " ")
    return record["role"], f"leg ended: {cause}, SIP {record['sip_status']}", weight


def _callback(record: RecordDict) -> tuple[str, str, str]:
    text = f"call back {record['number']} within {record['within_seconds']} s"
    return "hotline", f"{text}, because {record['reason'].replace('_', ' ')}", ""


def _crew_report(record: RecordDict) -> tuple[str, str, str]:
    status = record["status"].replace("_", " ")
    return "crew", f"{record['crew']} reports {status} {record['note']}".rstrip(), ""


def _ticket(record: RecordDict) -> tuple[str, str, str]:
    fields = ", ".join(f"{name} {value}" for name, value in (record.get("fields") or {}).items())
    return "hotline", f"ticket for {record['business']}{f': {fields}' if fields else ''}", ""


TELLERS: dict[str, Teller] = {
    "call_arrived": _arrived,
    "call_answered": lambda r: ("hotline", f"answers with {r['flow']} (menus {r['flow_version']})", ""),
    "leg_started": lambda r: (r["role"], f"leg {r['leg_id']} to {r['remote']}", "faint"),
    "leg_answered": lambda r: ("hotline", f"leg {r['leg_id']} is answered", "faint"),
    "leg_ended": _leg_ended,
    "state_entered": lambda r: ("hotline", f"→ {r['flow']}.{r['state']}", "faint"),
    "prompt_started": lambda r: ("hotline", f"「{r['text']}」", ""),
    "key_pressed": _key,
    "heard": _heard,
    "transcription_deferred": _deferred,
    "transcription_finished": _transcribed,
    "emergency_declared": _emergency,
    "fact_learned": _fact,
    "ticket_requested": _ticket,
    "callback_requested": _callback,
    "page_answered": lambda r: ("crew", f"picks up the page {r['page_id']}", ""),
    "page_accepted": lambda r: ("crew", "ACCEPTS", "danger"),
    "page_declined": lambda r: ("crew", f"declines: {r['reason']}", "danger"),
    "page_failed": lambda r: ("hotline", f"nobody took the page: {r['why']}", "danger"),
    "crew_reported": _crew_report,
    "recording_finished": lambda r: ("hotline", f"recording {r['path']}, {r['seconds']:.1f} s", "faint"),
    "recording_deleted": lambda r: ("hotline", f"recording {r['path']} deleted after its time", "faint"),
    "call_failed": lambda r: ("hotline", f"{r['what']}; went on by {r['fallback']}", "fault"),
    "call_ended": lambda r: ("hotline", f"call ended by {r['by']}, SIP {r['sip_status']}", ""),
}
