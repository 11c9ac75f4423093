"""Crews and leaders report by link: each step of a link once, in one unit with what it brings about."""

from __future__ import annotations

from datetime import timedelta

from dispatch import crew_reports, notices, pages
from dispatch.commands import CrewReport, CrewStatus, PageReport
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.following import now_of
from dispatch.links import Link
from dispatch.model import Incident, Page
from dispatch.paging_commands import IssueLink, LinkAction, LinkStep, NoticeReport
from dispatch.states import PageEvent
from dispatch.work import Work

OFTEN: dict[str, int] = {"needs_help": 3, "unsolved": 10, "rechecked": 5}
"""Steps that may be told again; the others are good once."""
NEEDS_NOTE = ("decline", "unsolved")
STATUS: dict[LinkAction, CrewStatus] = {
    "en_route": "en_route", "on_scene": "on_scene", "made_safe": "made_safe", "rechecked": "rechecked",
    "unsolved": "unsolved", "needs_help": "needs_help", "finished": "finished",
}
LONGEST_NOTE = 500


def issue(work: Work, command: IssueLink) -> None:
    work.put(
        Link(
            link_id=command.link_id, page=command.page, incident=command.incident,
            target_kind=command.target_kind, target=command.target, person=command.person,
            channel=command.channel, drill=command.drill, issued_at=work.now, expires_at=command.expires_at,
        )
    )


def actions(link: Link, incident: Incident | None, page: Page | None) -> tuple[LinkAction, ...]:
    """What may still be told by this link."""
    if link.target_kind != "crew":
        wanted: tuple[LinkAction, ...] = ("accept",)
    elif incident is None or not incident.open:
        wanted = ()
    else:
        wanted = ("accept", "decline", *STATUS)
    return tuple(action for action in wanted if link.used.get(action, 0) < OFTEN.get(action, 1)
                 and not (action == "decline" and "accept" in link.used))


def step(work: Work, command: LinkStep) -> None:
    """Raises UnknownRecord, NotAllowed (expired, used, over, no reason); then nothing is changed."""
    link = work.get(Link, command.link_id)
    if link is None:
        raise UnknownRecord("link")
    # Joined meanwhile: whoever was paged for it goes on with the incident that has its reports.
    incident = work.get(Incident, now_of(work, link.incident)) if link.incident else None
    if work.now >= link.expires_at:
        raise NotAllowed("the link has expired")
    if command.action not in actions(link, incident, work.get(Page, link.page)):
        raise NotAllowed("this step was told already, or is no longer possible")
    note = command.note.strip()[:LONGEST_NOTE]
    if command.action in NEEDS_NOTE and not note:
        raise NotAllowed("a reason is needed")
    used = {**link.used, command.action: link.used.get(command.action, 0) + 1}
    if command.action == "rechecked" and note.startswith("gas_found"):
        used.pop("made_safe", None)  # it must be made safe once more
    work.put(link.model_copy(update={"used": used}))
    work.history(link.incident or link.page, "link_used", author=link.person, action=command.action,
                 channel=link.channel, page=link.page)
    if work.get(Page, link.page) is None:
        _acknowledge(work, link, command)
    elif command.action in ("accept", "decline"):
        event = PageEvent.ACCEPT if command.action == "accept" else PageEvent.DECLINE
        pages.page_report(work, PageReport(
            event_id=command.event_id, at=command.at, page_id=link.page, event=event, why=note))
    else:
        crew_reports.report(work, CrewReport(
            event_id=command.event_id, at=command.at, crew=link.target, status=STATUS[command.action],
            incident=link.incident, note=note, latitude=command.latitude, longitude=command.longitude))


def _acknowledge(work: Work, link: Link, command: LinkStep) -> None:
    notices.notice_report(work, NoticeReport(
        event_id=command.event_id, at=command.at, effect_id=link.page, part=link.target,
        outcome="acknowledged by link", person=link.person))


def expires_after(work: Work) -> timedelta:
    return timedelta(seconds=work.rules.policy.times.link)
