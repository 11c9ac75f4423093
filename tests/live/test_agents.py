"""Agents' telephones: they log in, are rung, and both voices are on the recording."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotline.demo.phone import Phone, PhoneError
from hotline.demo.service import free_sip_port
from tests.live import sounds
from tests.live.harness.service import wait_until
from tests.live.harness.town import SOFTPHONES, Town


def to_an_agent(town: Town, phone: Phone) -> str:
    """Ask for a person by key; the call's id."""
    call_id = town.ring(phone)
    town.prompt(call_id, "请讲")
    phone.press("0")
    return call_id


def test_both_voices_are_recorded_each_on_its_side(town: Town, tmp_path: Path) -> None:
    agent, phone = town.softphone("1001"), town.caller()
    agent.answer_calls(0.5)
    call_id = to_an_agent(town, phone)
    agent.wait_for("answered", 30)
    town.watch.wait_for("leg_answered", 10, call_id=call_id, where=lambda r: r.leg_id != "leg-1")
    phone.record(tmp_path / "caller.wav")
    agent.record(tmp_path / "agent.wav")
    low = sounds.write_wav(tmp_path / "low.wav", sounds.tone(440, 3))
    high = sounds.write_wav(tmp_path / "high.wav", sounds.tone(1000, 3))
    phone.say(low)
    agent.say(high)
    phone.wait_for("said", 10)
    agent.wait_for("said", 10)
    phone.hangup()
    agent.wait_for("ended", 10)
    finished = town.watch.wait_for("recording_finished", 10, call_id=call_id)
    recorded = sounds.read_wav(town.service.recordings / finished.path)
    left, right = recorded[:, 0], recorded[:, 1]
    assert sounds.seconds_of_tone(left, 440) >= 2.5 and sounds.seconds_of_tone(left, 1000) == 0
    assert sounds.seconds_of_tone(right, 1000) >= 2.5 and sounds.seconds_of_tone(right, 440) == 0
    assert sounds.seconds_of_tone(sounds.read_wav(tmp_path / "caller.wav")[:, 1], 1000) >= 2.5
    assert sounds.seconds_of_tone(sounds.read_wav(tmp_path / "agent.wav")[:, 1], 440) >= 2.5
    agent.close()


def test_hold_and_resume_by_the_agent(town: Town, tmp_path: Path) -> None:
    agent, phone = town.softphone("1001"), town.caller()
    agent.answer_calls()
    call_id = to_an_agent(town, phone)
    agent.wait_for("answered", 30)
    agent.wait_for("hold", 10)
    agent.hold()
    agent.wait_for("hold", 10, where=lambda event: event.fields["by"] == "us")
    agent.forget()
    agent.resume()
    agent.wait_for("hold", 10, where=lambda event: event.fields["by"] == "nobody")
    phone.record(tmp_path / "caller.wav")
    agent.say(sounds.write_wav(tmp_path / "high.wav", sounds.tone(1000, 2)))
    agent.wait_for("said", 10)
    phone.hangup()
    agent.wait_for("ended", 10)
    town.watch.wait_for("call_ended", 10, call_id=call_id)
    assert sounds.seconds_of_tone(sounds.read_wav(tmp_path / "caller.wav")[:, 1], 1000) >= 1.5
    agent.close()


def test_an_agent_who_does_not_answer_is_followed_by_the_duty_crew(town: Town) -> None:
    agent, phone = town.softphone("1001"), town.caller()
    town.duty.answer_calls(0.2)
    to_an_agent(town, phone)
    agent.wait_for("incoming", 30)
    town.duty.wait_for("answered", 60)
    agent.wait_for("ended", 5)
    phone.hangup()
    town.duty.wait_for("ended", 10)
    town.duty.let_ring()
    agent.close()


def test_a_wrong_password_is_refused(town: Town) -> None:
    with Phone("stranger", "1001") as phone:
        with pytest.raises(PhoneError, match="register_failed 40"):
            phone.register(town.service.registrar, "wrong", timeout_seconds=4)


def test_baresip_logs_in_and_is_rung(town: Town, tmp_path: Path) -> None:
    """Another vendor's softphone, one that knows MD5 only."""
    phone = town.caller()
    wait_until(lambda: agents_reachable(town) == 0, 20, "another agent is still logged in")
    with baresip(tmp_path, town, "1002"):
        call_id = to_an_agent(town, phone)
        town.watch.wait_for(
            "leg_answered", 40, call_id=call_id, where=lambda r: r.leg_id != "leg-1"
        )
        phone.wait_for_quiet(0.2, 20)
        phone.hangup()
        finished = town.watch.wait_for("recording_finished", 10, call_id=call_id)
    right = sounds.read_wav(town.service.recordings / finished.path)[:, 1]
    assert sounds.seconds_of_tone(right, 700) >= 1


def agents_reachable(town: Town) -> int:
    return int(json.loads(town.service.get("/ready")[1])["agents_reachable"])


@contextmanager
def baresip(folder: Path, town: Town, user: str) -> Iterator[None]:
    """A baresip that answers at once, logged in."""
    password = SOFTPHONES[f"HOTLINE_SOFTPHONE_{user}"]
    account = f"<sip:{user}@{town.service.registrar}>;auth_pass={password};answermode=auto;regint=60"
    voice = sounds.write_wav(folder / "voice.wav", sounds.tone(700, 5))
    (folder / "accounts").write_text(account + "\n")
    (folder / "config").write_text(
        f"sip_listen 127.0.0.1:{free_sip_port()}\nmodule_path /usr/lib/baresip/modules\n"
        "module g711.so\nmodule aufile.so\n"
        f"audio_source aufile,{voice}\naudio_player aufile,{folder}/heard.wav\n"
        f"audio_alert aufile,{folder}/alert.wav\n"
        "module_app account.so\nmodule_app menu.so\n"
    )
    log = folder / "baresip.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["baresip", "-f", str(folder)], stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        try:
            wait_until(lambda: agents_reachable(town) > 0, 20, "baresip is not logged in")
            yield
        except BaseException as error:
            error.add_note(log.read_text(errors="replace")[-3000:])
            raise
        finally:
            process.terminate()
            process.wait(10)
