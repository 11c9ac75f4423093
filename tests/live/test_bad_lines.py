"""Leaks are heard over bad lines, in loud rooms and while the hotline itself is talking."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from hotline.demo.voices import HELD_OUT, synthesise
from hotline.speech import audio
from tests.live.harness.bad_line import CONDITIONS, PAYLOADS, Condition, Echo, lose_at_random, noisy
from tests.live.harness.relay import Relay
from tests.live.harness.town import SENTENCES, Town

BY_NAME = {condition.name: condition for condition in CONDITIONS}
TRIED = (
    ("mu-law", "m5"), ("A-law, noise 10 dB", "f4"), ("A-law, loss 2 %", "Annie"),
    ("mu-law, loss 5 %", "m8"), ("A-law, double talk, loss 2 %, noise 15 dB", "m5"),
)  # fmt: skip


def spoken(text: str, voice: str, condition: Condition, path: Path) -> Path:
    pcm = synthesise(text, voice, tail_ms=200)
    if condition.noise_db is not None:
        pcm = noisy(pcm, condition.noise_db)
    audio.save(audio.from_pcm(pcm, audio.RATE_HZ), path)
    return path


@pytest.mark.parametrize(("name", "voice"), TRIED, ids=[f"{name}, {voice}" for name, voice in TRIED])
def test_a_leak_becomes_an_emergency_and_a_ticket(town: Town, tmp_path: Path, name: str, voice: str) -> None:
    condition = BY_NAME[name]
    wav = spoken(SENTENCES["leak"], voice, condition, tmp_path / "leak.wav")
    echo = None if condition.echo_db is None else Echo(condition.echo_db)
    wire = Relay(
        town.service.ports.sip, lose_at_random(condition.loss), payload=PAYLOADS[condition.codec],
        **({} if echo is None else {"change": echo}),
    )
    number = f"1385{TRIED.index((name, voice)):07d}"
    with ExitStack() as stack:
        stack.enter_context(wire)
        phone = town.caller(number)
        known = set(town.watch.calls())
        phone.say(wav, delay_seconds=1.0)  # over the greeting
        phone.call(f"sip:962677@127.0.0.1:{wire.port}")
        declared = town.watch.wait_for("emergency_declared", 30, where=lambda r: r.call_id not in known)
        phone.wait_for("said", 20)
        phone.hangup()
        town.watch.wait_for("recording_finished", 15, call_id=declared.call_id)
        assert condition.loss == 0 or wire.counts["rtp"].lost > 0
        assert echo is None or echo.mixed > 20
    assert declared.by == "speech"
    town.service.wait_until(lambda: declared.call_id in town.stored_tickets(), 15, "has no ticket")


def test_the_echo_of_the_greeting_alone_is_no_emergency(town: Town) -> None:
    known = set(town.watch.calls())
    with Relay(town.service.ports.sip, lose_at_random(0), change=Echo(-6)) as wire:
        phone = town.caller("13859000001")
        phone.call(f"sip:962677@127.0.0.1:{wire.port}")
        phone.wait_for("answered", 10)
        phone.wait_for("hears", 10)
        phone.wait_for("quiet", 30)
        phone.hangup()
        ended = town.watch.wait_for("recording_finished", 15, where=lambda r: r.call_id not in known)
    kinds = [record.kind for record in town.watch.records if record.call_id == ended.call_id]
    assert "emergency_declared" not in kinds


def test_ten_who_talk_at_once_are_all_heard(town: Town, tmp_path: Path) -> None:
    known = set(town.watch.calls())
    phones = [town.caller(f"1386{number:07d}") for number in range(10)]
    for number, phone in enumerate(phones):
        voice = HELD_OUT[number % 4]
        wav = spoken(SENTENCES["leak"], voice, CONDITIONS[0], tmp_path / f"{number}.wav")
        phone.say(wav, delay_seconds=1.0)
    for phone in phones:
        phone.call(town.service.number("962677"))
    for phone in phones:
        phone.wait_for("said", 60)

    def heard() -> set[str]:
        return {
            record.call_id for record in town.watch.records
            if record.kind == "emergency_declared" and record.call_id not in known
        }

    town.service.wait_until(lambda: len(heard()) == len(phones), 30, "has not heard all ten")
    for phone in phones:
        phone.hangup()
