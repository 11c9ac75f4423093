"""What became of a notice: every attempt with who was responsible (S0/S1 §22(1)), until all have it."""

from __future__ import annotations

from dispatch.outbound import NoticeEffect, OutboxItem
from dispatch.paging_commands import NoticeReport, RaiseNotice
from dispatch.work import Work


def raise_notice(work: Work, command: RaiseNotice) -> None:
    work.emit(NoticeEffect(to=command.to, topic=command.topic, text=command.text, urgent=command.urgent))
    work.history(command.to, "notice_raised", topic=command.topic)


def notice_report(work: Work, command: NoticeReport) -> None:
    """One part is settled; with `settled` the whole notice is."""
    item = work.get(OutboxItem, command.effect_id)
    if item is None or not isinstance(item.effect, NoticeEffect):
        return
    before = item.progress.get(command.part, "")
    if before.startswith("acknowledged") and not command.settled:
        return
    progress = {**item.progress, command.part: f"{command.outcome} {work.now.isoformat()}"}
    work.put(
        item.model_copy(
            update={"progress": progress, "receipted_at": work.now if command.settled else item.receipted_at}
        )
    )
    subject = item.effect.incident or item.effect.ticket or item.effect.to
    outcome, _, more = command.outcome.partition(" ")
    work.history(subject, f"notice_{outcome}", author=command.person if outcome == "acknowledged" else "",
                 person=command.person, topic=item.effect.topic, part=command.part, why=more)
