"""The business actions of the flows: each answers from memory, at once.

What every action takes and gives is listed in ivr_flows/README.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.api import Dispatch, Incident, Ticket
from hotline.agents.presence import Presence
from hotline.service import crew_actions
from hotline.service.book import CallBook
from hotline.service.customers import CustomerFile
from hotline.service.information import Information

Answer = tuple[str, dict[str, str]]
"""Outcome and values."""
CREW_STATES = {"accepted": "acknowledged", "on_scene": "on_scene"}


class Actions:
    """Answers what a conversation asks the controller."""

    def __init__(
        self,
        dispatch: Dispatch,
        customers: Callable[[], CustomerFile],
        information: Callable[[], Information],
        presence: Presence,
        book: CallBook,
        utcnow: Callable[[], datetime],
        zone: ZoneInfo,
    ) -> None:
        self._dispatch = dispatch
        self._customers = customers
        self._information = information
        self._presence = presence
        self._book = book
        self._utcnow = utcnow
        self._zone = zone

    def answer(self, call_id: str, action: str, given: dict[str, str]) -> Answer:
        """`unavailable` for an action nobody knows."""
        doer: Callable[[str, dict[str, str]], Answer] | None = getattr(self, f"_do_{action}", None)
        return doer(call_id, given) if doer is not None else ("unavailable", {})

    def outage_news(self, number: str) -> dict[str, str] | None:
        """What a caller hears at once when the gas is off at his address on file (S0/S1 §24(8))."""
        outcome, values = self._do_outage_at("", {"number": number}) if number else ("none", {})
        return values if outcome != "none" else None

    # ---- callers
    def _do_find_agents(self, call_id: str, given: dict[str, str]) -> Answer:
        free = self._presence.free()
        return ("ok", {"users": ",".join(free)}) if free else ("none", {})

    def _do_customer_by_number(self, call_id: str, given: dict[str, str]) -> Answer:
        customer = self._customers().by_number(given.get("number", ""))
        if customer is None:
            return "unknown", {}
        vulnerable = "yes" if customer.vulnerable else ""
        return "found", {"file_address": customer.address, "name": customer.name, "vulnerable": vulnerable}

    def _do_caller_context(self, call_id: str, given: dict[str, str]) -> Answer:
        """What triage weighs a caller's words by: hotline.triage.caller."""
        number = given.get("number", "")
        customer = self._customers().by_number(number)
        tickets = self._dispatch.open_tickets_of(number) if number else []
        incident = any(ticket.incident for ticket in tickets)
        outage, _ = self._do_outage_at(call_id, {"number": number})
        return "ok", {
            "vulnerable": "yes" if customer is not None and customer.vulnerable else "",
            "emergency": "yes" if incident else "",
            "ticket": next((ticket.business for ticket in tickets if not ticket.incident), ""),
            "outage": "yes" if outage in ("planned", "unplanned") else "",
        }

    def _do_incident_status(self, call_id: str, given: dict[str, str]) -> Answer:
        for ticket in self._dispatch.tickets_of_call(call_id):
            incident = self._dispatch.incident(ticket.incident) if ticket.incident else None
            if incident is not None and incident.open:
                return "open", self._crew_coming(incident, ticket)
        return "unknown", {}

    def _do_incident_question(self, call_id: str, given: dict[str, str]) -> Answer:
        """What the incident's protocol asks next. The last answer comes along: it may not be stored yet."""
        asked = [key for key in given.get("asked", "").split(",") if key]
        answered = {given["question"]: given["answer"]} if given.get("answer") and "question" in given else {}
        for ticket in self._dispatch.tickets_of_call(call_id):
            found = self._dispatch.incidents.next_question(ticket, asked, answered)
            if found is not None:
                return found.kind, {
                    "question": found.key, "question_text": found.text, "if_yes": found.if_yes,
                    "if_no": found.if_no, "question_yes": "、".join(found.yes),
                    "question_no": "、".join(found.no),
                }
        return "none", {}

    def _crew_coming(self, incident: Incident, ticket: Ticket) -> dict[str, str]:
        """What is true: the forecast of the crew that has it; a target that is past is not promised."""
        now = self._utcnow()
        forecast = self._dispatch.incidents.forecast(incident, now)
        others = len(incident.tickets) > 1 and incident.tickets[0] != ticket.number
        return {
            "target_minutes": _minutes(incident.target_at, now) if incident.target_at > now else "",
            "forecast_minutes": _minutes(forecast, now) if forecast is not None else "",
            "crew_state": CREW_STATES.get(incident.caller_message, ""),
            "reported_before": "yes" if others else "",
        }

    def _do_ticket_progress(self, call_id: str, given: dict[str, str]) -> Answer:
        """A ticket is told to whoever rings from its number or knows its number."""
        wanted = given.get("ticket", "")
        tickets = self._dispatch.open_tickets_of(given.get("number", ""))
        if wanted:
            known = [ticket for ticket in self._dispatch.queue() if _same_number(ticket.number, wanted)]
            tickets = known or self._dispatch.open_tickets_of(wanted)
        if not tickets:
            return "none", {}
        ticket = tickets[0]
        progress = self._dispatch.progress(ticket.number)
        values = {
            "business": ticket.business,
            "status": (progress.phase if progress is not None else "") or ticket.state.value,
            "ticket_number": ticket.number,
            "due": self._promise(ticket.number) or self._information().promises.get(ticket.business, ""),
        }
        return ("emergency" if ticket.incident else "found"), values

    def _do_outage_at(self, call_id: str, given: dict[str, str]) -> Answer:
        address = given.get("address", "")
        customer = self._customers().by_number(given.get("number", ""))
        if not address and customer is not None:
            address = customer.address
        now = self._utcnow()
        known = self._dispatch.incidents.outage_at(address, now)
        if known is not None:
            return known.cause, {
                "reason": known.reason, "area": known.area, "started": self._local(known.starts_at),
                "until": self._local(known.expected_at),
                "running": "yes" if known.starts_at <= now else "",
            }
        outage = self._information().outage_at(address, now)
        if outage is None:
            return "none", {}
        return outage.kind, {
            "reason": outage.reason,
            "area": outage.area,
            "started": self._local(outage.starts),
            "until": self._local(outage.ends),
            "running": "yes" if outage.starts <= now else "",
        }

    def _do_price_info(self, call_id: str, given: dict[str, str]) -> Answer:
        text = self._information().topics.get(given.get("topic", ""), "")
        return ("ok", {"info": text}) if text else ("unavailable", {})

    def _do_service_promise(self, call_id: str, given: dict[str, str]) -> Answer:
        """The clock of the ticket that this call has just opened; else what is promised in general."""
        business = given.get("business", "")
        mine = [t for t in self._dispatch.tickets_of_call(call_id) if t.business == business]
        text = self._promise(mine[-1].number) if mine else ""
        text = text or self._information().promises.get(business, "")
        return ("ok", {"until": text}) if text else ("unavailable", {})

    def _promise(self, number: str) -> str:
        return self._dispatch.promise(number)

    # ---- crews
    def _do_crew_by_number(self, call_id: str, given: dict[str, str]) -> Answer:
        crew = self._dispatch.crew_of_phone(given.get("number", ""))
        return ("known", {"crew": crew.key, "crew_name": crew.name}) if crew is not None else ("unknown", {})

    def _do_crew_login(self, call_id: str, given: dict[str, str]) -> Answer:
        crew = given.get("crew", "")
        if not self._dispatch.pin_is_right(crew, given.get("pin", "")):
            return "wrong", {}
        names = {view.key: view.name for view in self._dispatch.crews()}
        return "ok", {"crew": crew, "crew_name": names.get(crew, crew)}

    def _do_open_incidents_of_crew(self, call_id: str, given: dict[str, str]) -> Answer:
        return crew_actions.open_work(self._dispatch, given.get("crew", ""))

    def _do_next_job_of_crew(self, call_id: str, given: dict[str, str]) -> Answer:
        return crew_actions.next_job(self._dispatch, call_id, given.get("crew", ""), self._utcnow())

    def _do_addresses_waiting(self, call_id: str, given: dict[str, str]) -> Answer:
        """The next address of a joined incident that nobody has cleared, and how many there are."""
        waiting = self._dispatch.incidents.waiting(given.get("incident", ""))
        if not waiting:
            return "none", {}
        first = waiting[0]
        where = first.address or first.phone
        return "some", {"waiting": str(len(waiting)), "check_ticket": first.number, "check_address": where}

    def _local(self, then: datetime) -> str:
        return then.astimezone(self._zone).isoformat()


def _minutes(then: datetime, now: datetime) -> str:
    return str(max(math.ceil((then - now).total_seconds() / 60), 1))


def _same_number(ticket: str, spoken: str) -> bool:
    """`GS-20261122-0007` is keyed as its digits, or as its last ones."""
    digits = "".join(char for char in ticket if char.isdigit())
    return len(spoken) >= 4 and digits.endswith(spoken)
