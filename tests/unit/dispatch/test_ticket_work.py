"""Work on tickets: owners, notes, files, relations, edits, slips; nobody judges himself (A5, D4, F3, F4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.api import NotAllowed, TicketTaken, UnknownRecord
from dispatch.business_rules import Tie
from dispatch.ticket_commands import (
    Advanced,
    AttachmentAdded,
    HandOver,
    NoteAdded,
    PointSettled,
    SlipIssued,
    SlipReported,
    TicketEdited,
    TicketRelated,
)
from dispatch.ticket_records import Attachment, Slip
from tests.support.ticket_desk import SHIPPED, TicketDesk

INVALID = {"validity_criterion": "threat", "grade_criterion": "solved_at_once", "result": "无效"}
VALID = {"validity_criterion": "rude_staff", "grade_criterion": "bribery", "result": "已道歉"}
TIES = SHIPPED.model_copy(update={"ties": (Tie(person="张三", to=("李四",)),)})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TicketDesk]:
    made = TicketDesk(tmp_path, businesses=TIES)
    yield made
    made.stop()


def test_a_hand_over_names_both_the_reason_and_the_author(desk: TicketDesk) -> None:
    number = desk.open("repair").number
    desk.do(TicketTaken, number=number, person="王芳")
    assert (desk.ticket(number).phase, desk.ticket(number).state) == ("assigned", "in_hand")
    with pytest.raises(NotAllowed, match="王芳's, not 赵六's"):
        desk.do(HandOver, number=number, to="张伟", was="赵六", author="班长", reason="换班")
    with pytest.raises(NotAllowed, match="the reason"):
        desk.do(HandOver, number=number, to="张伟", author="班长", reason=" ")
    desk.do(HandOver, number=number, to="张伟", was="王芳", author="班长", reason="换班")
    *_, row = desk.rows(number, "owner_changed")
    assert row == {"before": "王芳", "after": "张伟", "reason": "换班", "author": "班长"}


@pytest.mark.parametrize("person", ["张三", "李四"])
def test_nobody_has_a_complaint_about_himself_or_his_own_alone(desk: TicketDesk, person: str) -> None:
    number = desk.open("complaint", about="张三").number
    with pytest.raises(NotAllowed, match="annex 3"):
        desk.do(TicketTaken, number=number, person=person)
    with pytest.raises(NotAllowed, match="annex 3"):
        desk.do(HandOver, number=number, to=person, author="主任", reason="分派")
    with pytest.raises(NotAllowed, match="annex 3"):
        desk.do(SlipIssued, number=number, content="调查", in_charge=person, author="主任")
    desk.do(HandOver, number=number, to=person, author="主任", reason="分派", assistants=("王芳",))
    desk.do(Advanced, number=number, step="reply", author=person)
    with pytest.raises(NotAllowed, match="annex 3"):
        desk.do(HandOver, number=number, to="张三", author="主任", reason="x", assistants=("李四",))


def test_who_is_found_to_be_concerned_takes_no_step_alone(desk: TicketDesk) -> None:
    number = desk.open("complaint").number
    desk.do(TicketTaken, number=number, person="李四")
    desk.do(TicketEdited, number=number, changes={"about": "张三"}, author="王芳", reason="客户补充")
    with pytest.raises(NotAllowed, match="annex 3"):
        desk.do(Advanced, number=number, step="answer", author="李四",
                fields=INVALID)
    desk.do(Advanced, number=number, step="answer", author="王芳",
            fields=INVALID)


def test_a_complaint_goes_its_whole_way(desk: TicketDesk) -> None:
    number = desk.open("complaint", about="赵六").number
    desk.do(TicketTaken, number=number, person="王芳")
    assert desk.ticket(number).phase == "investigating"
    for step, fields, needed in (
        ("answer", VALID, "validity_criterion"),
        ("feed_back", {"signed_by": "部门主任"}, "signed_by"),
        ("close", {"satisfaction": "satisfied"}, "satisfaction"),
    ):
        with pytest.raises(NotAllowed, match=needed):
            desk.do(Advanced, number=number, step=step, author="王芳")
        desk.do(Advanced, number=number, step=step, author="王芳", fields=fields)
    assert desk.ticket(number).state == "closed"
    assert (desk.ticket(number).fields["grade"], desk.ticket(number).fields["validity"]) == ("major", "valid")
    assert {s: c.state for s, c in desk.clocks(number).items()} == {"complete": "met", "feedback": "met"}
    assert desk.rows(number, "field_filled")[-1]["after"] == "satisfied"
    with pytest.raises(NotAllowed, match="open a new one"):
        desk.do(Advanced, number=number, step="reopen", author="王芳")


@pytest.mark.parametrize(
    ("step", "fields", "said"),
    [("fly", {}, r"investigate \(开始调查\)"), ("answer", {"validity": "maybe"}, "one of valid, invalid"),
     ("answer", {"colour": "red"}, "no field colour"), ("feed_back", {}, "is received")],
)
def test_a_step_that_cannot_be_says_what_can(desk: TicketDesk, step: str, fields: Any, said: str) -> None:
    number = desk.open("complaint").number
    with pytest.raises(NotAllowed, match=said):
        desk.do(Advanced, number=number, step=step, author="王芳", fields=fields)
    assert desk.ticket(number).phase == "received" and desk.ticket(number).fields == {}


def test_a_complaint_reaches_the_service_centre_at_once(desk: TicketDesk) -> None:
    desk.open("complaint")
    desk.dispatch.run()
    assert desk.notices() == [("service_centre", "ticket_opened")]


@pytest.mark.parametrize(("source", "why"), [("hotline", "reported again"), ("press", "taken outside")])
def test_a_complaint_that_comes_again_is_escalated(desk: TicketDesk, source: str, why: str) -> None:
    first = desk.open("complaint", grade="ordinary").number
    second = desk.open("complaint", source=source).number
    desk.dispatch.run()
    for number, other in ((first, second), (second, first)):
        assert desk.ticket(number).fields["grade"] == "major"
        assert [(r.to, r.relation) for r in desk.ticket(number).relations] == [(other, "follow_up")]
        assert desk.rows(number, "escalated")[0]["why"].startswith(why)
    assert {("department_head", "ticket_escalated"), ("leaders", "ticket_escalated")} <= set(desk.notices())
    assert desk.open("repair").relations == (), "another matter"


def test_a_note_stands_in_the_history(desk: TicketDesk) -> None:
    number = desk.open("repair").number
    desk.do(NoteAdded, number=number, author="王芳", text="客户晚上在家")
    [row] = desk.rows(number, "note")
    assert (row["text"], row["author"]) == ("客户晚上在家", "王芳")
    for text, author in (("", "王芳"), ("x", ""), ("x" * 4001, "王芳")):
        with pytest.raises(NotAllowed):
            desk.do(NoteAdded, number=number, author=author, text=text)
    with pytest.raises(UnknownRecord, match="GS-404"):
        desk.do(NoteAdded, number="GS-404", author="王芳", text="x")


def test_a_recording_belongs_to_every_ticket_of_its_call_once(desk: TicketDesk) -> None:
    first, second = desk.open("repair", "c").number, desk.open("complaint", "c").number
    for _ in range(2):
        desk.do(AttachmentAdded, call_id="c", what="recording", reference="2026/11/23/c.wav", sha256="a" * 64,
                media_type="audio/wav", size_bytes=12)
    for number in (first, second):
        found = desk.dispatch.engine.state.of_ticket(Attachment, number)
        assert found == {f"{number}/F1"}
    assert desk.rows(first, "attached")[0]["sha256"] == "a" * 64


def test_relations_go_both_ways(desk: TicketDesk) -> None:
    first, second = desk.open("repair").number, desk.open("repair").number
    for _ in range(2):
        desk.do(TicketRelated, number=first, other=second, relation="duplicate", author="王芳")
    for one, other in ((first, second), (second, first)):
        ticket = desk.ticket(one)
        assert ticket.related == (other,)
        assert [(r.to, r.relation) for r in ticket.relations] == [(other, "duplicate")]
    desk.do(TicketRelated, number=first, other="20261123-77", relation="partner", partner="12345",
            author="王芳")
    assert desk.ticket(first).relations[1].partner == "12345" and desk.ticket(first).related == (second,)
    for wrong in ({"other": first, "relation": "follow_up"}, {"other": "1", "relation": "partner"}):
        with pytest.raises(NotAllowed):
            desk.do(TicketRelated, number=first, author="王芳", **wrong)
    with pytest.raises(UnknownRecord):
        desk.do(TicketRelated, number=first, other="GS-404", relation="duplicate", author="王芳")


def test_an_edit_keeps_the_old_value(desk: TicketDesk) -> None:
    number = desk.open("repair", description="打不着火").number
    desk.do(TicketEdited, number=number, changes={"description": "不通气", "priority": "1"}, author="王芳",
            reason="听错了")
    assert (desk.ticket(number).description, desk.ticket(number).priority) == ("不通气", 1)
    assert desk.rows(number, "edited")[0] == {
        "field": "description", "before": "打不着火", "after": "不通气", "reason": "听错了", "author": "王芳"}
    for changes in ({"priority": "12"}, {"owner": "x"}, {"business": "emergency"}, {"business": "x"}, {}):
        with pytest.raises(NotAllowed):
            desk.do(TicketEdited, number=number, changes=changes, author="王芳", reason="x")


def test_an_edited_address_of_an_emergency_reaches_the_crews(desk: TicketDesk) -> None:
    incident = desk.located("c")
    desk.accept("A")
    desk.do(TicketEdited, number=incident.tickets[0], changes={"address": "利州东路12号"}, author="王芳",
            reason="客户更正")
    desk.wait(15)
    assert desk.incident("c").address == "利州东路12号"
    assert any(line.startswith("tell A: address") for line in desk.notes.lines)
    with pytest.raises(NotAllowed, match="before everything"):
        desk.do(TicketEdited, number=incident.tickets[0], changes={"priority": "5"}, author="王芳",
                reason="x")


def test_another_kind_of_business_has_another_promise(desk: TicketDesk) -> None:
    number = desk.open("repair").number
    desk.do(TicketEdited, number=number, changes={"business": "outdoor_repair"}, author="王芳",
            reason="在户外")
    clock = desk.clocks(number)["complete"]
    assert (clock.business, clock.started_at) == ("outdoor_repair", desk.ticket(number).opened_at)


def test_a_slip_comes_back_as_a_repair_record(desk: TicketDesk) -> None:
    number = desk.open("repair").number
    desk.do(SlipIssued, number=number, content="更换软管", in_charge="王强", author="王芳")
    with pytest.raises(NotAllowed, match="yuan"):
        desk.do(SlipReported, number=number, author="王强", done="已更换", fee="三十")
    desk.do(SlipReported, number=number, author="王强", done="已更换", fee="35.50", confirmed_by="客户签字",
            parts=(("软管", "2", "17.75"),), points=("表后阀老化", " "))
    slip = desk.dispatch.engine.state.get(Slip, f"{number}/W1")
    assert slip is not None and (slip.parts[0].name, len(slip.points)) == ("软管", 1)
    assert desk.ticket(number).phase == "received", "a point is unsolved"
    desk.dispatch.run()
    assert [one.slip_id for one in desk.store.unsolved()] == [slip.slip_id]
    desk.do(PointSettled, slip=slip.slip_id, point=1, author="王强", how="换阀")
    desk.dispatch.run()
    assert desk.store.unsolved() == [] and desk.ticket(number).phase == "done"
    assert desk.clocks(number)["complete"].state == "met"
    for wrong in ({"point": 1}, {"point": 2}):
        with pytest.raises((NotAllowed, UnknownRecord)):
            desk.do(PointSettled, slip=slip.slip_id, author="王强", how="x", **wrong)
    with pytest.raises(NotAllowed, match="issue one first"):
        desk.do(SlipReported, number=number, author="王强", done="x")
