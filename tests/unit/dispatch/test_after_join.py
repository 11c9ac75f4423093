"""A crew goes on by what it was handed before two reports became one leak."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.api import IssueLink, LinkStep
from tests.support.dispatch import NEAR_WEST, Desk
from tests.support.incidents import join, protocol_rules, report

LINK = "cd" * 32


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, rules=protocol_rules())
    yield made
    made.stop()


def test_a_crew_accepts_by_the_link_of_a_report_that_was_joined_meanwhile(desk: Desk) -> None:
    first = report(desk, "c1", community="滨江花园")
    second = report(desk, "c2", (NEAR_WEST[0] + 0.01, NEAR_WEST[1]), community="别的小区", building="9")
    assert first.key != second.key
    page = next(p for p in desk.dispatch.pages(second.key) if p.state == "ringing")
    desk.dispatch.tell(IssueLink(
        event_id="issue", at=desk.now, link_id=LINK, page=page.page_id, incident=second.key,
        target_kind="crew", target=page.target, person=page.person, channel="wecom",
        expires_at=desk.now + timedelta(hours=12)))
    join(desk, second, first)
    link = desk.dispatch.report_link(LINK)
    assert link is not None and link.incident == first.key, "the page behind it shows what is open"
    desk.dispatch.tell(LinkStep(event_id="press", at=desk.now, link_id=LINK, action="accept"))
    assert desk.dispatch.incident(first.key).taken_by == page.target  # type: ignore[union-attr]  # is there
    desk.dispatch.tell(LinkStep(event_id="go", at=desk.now, link_id=LINK, action="on_scene"))
    mine = [a for a in desk.dispatch.assignments(first.key) if a.crew == page.target]
    assert [a.state for a in mine] == ["on_scene"]
