"""A blacklisted or watched customer is marked on his tickets; a delay's answer reaches dispatch (F3, C12)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.api import CustomerAnswered, EmergencyReport, TicketRequest
from hotline.errors import ConfigurationError
from hotline.events import EmergencyDeclared, FactLearned, TicketRequested
from hotline.service.book import CallNote
from hotline.service.customers import CsvCustomers
from hotline.service.translate import translate
from tests.support.ticket_desk import TicketDesk

AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
HEAD = "number,name,address,latitude,longitude,vulnerable,flag\n"


def customers(tmp_path: Path, flag: str) -> CsvCustomers:
    path = tmp_path / "customers.csv"
    path.write_text(f"{HEAD}+8613900001111,甲,南街2号,,,no,{flag}\n", encoding="utf-8")
    return CsvCustomers(path)


@pytest.mark.parametrize("flag", ["watched:欠费", "blacklisted", ""])
def test_a_watched_customers_ticket_says_so(tmp_path: Path, flag: str) -> None:
    file, note = customers(tmp_path, flag), CallNote("c", caller="+8613900001111")
    wish = TicketRequested(event_id="c/1", call_id="c", at=AT, business="repair", label="repair", fields={})
    [request] = translate(wish, note, file.by_number)
    danger = EmergencyDeclared(event_id="c/2", call_id="c", at=AT, by="key", hazard="smell", place="indoor",
                               words="", confidence=1)
    [emergency] = translate(danger, note, file.by_number)
    assert isinstance(request, TicketRequest) and isinstance(emergency, EmergencyReport)
    assert (request.customer_flag, emergency.customer_flag) == (flag, flag)
    desk = TicketDesk(tmp_path / "state")
    desk.dispatch.tell(request)
    desk.dispatch.tell(emergency)
    assert {ticket.customer_flag for ticket in desk.dispatch.tickets_of_call("c")} == {flag}
    desk.stop()


def test_a_misspelt_flag_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"customers\.csv:2: flag"):
        customers(tmp_path, "blaklisted")


@pytest.mark.parametrize(("value", "told"), [("new_time", True), ("maybe", False)])
def test_what_a_customer_chose_reaches_dispatch(value: str, told: bool) -> None:
    fact = FactLearned(event_id="C-1-1/1", call_id="C-1-1", at=AT, field="visit_answer", value=value,
                       confirmed=True)
    commands = translate(fact, CallNote("C-1-1", purpose="callback"), lambda number: None)
    assert [isinstance(one, CustomerAnswered) for one in commands] == ([True] if told else [])


def test_a_line_that_ends_too_early_is_named(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(f"{HEAD}+8613900001111,甲,南街2号\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="csv:2: latitude, longitude, vulnerable: the line ends"):
        CsvCustomers(path)
