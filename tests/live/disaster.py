"""A town in which processes are killed: bystanders whom nothing may touch, and what victims are owed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hotline.demo.phone import Phone
from hotline.demo.stage import read_yaml, write_yaml
from hotline.journal import read
from tests.live import sounds
from tests.live.harness.service import wait_until
from tests.live.harness.town import Town

LONG_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Talk:
    """Somebody in a call."""

    phone: Phone
    call_id: str


class Disaster(Town):
    """One caller talks to an agent all the time. There are many crews, each of one man, always on duty."""

    def __init__(self, folder: Path, overrides: dict[str, object] | None = None) -> None:
        super().__init__(
            folder, {"callbacks.retry_seconds": 4, "agents.queue_seconds": LONG_SECONDS,
                     "edge.restart_wait_seconds": 60, **(overrides or {})},
            page_seconds=25,
        )
        self._rung: set[str] = set()
        self.accepted: set[str] = set()
        """Pages that a crew has taken."""

    def __enter__(self) -> Self:
        super().__enter__()
        self.agent = self.softphone("1001")
        self.agent.answer_calls()
        self.bridged = self.to_an_agent()
        self.agent.wait_for("answered", 30)
        self._tone = sounds.write_wav(self.folder / "tone.wav", sounds.tone(700, 0.6))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)

    def _configuration(self) -> dict[str, object]:
        settings = super()._configuration()
        policy = read_yaml(self.folder / "policy.yaml")
        policy["times"] |= {"en_route": LONG_SECONDS, "person_takes": LONG_SECONDS}
        write_yaml(self.folder / "policy.yaml", policy)
        stations = read_yaml(self.folder / "stations.yaml")
        first = stations["crews"][0]
        stations["crews"] = [{**first, "key": str(key), "name": f"{key}班"} for key in range(101, 113)]
        write_yaml(self.folder / "stations.yaml", stations)
        return settings

    # ---- callers at a stage of their call
    def at_the_menu(self) -> Talk:
        phone = self.caller()
        call_id = self.ring(phone)
        self.prompt(call_id, "请讲")
        return Talk(phone, call_id)

    def to_an_agent(self) -> Talk:
        talk = self.at_the_menu()
        talk.phone.press("0")
        return talk

    def in_danger(self) -> Talk:
        """Right after the emergency was written down."""
        talk = self.at_the_menu()
        talk.phone.press("9")
        self.watch.wait_for("emergency_declared", 15, call_id=talk.call_id)
        return talk

    def asked_for_the_address(self) -> Talk:
        talk = self.in_danger()
        self.prompt(talk.call_id, "详细地址", 60)
        return talk

    # ---- who must not notice anything
    def bystander_is_served(self, talk: Talk) -> None:
        """A key is heard and answered, and the call ends in good order."""
        assert not talk.phone.happened("ended")
        talk.phone.forget()
        talk.phone.press("3")
        self.watch.wait_for("key_pressed", 15, call_id=talk.call_id)
        talk.phone.wait_for("hears", 20)
        talk.phone.hangup()
        assert self.ended_by(talk.call_id) == "caller"

    def bridge_stands(self) -> None:
        """Agent and caller still hear each other."""
        assert not self.agent.happened("ended") and not self.bridged.phone.happened("ended")
        for speaker, hearer in ((self.agent, self.bridged.phone), (self.bridged.phone, self.agent)):
            hearer.forget()
            speaker.say(self._tone)
            hearer.wait_for("hears", 15)

    # ---- what is owed
    def ended_by(self, call_id: str, timeout_seconds: float = 30) -> str:
        """How the call ended, as its worker's journal tells it."""
        return str(self.watch.wait_for("call_ended", timeout_seconds, call_id=call_id).by)

    def is_called_back(self, number: str, timeout_seconds: float) -> None:
        """Calls over the trunk ring at the duty phone; the one to this number is taken."""
        deadline = now() + timeout_seconds
        while number not in self.duty.wait_for("incoming", max(deadline - now(), 0.1)).fields["invite"]:
            self.duty.reject()  # somebody in the queue, for whom no agent is free
        self.duty.answer()
        self.duty.wait_for("answered", 10)
        call = self.watch.wait_for(
            "call_arrived", 10, where=lambda r: r.purpose == "callback" and r.caller.endswith(number)
        )
        self.duty.press_later("3", delay_seconds=0.5)  # who hangs up without a word is rung again
        attempts = call.call_id.rpartition("-")[0]
        self.watch.wait_for("key_pressed", 15, where=lambda r: r.call_id.startswith(f"{attempts}-"))
        self.duty.hangup()
        self.duty.wait_for("ended", 10)

    def pages(self) -> list[str]:
        """The pages that rang or ring, by id."""
        return [r.call_id for r in self.watch.records if r.kind == "call_arrived" and r.purpose == "page"]

    def crew_is_rung(self, timeout_seconds: float = 40) -> str:
        """The page's id."""
        self.crew.wait_for("incoming", timeout_seconds)
        rung = self.watch.wait_for(
            "call_arrived", 10, where=lambda r: r.purpose == "page" and r.call_id not in self._rung
        )
        self._rung.add(rung.call_id)
        return str(rung.call_id)

    def crew_takes_it(self, timeout_seconds: float = 40) -> str:
        """The crew's phone rings, is picked up, and 1 is pressed; the page's id."""
        page = self.crew_is_rung(timeout_seconds)
        self.crew.answer()
        self.crew.wait_for("answered", 10)
        self.crew.press_later("1", delay_seconds=0.5)
        self.watch.wait_for("page_accepted", 20, call_id=page)
        self.accepted.add(page)
        self.crew.hangup()
        self.crew.wait_for("ended", 10)
        self.crew.forget()
        return page

    def rang_once_each(self) -> None:
        """No page was phoned twice: one INVITE and one journal's beginning for each."""
        pages = self.pages()
        assert len(pages) == len(set(pages)), pages
        legs = [r.call_id for r in self.watch.records if r.kind == "leg_started" and r.call_id in pages]
        assert len(legs) == len(set(legs)), legs

    def is_stored(self, *calls: str) -> None:
        """Each call has its ticket in the database."""
        wait_until(lambda: set(calls) <= set(self.stored_tickets()), 30, "tickets are not in the database")

    def recording_of_the_dead(self, call_id: str, began: float, ended: float) -> None:
        """It can be read, and at most the last second is missing."""
        finished = self.watch.wait_for("recording_finished", 20, call_id=call_id)
        recorded = sounds.read_wav(self.service.recordings / finished.path)
        assert abs(len(recorded) / sounds.RATE_HZ - finished.seconds) < 0.1
        assert finished.seconds > ended - began - 1.5, (finished.seconds, ended - began)

    def records(self, call_id: str) -> list[Any]:
        """A call's journal as it is on disk now, wherever it lies."""
        folders = (self.service.journals, self.service.journals / "done")
        return [entry.record for folder in folders for entry in read(folder / f"{call_id}.jsonl")]


def answered_at(talk: Talk) -> float:
    """When the caller's phone was answered, on the monotonic clock."""
    return next(event.monotonic for event in talk.phone.events if event.kind == "answered")


def now() -> float:
    return time.monotonic()
