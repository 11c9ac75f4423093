"""Random histories of pages by several channels: nobody forgotten, no page lost or doubled, crash or not."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.acknowledging import wanted
from dispatch.api import DispatchError, Incident, PageEvent, PageOrder
from dispatch.escalation import awaited, covered
from dispatch.model import RINGING
from dispatch.outbound import OutboxItem, PageEffect
from dispatch.policy import Step
from dispatch.work import Work
from tests.support.dispatch import Desk, Notes, policy, rules
from tests.unit.dispatch.test_paging import reachable

CHAIN = tuple(Step.model_validate(step) for step in (
    {"who": "free_crews", "channels": ["phone", ["robot", "sms"]]},
    {"who": "all_crews", "channels": [["sms", "phone"]], "repeats": 2, "page_seconds": 20},
    {"who": "duty_centre", "channels": ["phone"]},
    {"who": "leaders", "alarm": True, "acknowledge": "each", "channels": ["phone", "sms"]},
    {"who": "fire", "every_round": False},
))
EVENTS = [PageEvent.STARTED, PageEvent.ANSWER, PageEvent.ACCEPT, PageEvent.DECLINE, PageEvent.FAIL]
STEP = st.one_of(
    st.tuples(st.just("page"), st.integers(0, 40), st.sampled_from(EVENTS)),
    st.tuples(st.just("wait"), st.integers(1, 130), st.none()),
    st.tuples(st.just("crew"), st.integers(0, 3),
              st.sampled_from(["en_route", "on_scene", "made_safe", "rechecked", "cleared", "well"])),
    st.tuples(st.just("report"), st.integers(0, 2), st.none()),
    st.tuples(st.just("crash"), st.just(0), st.none()),
)


class Sent(Notes):
    """Remembers for ever which pages were handed out; receipts come only from the history's events."""

    def __init__(self, orders: Counter[str]) -> None:
        super().__init__()
        self.handed = orders

    def page(self, order: PageOrder) -> None:
        self.handed[order.page_id] += 1


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEP, max_size=45))
def test_nobody_is_forgotten_and_no_page_is_lost_or_doubled(steps: list[Any]) -> None:
    handed: Counter[str] = Counter()
    made = rules(policy=policy(chain=CHAIN), stations=reachable(robot="1", sms="2"))
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), rules=made, notes=Sent(handed))
        desk.located("c0")
        for what, number, event in steps:
            desk = _do(desk, made, handed, what, number, event)
            desk.dispatch.run()
            _check(desk, handed)
        desk.stop()


def _do(desk: Desk, made: Any, handed: Counter[str], what: str, number: int, event: Any) -> Desk:
    incidents = desk.dispatch.open_incidents()
    if what == "wait":
        desk.wait(number, step=5)
    elif what == "report":
        desk.located(f"c{number}")
    elif what == "crash":
        return desk.crash_and_start(rules=made, notes=Sent(handed))
    elif what == "page" and incidents:
        pages = [p for i in incidents for p in desk.dispatch.pages(i.key)]
        desk.page(pages[number % len(pages)].page_id, event, "why")
    elif what == "crew" and incidents:
        try:
            desk.crew("ABCD"[number], event, incidents[0].key)
        except DispatchError:
            pass
    return desk


def _check(desk: Desk, handed: Counter[str]) -> None:
    state = desk.dispatch.engine.state
    work = Work(state, desk.dispatch.rules, desk.now, "look")
    waiting = {item.effect.page_id for item in state.all(OutboxItem) if isinstance(item.effect, PageEffect)}
    for incident in desk.dispatch.open_incidents():
        now = work.need(Incident, incident.key)
        waited = awaited(work, now) or now.next_page_at is not None
        assert covered(work, now) or waited, "nobody is waited for"
        pages = desk.dispatch.pages(incident.key)
        # One that was cancelled because a crew came by itself may be ordered anew, as reinforcement.
        names = Counter((p.target, p.person, p.channel) for p in pages if p.state in RINGING)
        doubled = {name: times for name, times in names.items() if times > 1}
        assert doubled == {}, doubled
        for page in pages:
            assert handed[page.page_id] or page.page_id in waiting or page.state not in RINGING, "lost"
            if page.must_acknowledge and wanted(work, page):
                peers = [p for p in pages if p.person == page.person and p.level == page.level]
                assert any(p.state in RINGING or p.again_at for p in peers), "an acknowledgement is forgotten"
