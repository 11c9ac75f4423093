"""Nothing of a caller reaches a log line."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger
from twisted.python.failure import Failure

from hotline import logs
from hotline.events import RECORD
from hotline.privacy import mask_number, mask_text, mask_words
from hotline.settings import Logging

NUMBER = "13812345678"
WORDS = "我家厨房有煤气味"
ADDRESS = "利州区东坝街道滨江路88号2单元301"
CALL = [
    {"kind": "call_arrived", "direction": "inbound", "purpose": "inbound", "caller": "+86" + NUMBER,
     "dialled": "962677", "trunk": "carrier", "sip_call_id": "a84b4c76e66710@pc33"},
    {"kind": "heard", "leg_id": "l1", "role": "caller", "text": WORDS, "start_ms": 1000, "end_ms": 2500,
     "confidence": 0.9, "words": [["煤气", 1500, 1900, 0.9]]},
    {"kind": "emergency_declared", "by": "speech", "hazard": "smell", "place": "indoor", "words": WORDS,
     "confidence": 0.97, "reasons": [{"text": "煤气味", "start": 5, "end": 8, "rule": "smell"}]},
    {"kind": "fact_learned", "field": "address", "value": ADDRESS, "confirmed": True},
    {"kind": "fact_learned", "field": "callback_number", "value": NUMBER, "confirmed": True},
    {"kind": "key_pressed", "leg_id": "l1", "key": "7", "method": "rfc4733"},
    {"kind": "ticket_requested", "business": "repair", "fields": {"address": ADDRESS, "number": NUMBER}},
    {"kind": "callback_requested", "number": NUMBER, "reason": "asked", "within_seconds": 1800},
]


@pytest.fixture(params=["json", "text"])
def lines(
    request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]
) -> Iterator[pytest.CaptureFixture[str]]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.configure(Logging(format=request.param, level="debug"), "worker")
    yield capfd
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], level = before
    root.setLevel(level)


def said(lines: pytest.CaptureFixture[str]) -> str:
    text = lines.readouterr().err
    assert text
    return text


def secrets_in(text: str) -> list[str]:
    pieces = [NUMBER, NUMBER[-6:], "煤气", "厨房", "滨江路", "88号", *re.findall(r"[\u4e00-\u9fff]", text)]
    return [piece for piece in pieces if piece in text]


def test_a_whole_call_leaves_no_number_and_no_word(lines: pytest.CaptureFixture[str]) -> None:
    log = structlog.get_logger()
    for number, fields in enumerate(CALL, 1):
        header = {"event_id": f"c1/{number}", "call_id": "c1", "at": "2026-11-22T01:00:00Z"}
        record = RECORD.validate_python(header | fields)
        log.info("record", **record.model_dump(exclude={"event_id", "at"}))
        log.info("record as one field", record=record, fields=record.model_dump())
        log.info(f"in the message: {record}")
        try:
            raise ValueError(f"cannot use {record.model_dump_json()}")
        except ValueError:
            log.exception("record failed", call_id="c1")
    text = said(lines)
    assert not secrets_in(text)
    assert "c1" in text and "worker" in text


def test_libraries_are_masked_too(
    lines: pytest.CaptureFixture[str], logged_errors: Callable[[], list[Failure]]
) -> None:
    logging.getLogger("sqlalchemy").warning("parameters: %s %s", NUMBER, WORDS)
    Logger().warn("bad request from {number}", number=NUMBER)
    Logger().info("chatter")
    try:
        raise ValueError(WORDS)
    except ValueError:
        Logger().failure("in a callback")
    assert [failure.type for failure in logged_errors()] == [ValueError]
    text = said(lines)
    assert not secrets_in(text)
    assert text.count("…678") == 2
    assert "ValueError" in text and "chatter" not in text


def test_json_lines_hold_what_a_machine_needs(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure(Logging(), "edge")
    structlog.get_logger().warning("worker lost", call_id="20261122T0102030405-7", number=NUMBER)
    structlog.reset_defaults()
    line = json.loads(capfd.readouterr().err)
    assert line["event"] == "worker lost" and line["level"] == "warning" and line["process"] == "edge"
    assert line["call_id"] == "20261122T0102030405-7" and line["number"] == "…678"


def test_short_codes_stay() -> None:
    assert [mask_number(code) for code in ("110", "12345", "1001")] == ["110", "12345", "1001"]
    assert mask_text("119 called, then 0839-3262677") == "119 called, then …677"
    assert mask_text("sip:13812345678@198.51.100.7:5060") == "sip:…678@198.51.100.7:5060"


def test_words_can_be_told_apart_and_not_read() -> None:
    assert mask_words(WORDS) == mask_words(WORDS) != mask_words(ADDRESS)
    assert mask_words("") == ""


@given(st.text(alphabet="0123456789", min_size=6, max_size=20), st.text(max_size=20))
def test_no_number_passes(number: str, around: str) -> None:
    assert number not in mask_text(f"{around} {number} {around}").replace(around, "")
