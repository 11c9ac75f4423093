"""A call as people read it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hotline import timeline
from hotline.events import RECORD, Record
from hotline.timeline_page import as_html

ZONE = ZoneInfo("Asia/Shanghai")


def record(second: int, **fields: object) -> dict[str, object]:
    at = f"2026-11-22T01:00:{second:02d}.500Z"
    return {"event_id": f"c1/{second}", "call_id": "c1", "at": at, **fields}


CALL = [
    record(0, kind="call_arrived", direction="inbound", purpose="inbound", caller="+8613812345678",
           dialled="962677", trunk="carrier", sip_call_id="x"),
    record(1, kind="call_answered", flow="main", flow_version="abc"),
    record(5, kind="heard", leg_id="l1", role="caller", text="<b>有煤气味</b>", start_ms=0, end_ms=9,
           confidence=0.93),
    record(6, kind="emergency_declared", by="speech", hazard="smell", place="indoor", words="有煤气味",
           confidence=0.97, reasons=[{"text": "煤气味", "start": 1, "end": 4, "rule": "smell"}]),
]
HISTORY = [{"at": "2026-11-22T01:00:07+00:00", "what": "page_ordered", "detail": {"crew": "101", "why": ""}}]


def test_lines_come_in_order_with_seconds_since_the_call() -> None:
    told = timeline.lines(CALL, HISTORY)
    assert [(line.seconds, line.who, line.weight) for line in told] == [
        (0.0, "caller", ""), (1.0, "hotline", ""), (5.0, "caller", ""), (6.0, "hotline", "danger"),
        (6.5, "dispatch", ""),
    ]
    assert told[3].text == (
        "EMERGENCY by speech: smell, indoor on 「有煤气味」, because of 煤气味 (smell)"
    )
    assert told[4].text == "page ordered (crew 101)"


def test_text_is_in_local_time() -> None:
    first = timeline.as_text(timeline.lines(CALL), ZONE).splitlines()[0]
    assert first == "09:00:00     0.000 s    caller     +8613812345678 calls 962677 over carrier"


def test_a_page_of_html_runs_nothing_that_a_caller_said() -> None:
    page = as_html("Call <c1>", {"caller": "<script>"}, timeline.lines(CALL), ZONE, recording='a".wav')
    assert "&lt;b&gt;有煤气味" in page and "<b>" not in page
    assert page.count("<script") == 1 and "Call &lt;c1&gt;" in page and "&lt;script&gt;" in page
    assert 'src="a&#34;.wav"' in page and "script-src &#39;sha256-" not in page


def test_each_side_has_its_place_and_what_was_heard_later_says_so() -> None:
    legs = [record(1, kind="leg_started", leg_id=leg, role=role, remote="x") for leg, role in LEGS]
    said = [
        record(second, kind="heard", leg_id=leg, role=role, text="您好", start_ms=1, end_ms=2, confidence=0.5,
               words=[["您好", 1, 2, 0.5]], source=source)
        for second, (leg, role), source in ((2, LEGS[0], ""), (3, LEGS[1], "recording"))
    ]  # fmt: skip
    found = [line.said for line in timeline.lines([*legs, *said]) if line.said]
    assert [(one.side, one.later, one.words) for one in found] == [
        ("left", False, (("您好", 1, 2, 0.5),)), ("right", True, (("您好", 1, 2, 0.5),)),
    ]
    text = timeline.as_text(timeline.lines([*legs, *said]), ZONE)
    assert text.count("heard later, from the recording") == 1


LEGS = (("l1", "crew"), ("l2", "agent"))


def test_every_kind_of_record_has_words() -> None:
    kinds = {member.model_fields["kind"].default for member in Record.__args__[0].__args__}
    assert kinds == set(timeline.TELLERS)
    for number, one in enumerate(CALL):
        RECORD.validate_python(one | {"event_id": f"c1/{number + 1}"})


def test_a_record_of_a_newer_version_is_shown_by_its_name() -> None:
    told = timeline.lines([record(1, kind="moon_landed")])
    assert told[0].text == "moon landed"
