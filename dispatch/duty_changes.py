"""Swaps, leave, absences and extra duties that are told while the service runs; each approved by somebody."""

from __future__ import annotations

from datetime import timedelta

from dispatch.crew_commands import DutyChanged, DutyChangeWithdrawn
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.units import DutyChange
from dispatch.work import Work

LONGEST = timedelta(days=400)


def change_duty(work: Work, command: DutyChanged) -> None:
    """Raises UnknownRecord, NotAllowed; then nothing is changed."""
    crew = work.rules.stations.crew(command.crew)
    if crew is None:
        raise UnknownRecord(command.crew)
    if command.member not in {member.name for member in crew.members}:
        raise NotAllowed(f"{command.member} is no member of crew {crew.key}")
    if not command.author.strip() or not command.approved_by.strip():
        raise NotAllowed("a change of the roster has an author and somebody who approved it")
    if not timedelta() < command.end - command.start <= LONGEST:
        raise NotAllowed("`end` must be after `start`, by at most 400 days")
    other = work.rules.stations.crew(command.substitute_crew or command.crew)
    if command.change == "swap":
        names = {member.name for member in other.members} if other else set()
        if command.substitute not in names:
            whose = command.substitute_crew or command.crew
            raise NotAllowed(f"{command.substitute or 'the substitute'} is no member of crew {whose}")
    made = work.put(
        DutyChange(
            change_id=f"D-{work.unit_id}", change=command.change, crew=command.crew, member=command.member,
            substitute=command.substitute, substitute_crew=command.substitute_crew, start=command.start,
            end=command.end, on_call=command.on_call, author=command.author,
            approved_by=command.approved_by, reason=command.reason, at=work.now,
        )
    )
    work.history(f"crew:{crew.key}", f"duty_{command.change}", author=command.author, change=made.key,
                 member=command.member, substitute=command.substitute, approved_by=command.approved_by,
                 since=command.start.isoformat(), until=command.end.isoformat(), reason=command.reason)


def withdraw_change(work: Work, command: DutyChangeWithdrawn) -> None:
    """Raises UnknownRecord, NotAllowed."""
    found = work.get(DutyChange, command.change_id)
    if found is None:
        raise UnknownRecord(command.change_id)
    if not command.person.strip():
        raise NotAllowed("a change of the roster is withdrawn by a named person")
    if found.withdrawn_at is None:
        work.put(found.model_copy(update={"withdrawn_at": work.now, "withdrawn_by": command.person}))
        work.history(f"crew:{found.crew}", "duty_change_withdrawn", author=command.person, change=found.key,
                     reason=command.reason)
