"""Gas is or will be off: the hotline hears it first, then the authority and the customers (S0/S1 §24)."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatch.commands import OutageAnnounced, OutageChanged, OutageOver
from dispatch.deadlines import Notice, end_by, tell_by
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.letters import outage_text
from dispatch.model import Incident
from dispatch.outage_records import Outage
from dispatch.outbound import NoticeEffect
from dispatch.rules import Rules
from dispatch.supply import open_failure
from dispatch.work import Work

DUTY = "planned_outage"
"""Of the service standard: how long before it is told, and how long it may last."""
CUSTOMERS = "customers:"
"""To whom the messages go: the customers of an outage's places, whom the call side has on file."""
DRILL = "【演习】"


def departures(rules: Rules, command: OutageAnnounced, now: datetime) -> list[str]:
    """Where a planned outage departs from what is promised, each with its clause."""
    duty = rules.standard.duties.get(DUTY) if rules.standard else None
    found = []
    if isinstance(duty, Notice):
        if now > tell_by(duty, command.starts_at):
            found.append(f"不足{duty.hours_before:g}小时前告知（{duty.clause}）")
        latest = end_by(duty, command.starts_at)
        if latest is not None and command.expected_at > latest:
            found.append(f"超过{duty.lasts_at_most_hours:g}小时（{duty.clause}）")
    local = command.starts_at.astimezone(rules.timezone).time()
    if rules.outages is not None and any(peak.holds(local) for peak in rules.outages.peaks):
        found.append(f"{local:%H:%M}开始，正值用气高峰")
    return found


def announce(work: Work, command: OutageAnnounced) -> None:
    """Raises NotAllowed: without area, reason, times; planned against the rules without an excuse."""
    remarks = _check(work, command)
    incident = command.incident
    if command.cause == "unplanned" and not incident:
        incident = open_failure(work, command)
    outage = work.put(
        Outage(
            outage_id=f"O-{work.next_number().partition('-')[2]}", cause=command.cause, what=command.what,
            area=command.area, places=command.places, reason=command.reason, starts_at=command.starts_at,
            expected_at=command.expected_at, incident=incident, households=command.households,
            by=command.person, known_at=work.now, drill=command.drill, remarks=tuple(remarks),
        )
    )
    for subject in filter(None, (outage.key, outage.incident)):
        work.history(subject, "outage_announced", author=command.person, outage=outage.key,
                     cause=outage.cause, area=outage.area, reason=outage.reason,
                     starts=outage.starts_at.isoformat(), expected=outage.expected_at.isoformat(),
                     departs="；".join(remarks))
    _sms(work, outage, outage.cause)
    _report_in_time(work, outage)


def change(work: Work, command: OutageChanged) -> None:
    """Another time of restoration is told at once. Raises UnknownRecord, NotAllowed."""
    outage = _open(work, command.outage)
    if not command.person.strip() or not command.reason.strip():
        raise NotAllowed("the time of restoration is changed by a named person, with a reason")
    if command.expected_at <= outage.starts_at:
        raise NotAllowed("gas cannot be back before it was off")
    before = outage.expected_at
    outage = work.put(outage.model_copy(update={"expected_at": command.expected_at}))
    work.history(outage.key, "restoration_changed", author=command.person, before=before.isoformat(),
                 after=command.expected_at.isoformat(), reason=command.reason)
    _sms(work, outage, "changed")
    _report_in_time(work, outage)


def over(work: Work, command: OutageOver) -> None:
    """Gas is back, or it does not take place. Raises UnknownRecord, NotAllowed."""
    outage = _open(work, command.outage)
    if not command.person.strip():
        raise NotAllowed("say who has found that gas is back")
    if command.cancelled and outage.starts_at <= work.now:
        raise NotAllowed(f"{outage.key} has begun; it ends when gas is back")
    changes = {"cancelled": True} if command.cancelled else {"restored_by": command.person}
    outage = work.put(
        outage.model_copy(update={**changes, "restored_at": work.now, "report_at": None})
    )
    what = "outage_cancelled" if command.cancelled else "gas_restored"
    for subject in filter(None, (outage.key, outage.incident)):
        work.history(subject, what, author=command.person, outage=outage.key)
    _sms(work, outage, "cancelled" if command.cancelled else "restored")
    if outage.reported_at is not None and work.rules.outages is not None:
        _write(work, outage, work.rules.outages.letters.restored, "outage_restored")


def report_due(work: Work, outage_id: str) -> None:
    """It lasts longer than may go unreported (S0/S1 §24(4))."""
    _report(work, work.need(Outage, outage_id))


def _check(work: Work, command: OutageAnnounced) -> list[str]:
    missing = [name for name in ("area", "reason", "person") if not getattr(command, name).strip()]
    if missing or not any(place.strip() for place in command.places):
        wanted = ", ".join([*missing, *([] if any(command.places) else ["places"])])
        raise NotAllowed(f"an outage is announced with area, places, reason and a name; missing: {wanted}")
    if command.expected_at <= command.starts_at:
        raise NotAllowed("gas is expected back before it is off")
    if command.incident:
        incident = work.get(Incident, command.incident)
        if incident is None:
            raise UnknownRecord(command.incident)
        if incident.drill != command.drill:
            raise NotAllowed("a drill's outage belongs to a drill, and a real one to none")
    if command.cause == "unplanned":
        return []
    found = departures(work.rules, command, work.now)
    if found and not command.excuse.strip():
        raise NotAllowed(f"{'；'.join(found)}; give the reason why it must be so (excuse)")
    return [f"{one}：{command.excuse}" for one in found]


def _open(work: Work, outage_id: str) -> Outage:
    outage = work.get(Outage, outage_id)
    if outage is None:
        raise UnknownRecord(outage_id)
    if outage.over:
        raise NotAllowed(f"{outage_id} is over")
    return outage


def _report_in_time(work: Work, outage: Outage) -> None:
    """At once when it was not planned or will last too long; else when it has lasted too long."""
    policy = work.rules.outages
    if policy is None or outage.reported_at is not None:
        return
    allowed = timedelta(hours=policy.report_after_hours)
    if outage.cause == "unplanned" or outage.expected_at - outage.starts_at > allowed:
        _report(work, outage)
    else:
        work.put(outage.model_copy(update={"report_at": outage.starts_at + allowed}))


def _report(work: Work, outage: Outage) -> None:
    if work.rules.outages is None:
        return
    outage = work.put(outage.model_copy(update={"reported_at": work.now, "report_at": None}))
    _write(work, outage, work.rules.outages.letters.outage, "outage_report")


def _write(work: Work, outage: Outage, template: str, topic: str) -> None:
    """In writing; a drill's letter leaves the company's house only as an entry of the history."""
    policy = work.rules.outages
    assert policy is not None, "the callers have looked"
    if outage.drill:
        work.history(outage.key, "not_told", target=policy.report_to,
                     why="a drill: nobody outside the company is told")
        return
    text = outage_text(work.rules, template, outage, work.now)
    work.emit(
        NoticeEffect(to=policy.report_to, topic=topic, incident=outage.incident, text=text, urgent=True)
    )
    work.history(outage.key, "told", target=policy.report_to, topic=topic, in_writing="yes",
                 clause="S0/S1 §24(4)", text=text)


def _sms(work: Work, outage: Outage, which: str) -> None:
    policy = work.rules.outages
    if policy is None:
        return
    if outage.drill:
        work.history(outage.key, "not_told", target="customers", why="a drill: no customer is told")
        return
    text = outage_text(work.rules, getattr(policy.sms, which), outage, work.now)
    work.emit(NoticeEffect(to=f"{CUSTOMERS}{outage.key}", topic=f"outage_{which}", text=text,
                           incident=outage.incident, urgent=which != "planned"))
    work.history(outage.key, "customers_told", topic=which, text=text)


def concerns(outage: Outage, address: str, now: datetime) -> bool:
    """Whether somebody at this address must hear of it now (A7)."""
    return not outage.over and bool(address) and any(place in address for place in outage.places)
