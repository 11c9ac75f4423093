"""`accept_page`, `decline_page` and `report`: the crew's answers."""

from __future__ import annotations

from hotline.flow import commands as do
from hotline.flow.run import Run
from hotline.flow.states import Accept, Decline, Report
from hotline.flow.verbs.base import Verb


class _Accept(Verb):
    waits = False

    def enter(self, run: Run, state: Accept) -> None:
        run.say(do.AcceptPage())
        run.change(secured=True)
        run.go(state.next)


class _Decline(Verb):
    waits = False

    def enter(self, run: Run, state: Decline) -> None:
        run.say(do.DeclinePage(run.fill(state.reason)))
        run.change(secured=True)
        run.go(state.next)


class _Report(Verb):
    waits = False

    def enter(self, run: Run, state: Report) -> None:
        note = run.fill(state.report_note)
        run.say(do.ReportStatus(run.fill(state.crew), state.status, run.fill(state.incident), note))
        run.change(secured=True)
        run.go(state.next)


ACCEPT, DECLINE, REPORT = _Accept(), _Decline(), _Report()
