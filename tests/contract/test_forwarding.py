"""Whatever a command names (a slip, a visit, a link, a crew's work), it reaches the node that holds it."""

from __future__ import annotations

from datetime import timedelta

from dispatch.api import IssueLink, LinkStep
from dispatch.commands import AddressCleared, JoinIncidents
from dispatch.state import Kind
from dispatch.ticket_commands import CustomerAnswered, PointSettled, SlipIssued, SlipReported, VisitBooked
from dispatch.ticket_records import Slip, Visit
from dispatch.units import Job
from tests.contract.test_nodes import Nodes, nodes, postgres, turn, url
from tests.support.crews import give, repair, say
from tests.support.dispatch import Desk

__all__ = ["nodes", "postgres", "url"]
LINK = "ab" * 32


def held(desk: Desk, kind: type[Kind], key: str) -> Kind:
    found = desk.dispatch.engine.state.get(kind, key)
    assert found is not None
    return found


def after(a: Desk, b: Desk) -> None:
    """B passes on, A takes it in, B sees it."""
    turn(b, a, b, a, b)


def two(nodes: Nodes) -> tuple[Desk, Desk, str]:
    """A has an ordinary ticket, B is told about it."""
    a, b = nodes.node("A"), nodes.node("B")
    number = repair(a)
    turn(a, b)
    return a, b, number


def test_a_slip_is_reported_and_its_point_settled_on_another_node(nodes: Nodes) -> None:
    a, b, number = two(nodes)
    b.dispatch.tell(SlipIssued(event_id="s/1", at=b.now, number=number, content="换表", in_charge="王强",
                               author="王芳"))
    after(a, b)
    b.dispatch.tell(SlipReported(event_id="s/2", at=b.now, number=number, author="王强", done="已换表",
                                 points=("立管老化",)))
    after(a, b)
    slip = f"{number}/W1"
    assert held(a, Slip, slip).open_points
    b.dispatch.tell(PointSettled(event_id="s/3", at=b.now, slip=slip, point=1, author="王强", how="已处理"))
    after(a, b)
    assert held(a, Slip, slip).open_points == ()
    assert a.store.unsolved() == [], "what was passed on is in the database, should its node die"


def test_a_customers_answer_about_an_appointment_reaches_its_node(nodes: Nodes) -> None:
    a, b, number = two(nodes)
    a.dispatch.tell(VisitBooked(event_id="v/1", at=a.now, number=number, begins_at=a.now + timedelta(hours=4),
                                ends_at=a.now + timedelta(hours=6), author="王芳"))
    turn(a, b)
    [visit] = a.dispatch.engine.state.live(Visit)
    b.dispatch.tell(CustomerAnswered(event_id="v/2", at=b.now, visit=visit.key, answer="wait", author="李梅"))
    after(a, b)
    assert [one.answer for one in held(a, Visit, visit.key).consents] == ["wait"]


def test_a_link_is_shown_and_pressed_on_a_node_that_did_not_send_it(nodes: Nodes) -> None:
    a, b = nodes.node("A"), nodes.node("B")
    incident = a.located("c1")
    page = a.ringing("A", "c1")
    a.dispatch.tell(IssueLink(
        event_id="l/1", at=a.now, link_id=LINK, page=page.page_id, incident=incident.key,
        target_kind="crew", target="A", person="A1", channel="sms", expires_at=a.now + timedelta(hours=12),
    ))
    turn(a, b)
    seen = b.dispatch.linked(LINK)
    assert seen is not None and seen.incident is not None and seen.facts is not None
    assert seen.facts.address == "利州东路10号" and seen.page is not None
    b.dispatch.tell(LinkStep(event_id="l/2", at=b.now, link_id=LINK, action="accept"))
    after(a, b)
    assert a.incident("c1").taken_by == "A"
    again = b.dispatch.report_link(LINK)
    assert again is not None and again.used == {"accept": 1}
    assert b.dispatch.linked("cd" * 32) is None


def test_a_crew_tells_of_its_ordinary_work_on_another_nodes_line(nodes: Nodes) -> None:
    a, b, number = two(nodes)
    give(a, "C", number)
    turn(a, b)
    say(b, "C", "on_scene")
    after(a, b)
    [job] = a.dispatch.engine.state.live(Job)
    assert job.state == "on_scene"
    say(b, "C", "unsolved", ticket=number, note="缺配件")
    after(a, b)
    assert held(a, Slip, f"{number}/C").open_points[0].text == "缺配件"


def test_what_is_joined_or_cleared_there_is_told_there(nodes: Nodes) -> None:
    a, b = nodes.node("A"), nodes.node("B")
    first, second = a.located("c1"), a.located("c2")
    turn(a, b)
    b.dispatch.tell(JoinIncidents(event_id="j/1", at=b.now, incident=second.key, into=first.key,
                                  person="调度", reason="同一处"))
    after(a, b)
    joined = a.dispatch.incident(second.key)
    assert joined is not None and joined.joined_into == first.key
    a.accept("A", "c1")
    a.crew("A", "on_scene")
    turn(a, b)
    b.dispatch.tell(AddressCleared(event_id="j/2", at=b.now, ticket=second.tickets[0], by="A",
                                   recheck="no_gas"))
    after(a, b)
    assert "address_cleared" in a.history(second.tickets[0])
