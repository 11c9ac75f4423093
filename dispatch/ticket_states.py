"""The lives of what hangs on a ticket: the clock of a stage, and a visit at an agreed time."""

from __future__ import annotations

from enum import StrEnum

from dispatch.machine import Machine, ignoring


class ClockState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    DROPPED = "dropped"
    TURNED = "turned"


class ClockEvent(StrEnum):
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    MEET = "meet"
    REOPEN = "reopen"
    DROP = "drop"
    TURN = "turn"


_C, _CE = ClockState, ClockEvent
CLOCK = Machine(
    name="Clock",
    about=(
        "The promise for one stage of a ticket. It starts with its own trigger and stands still only for a "
        "listed reason by somebody's decision; a suspected leak turns it into the emergency's."
    ),
    states=ClockState,
    events=ClockEvent,
    initial=_C.WAITING,
    transitions={
        (_C.WAITING, _CE.START): _C.RUNNING,
        (_C.RUNNING, _CE.PAUSE): _C.PAUSED,
        (_C.PAUSED, _CE.RESUME): _C.RUNNING,
        **{(s, _CE.MEET): _C.MET for s in (_C.WAITING, _C.RUNNING, _C.PAUSED)},
        **{(s, _CE.DROP): _C.DROPPED for s in (_C.WAITING, _C.RUNNING, _C.PAUSED)},
        **{(s, _CE.TURN): _C.TURNED for s in (_C.WAITING, _C.RUNNING, _C.PAUSED)},
        # Not really done: the promise of then still holds, so it may be overdue at once.
        (_C.MET, _CE.REOPEN): _C.RUNNING,
    },
    ignored=ignoring(
        ((_C.WAITING,), (_CE.PAUSE, _CE.RESUME), "it has not begun"),
        ((_C.WAITING, _C.RUNNING, _C.PAUSED), (_CE.REOPEN,), "not done yet"),
        ((_C.RUNNING,), (_CE.START, _CE.RESUME), "it runs already"),
        ((_C.PAUSED,), (_CE.START, _CE.PAUSE), "it stands still already"),
        (
            (_C.MET,),
            (_CE.START, _CE.PAUSE, _CE.RESUME, _CE.MEET, _CE.DROP, _CE.TURN),
            "the stage is done; how late it was stays on record",
        ),
        ((_C.DROPPED,), tuple(_CE), "the ticket was closed, or the matter is another one"),
        ((_C.TURNED,), tuple(_CE), "the emergency's clock runs in its place"),
    ),
)


class VisitState(StrEnum):
    BOOKED = "booked"
    LATE = "late"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    MOVED = "moved"
    MISSED = "missed"
    CANCELLED = "cancelled"


class VisitEvent(StrEnum):
    RUN_LATE = "run_late"
    AGREE = "agree"
    DEPART = "depart"
    ARRIVE = "arrive"
    MOVE = "move"
    MISS = "miss"
    CANCEL = "cancel"


_V, _VE = VisitState, VisitEvent
_WAITS = (_V.BOOKED, _V.LATE, _V.EN_ROUTE)
_OVER = (_V.ARRIVED, _V.MOVED, _V.CANCELLED)
VISIT = Machine(
    name="Visit",
    about=(
        "An appointment with a customer. Who is late is told before the customer has to ask, agrees a new "
        "time or gets somebody else (S0/S1 §22(4)); the second may not fail."
    ),
    states=VisitState,
    events=VisitEvent,
    initial=_V.BOOKED,
    transitions={
        (_V.BOOKED, _VE.RUN_LATE): _V.LATE,
        (_V.EN_ROUTE, _VE.RUN_LATE): _V.LATE,
        (_V.LATE, _VE.AGREE): _V.BOOKED,
        **{(s, _VE.DEPART): _V.EN_ROUTE for s in (_V.BOOKED, _V.LATE, _V.MISSED)},
        **{(s, _VE.ARRIVE): _V.ARRIVED for s in (*_WAITS, _V.MISSED)},
        **{(s, _VE.MOVE): _V.MOVED for s in (*_WAITS, _V.MISSED)},
        **{(s, _VE.MISS): _V.MISSED for s in _WAITS},
        **{(s, _VE.CANCEL): _V.CANCELLED for s in (*_WAITS, _V.MISSED)},
    },
    ignored=ignoring(
        ((_V.LATE,), (_VE.RUN_LATE,), "the customer is being told already"),
        ((_V.BOOKED, _V.EN_ROUTE), (_VE.AGREE,), "nothing was asked of the customer"),
        ((_V.EN_ROUTE,), (_VE.DEPART,), "told twice"),
        (
            (_V.MISSED,),
            (_VE.RUN_LATE, _VE.AGREE, _VE.MISS),
            "the agreed time is over; only coming or a new time helps",
        ),
        (_OVER, tuple(_VE), "over; a new appointment is a visit of its own"),
    ),
)
TICKET_MACHINES = (CLOCK, VISIT)
