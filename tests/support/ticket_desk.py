"""A desk that knows a service standard and the shipped kinds of business."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.api import Businesses, Ticket, TicketRequest
from dispatch.deadlines import WorkCalendar
from dispatch.ticket_records import Clock, Visit
from hotline.businesses import load_businesses
from tests.support.dispatch import Desk, rules
from tests.support.standards import standard

SHANGHAI = ZoneInfo("Asia/Shanghai")
SHIPPED = load_businesses(None)


def local(text: str) -> datetime:
    """Beijing time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class TicketDesk(Desk):
    """`desk.tell(HandOver, number=…)` and the clocks of a ticket by stage."""

    def __init__(self, folder: Path, store: Any = None, **options: Any) -> None:
        name = options.pop("standard", "guangyuan-2022")
        kinds: Businesses = options.pop("businesses", SHIPPED)
        self.kept_rules = options.pop("rules", None) or rules(
            standard=standard(name), calendar=WorkCalendar(), businesses=kinds
        )
        super().__init__(folder, store, rules=self.kept_rules, **options)

    def crash(self) -> None:
        """As after SIGKILL, and started again."""
        self.dispatch = self.crash_and_start(rules=self.kept_rules).dispatch
        self.notes.desk = self

    def at(self, text: str) -> None:
        """Go to this Beijing time and do what is due."""
        self.now = local(text).astimezone(UTC)
        self.dispatch.run()

    def open(self, business: str, call_id: str = "", **fields: str) -> Ticket:
        call_id = call_id or self.name("call").replace("/", "-")
        self.dispatch.tell(TicketRequest(
            event_id=self.name(call_id), at=self.now, call_id=call_id, business=business, fields=fields,
            caller="13900001111",
        ))
        return self.dispatch.tickets_of_call(call_id)[-1]

    def do(self, command: type, **fields: Any) -> None:
        self.dispatch.tell(command(event_id=self.name("desk"), at=self.now, **fields))

    def ticket(self, number: str) -> Ticket:
        found = self.dispatch.ticket(number)
        assert found is not None
        return found

    def clocks(self, number: str) -> dict[str, Clock]:
        state = self.dispatch.engine.state
        found = [state.get(Clock, key) for key in sorted(state.of_ticket(Clock, number))]
        known = sorted((clock for clock in found if clock is not None), key=lambda clock: clock.open)
        return {clock.stage: clock for clock in known}

    def due(self, number: str, stage: str = "complete") -> str:
        """Beijing time, empty: none."""
        at = self.clocks(number)[stage].due_at
        return f"{at.astimezone(SHANGHAI):%m-%d %H:%M}" if at else ""

    def visit(self, number: str) -> Visit:
        state = self.dispatch.engine.state
        return max((v for k in state.of_ticket(Visit, number) if (v := state.get(Visit, k))),
                   key=lambda v: v.ordinal)

    def notices(self) -> list[tuple[str, str]]:
        """To whom and about what, in order."""
        return [(order.to, order.topic) for order in self.notes.orders if hasattr(order, "topic")
                and hasattr(order, "to")]

    def rows(self, number: str, what: str) -> list[dict[str, str]]:
        self.dispatch.run()
        return [row.detail | {"author": row.author} for row in self.store.history([number])
                if row.what == what]
