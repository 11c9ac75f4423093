"""How a page ended: exactly one of accepted, declined or failed, whatever happens to the call."""

from __future__ import annotations

from hotline.events import PageAccepted, PageAnswered, PageDeclined, PageFailed
from hotline.ipc import Job
from hotline.journal import Journal


class PageOutcome:
    """Writes the page's records once each; for other calls it writes nothing."""

    def __init__(self, job: Job, journal: Journal, *, staff: bool = False) -> None:
        """`staff`: a crew rang us."""
        self._page_id = job.facts.get("page_id", "") if job.purpose == "page" else ""
        self._notice_id = job.call_id if job.purpose in ("notify", "selftest") else ""
        self._journal = journal
        self._settled = not self._page_id
        self.concerns_crew = job.purpose in ("page", "notify", "selftest") or staff
        """The far end is a crew or leader: its words are not a caller's."""

    def answered(self) -> None:
        if self._page_id:
            self._journal.append(PageAnswered, page_id=self._page_id)

    def accepted(self) -> None:
        """A crew takes the page; or a leader confirms by key that he heard the alarm."""
        if not self._settled or self._notice_id:
            self._settled = True
            self._journal.append(PageAccepted, page_id=self._page_id or self._notice_id)

    def declined(self, reason: str) -> None:
        if not self._settled:
            self._settled = True
            self._journal.append(PageDeclined, page_id=self._page_id, reason=reason)

    def failed(self, why: str) -> None:
        if not self._settled:
            self._settled = True
            self._journal.append(PageFailed, page_id=self._page_id, why=why)

    def cancelled(self, reason: str) -> None:
        self.failed(f"cancelled: {reason}")
