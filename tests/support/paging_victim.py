"""Pages emergencies by messages to real peers until it is killed; the next goes on from there.

`python -m tests.support.paging_victim FOLDER SIGNED_URL ROBOT_URL` forks one such process for each line on
standard input (nothing but the reading of modules is shared) and tells its process id and how it ended.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from twisted.internet.epollreactor import EPollReactor

from dispatch.api import EmergencyReport, FactReport, PageOrder, SqlStore, StoreUnavailable
from dispatch.policy import Step
from dispatch.states import PageState
from hotline.paging.composing import Composer
from hotline.paging.files import ChannelMaker
from hotline.paging.pager import Linker, MessagePager
from hotline.paging.senders import Senders
from hotline.paging.settings import Paging, Texts
from tests.support.dispatch import NEAR_WEST, SHANGHAI, Desk, Notes, policy, rules, stations

EMERGENCIES = 40


class Messages(Notes):
    pager: MessagePager

    def page(self, order: PageOrder) -> None:
        self.pager.page(order)


def utcnow() -> datetime:
    return datetime.now(UTC)


def people() -> Any:
    made = stations()
    reach = {"signed": "+8613900000000", "robot": ""}
    return made.model_copy(update={"crews": tuple(
        crew.model_copy(update={"members": tuple(
            member.model_copy(update={"channels": reach}) for member in crew.members)})
        for crew in made.crews)})


def settings(signed: str, robot: str) -> Paging:
    return Paging.model_validate({"channels": {
        "signed": {"kind": "http", "url": signed, "secret_env": "VICTIM_SECRET"},
        "robot": {"kind": "wecom", "url": robot, "token_env": "VICTIM_TOKEN",
                  "rates": [{"count": 1000, "seconds": 1}]},
    }})


def run(folder: Path, signed: str, robot: str) -> None:
    """Every emergency is reported (told twice is once) and paged until both messages are receipted."""
    reactor: Any = EPollReactor()
    reactor.startRunning(installSignalHandlers=False)
    first = {"who": "all_crews", "channels": ["signed", "robot"], "page_seconds": 3600}
    chain = (Step.model_validate(first), Step.model_validate({"who": "duty_centre", "alarm": True}))
    notes = Messages()
    desk = Desk(folder, SqlStore(f"sqlite:///{folder / 'dispatch.db'}"), now=utcnow(), notes=notes,
                rules=rules(policy=policy(chain=chain), stations=people()),
                ids=itertools.count(int.from_bytes(os.urandom(6))))
    maker = ChannelMaker(reactor, utcnow, lambda _: False)
    senders = Senders(reactor, settings(signed, robot), maker, folder)
    linker = Linker("https://h.example.org/l", desk.dispatch.tell, utcnow, lambda: timedelta(hours=1))
    notes.pager = MessagePager(senders, Composer(Texts(), SHANGHAI), linker, desk.dispatch.tell, utcnow)
    told = 0
    while told < EMERGENCIES or not finished(desk):
        desk.now = utcnow()
        if told < EMERGENCIES:
            report(desk, told)
            told += 1
        try:
            desk.dispatch.run()
        except StoreUnavailable:
            time.sleep(0.01)
        reactor.iterate(0.005)
    desk.stop()


def report(desk: Desk, number: int) -> None:
    call = f"c{number}"
    desk.dispatch.tell(EmergencyReport(event_id=f"{call}/1", at=desk.now, call_id=call, hazard="smell",
                                       place="indoor"))
    desk.dispatch.tell(FactReport(event_id=f"{call}/2", at=desk.now, call_id=call, field="address",
                                  value=f"街{number}号", confirmed=True, latitude=NEAR_WEST[0],
                                  longitude=NEAR_WEST[1]))


def finished(desk: Desk) -> bool:
    pages = [p for i in desk.dispatch.open_incidents() for p in desk.dispatch.pages(i.key)]
    return bool(pages) and all(page.state != PageState.ORDERED for page in pages)


def main() -> None:
    folder, signed, robot = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(2, 1)  # the log
            run(folder, signed, robot)
            os._exit(0)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    main()
