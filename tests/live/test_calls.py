"""Whole calls into the real service from SIPp and from telephones: every way to come and to go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.harness.relay import Fate, Packet, Relay, late_every, lose_every, lose_first
from tests.live.harness.sipp import Sipp
from tests.live.harness.town import SERVICE_NUMBER, Town


def sipp(town: Town, number: str) -> Sipp:
    return Sipp(town.service.ports.sip, SERVICE_NUMBER, number)


def call_of(town: Town, number: str) -> str:
    """The id of the call that this number made."""
    record = town.watch.wait_for("call_arrived", 10, where=lambda r: r.caller.endswith(number))
    return str(record.call_id)


@pytest.mark.parametrize("pause_ms", [0, 300, 2500, 8000], ids=["at once", "early", "greeting", "question"])
def test_a_caller_may_hang_up_at_every_stage(town: Town, pause_ms: int) -> None:
    number = f"13811{pause_ms:06d}"
    sipp(town, number).run("bye", pause_ms=pause_ms)
    call_id = call_of(town, number)
    assert town.watch.wait_for("call_ended", 10, call_id=call_id).by == "caller"


def test_who_gives_up_while_it_rings_is_called_back(town: Town) -> None:
    sipp(town, "13812000001").run("cancel")
    call_id = call_of(town, "13812000001")
    owed = town.watch.wait_for("callback_requested", 10, call_id=call_id)
    assert owed.reason == "abandoned" and owed.number.endswith("13812000001")
    assert town.watch.wait_for("call_ended", 5, call_id=call_id).by == "abandoned"
    town.duty.wait_for("incoming", 40)
    town.duty.reject()
    town.duty.wait_for("ended", 10)


def test_reinvites_change_nothing(town: Town) -> None:
    sipp(town, "13813000001").run("reinvite")
    town.watch.wait_for("recording_finished", 10, call_id=call_of(town, "13813000001"))


def test_hold_is_answered_and_the_recording_goes_on(town: Town) -> None:
    sipp(town, "13814000001").run("hold", pause_ms=1500)
    finished = town.watch.wait_for("recording_finished", 10, call_id=call_of(town, "13814000001"))
    assert finished.seconds > 2.0


def test_keys_by_sip_info(town: Town) -> None:
    sipp(town, "13815000001").run("keys_info", pause_ms=1000)
    pressed = town.watch.wait_for("key_pressed", 10, call_id=call_of(town, "13815000001"))
    assert (pressed.key, pressed.method) == ("1", "info")


def test_keys_by_rfc_4733_take_the_caller_where_the_menu_says(town: Town) -> None:
    phone = town.caller()
    call_id = town.ring(phone)
    town.prompt(call_id, "请讲")
    phone.press("1")
    pressed = town.watch.wait_for("key_pressed", 10, call_id=call_id)
    assert (pressed.key, pressed.method) == ("1", "rfc4733")
    town.prompt(call_id, "燃气味")
    phone.hangup()
    town.watch.wait_for("call_ended", 10, call_id=call_id)


def test_without_an_acknowledgement_the_call_is_given_up(town: Town) -> None:
    sipp(town, "13816000001").run("no_ack", timeout_seconds=70)
    town.watch.wait_for("call_ended", 10, call_id=call_of(town, "13816000001"))


def test_a_leak_is_heard_over_a_bad_wire(town: Town) -> None:
    """The first INVITE and 200 are lost, each 12th packet of sound too, each fifth one is overtaken."""
    rules = [lose_first(b"INVITE"), lose_first(b"SIP/2.0 200"), lose_every(12), late_every(5)]

    def bad(packet: Packet) -> Fate:
        fates = [rule(packet) for rule in rules]
        return Fate(any(fate.drop for fate in fates), max(fate.delay_seconds for fate in fates))

    phone = town.caller()
    with Relay(town.service.ports.sip, bad) as wire:
        phone.call(f"sip:{SERVICE_NUMBER}@127.0.0.1:{wire.port}")
        phone.wait_for("answered", 15)
        call_id = call_of(town, phone.user)
        phone.say(town.line("leak"), after_quiet_seconds=0.5)
        town.watch.wait_for("emergency_declared", 30, call_id=call_id)
        town.crew.wait_for("incoming", 30)
        town.crew.reject()
        phone.hangup()
        town.watch.wait_for("call_ended", 10, call_id=call_id)
        assert wire.counts["rtp"].lost > 10 and wire.counts["sip"].lost == 2


def test_the_leak_is_heard_over_the_greeting(town: Town) -> None:
    """Nobody has to wait for the end of a prompt."""
    phone = town.caller()
    call_id = town.ring(phone)
    phone.say(town.line("leak"))
    declared = town.watch.wait_for("emergency_declared", 15, call_id=call_id)
    assert declared.by == "speech"
    phone.hangup()
    town.watch.wait_for("call_ended", 10, call_id=call_id)


def test_what_both_heard_is_on_the_recording(town: Town, tmp_path: Path) -> None:
    phone = town.caller()
    phone.record(tmp_path / "phone.wav")
    call_id = town.ring(phone)
    phone.say(town.line("leak"), after_quiet_seconds=0.4)
    phone.wait_for("said", 20)
    phone.hangup()
    finished = town.watch.wait_for("recording_finished", 10, call_id=call_id)
    heard = [r.text for r in town.watch.of(call_id) if r.kind == "heard"]
    assert any("煤气" in text for text in heard)
    assert (town.service.recordings / finished.path).stat().st_size > finished.seconds * 30000
