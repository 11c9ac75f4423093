"""Which verb stands for which kind of state."""

from __future__ import annotations

from hotline.flow import states
from hotline.flow.verbs import asking, crew, ending, outside, paper, saying, thinking
from hotline.flow.verbs.base import Verb

VERBS: dict[type[states.State], Verb] = {
    states.Say: saying.SAY,
    states.Wait: saying.WAIT,
    states.Menu: asking.MENU,
    states.Collect: asking.COLLECT,
    states.Listen: asking.LISTEN,
    states.Confirm: asking.CONFIRM,
    states.Branch: thinking.BRANCH,
    states.Set: thinking.SET,
    states.Schedule: thinking.SCHEDULE,
    states.Call: thinking.CALL,
    states.Return: thinking.RETURN,
    states.Act: outside.ACT,
    states.Transfer: outside.TRANSFER,
    states.Queue: outside.QUEUE,
    states.Record: outside.RECORD,
    states.Callback: paper.CALLBACK,
    states.Ticket: paper.TICKET,
    states.Learn: paper.LEARN,
    states.Accept: crew.ACCEPT,
    states.Decline: crew.DECLINE,
    states.Report: crew.REPORT,
    states.Goodbye: ending.GOODBYE,
}
