"""The lives of what dispatch stores: page, assignment, incident, ticket, call-back."""

from __future__ import annotations

from enum import StrEnum

from dispatch.machine import Machine, ignoring


class PageState(StrEnum):
    ORDERED = "ordered"
    RINGING = "ringing"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


class PageEvent(StrEnum):
    STARTED = "started"
    ANSWER = "answer"
    ACCEPT = "accept"
    DECLINE = "decline"
    FAIL = "fail"
    TIME_OUT = "time_out"
    CANCEL = "cancel"


_P, _PE = PageState, PageEvent
_PAGE_OVER = (_P.DECLINED, _P.FAILED, _P.TIMED_OUT, _P.CANCELLED)
PAGE = Machine(
    name="Page",
    about="One attempt to reach one phone about one incident. An acceptance counts whenever it comes.",
    states=PageState,
    events=PageEvent,
    initial=_P.ORDERED,
    transitions={
        (_P.ORDERED, _PE.STARTED): _P.RINGING,
        (_P.ORDERED, _PE.ANSWER): _P.ANSWERED,
        (_P.ORDERED, _PE.ACCEPT): _P.ACCEPTED,
        (_P.ORDERED, _PE.DECLINE): _P.DECLINED,
        (_P.ORDERED, _PE.FAIL): _P.FAILED,
        (_P.ORDERED, _PE.TIME_OUT): _P.TIMED_OUT,
        (_P.ORDERED, _PE.CANCEL): _P.CANCELLED,
        (_P.RINGING, _PE.ANSWER): _P.ANSWERED,
        (_P.RINGING, _PE.ACCEPT): _P.ACCEPTED,
        (_P.RINGING, _PE.DECLINE): _P.DECLINED,
        (_P.RINGING, _PE.FAIL): _P.FAILED,
        (_P.RINGING, _PE.TIME_OUT): _P.TIMED_OUT,
        (_P.RINGING, _PE.CANCEL): _P.CANCELLED,
        (_P.ANSWERED, _PE.ACCEPT): _P.ACCEPTED,
        (_P.ANSWERED, _PE.DECLINE): _P.DECLINED,
        (_P.ANSWERED, _PE.FAIL): _P.FAILED,
        (_P.ANSWERED, _PE.TIME_OUT): _P.TIMED_OUT,
        (_P.ANSWERED, _PE.CANCEL): _P.CANCELLED,
        # Somebody who says yes after we gave him up is still somebody who comes.
        (_P.DECLINED, _PE.ACCEPT): _P.ACCEPTED,
        (_P.FAILED, _PE.ACCEPT): _P.ACCEPTED,
        (_P.TIMED_OUT, _PE.ACCEPT): _P.ACCEPTED,
        (_P.CANCELLED, _PE.ACCEPT): _P.ACCEPTED,
        # A reason that comes late is worth keeping (S0 §22(2)).
        (_P.TIMED_OUT, _PE.DECLINE): _P.DECLINED,
        (_P.FAILED, _PE.DECLINE): _P.DECLINED,
    },
    ignored=ignoring(
        ((_P.RINGING,), (_PE.STARTED,), "sent again after a restart; the call is already up"),
        ((_P.ANSWERED,), (_PE.STARTED, _PE.ANSWER), "told twice"),
        (
            (_P.ACCEPTED,),
            (_PE.STARTED, _PE.ANSWER, _PE.ACCEPT, _PE.DECLINE, _PE.FAIL, _PE.TIME_OUT, _PE.CANCEL),
            "accepted stays accepted: the end of the page's call says nothing more",
        ),
        (_PAGE_OVER, (_PE.STARTED, _PE.ANSWER), "came late; only keys count now"),
        (_PAGE_OVER, (_PE.FAIL, _PE.TIME_OUT, _PE.CANCEL), "already over"),
        ((_P.DECLINED, _P.CANCELLED), (_PE.DECLINE,), "declined or no longer needed already"),
    ),
)


class AssignmentState(StrEnum):
    ASSIGNED = "assigned"
    DECLINED = "declined"
    UNREACHED = "unreached"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    MADE_SAFE = "made_safe"
    CLEARED = "cleared"
    RELEASED = "released"


class AssignmentEvent(StrEnum):
    ASSIGN = "assign"
    ACKNOWLEDGE = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    MADE_SAFE = "made_safe"
    CLEARED = "cleared"
    DECLINE = "decline"
    NOT_REACHED = "not_reached"
    RELEASE = "release"
    GAS_AGAIN = "gas_again"


_A, _AE = AssignmentState, AssignmentEvent
_HELD = (_A.ASSIGNED, _A.DECLINED, _A.UNREACHED)
_BEFORE_SCENE = (*_HELD, _A.ACKNOWLEDGED)
ASSIGNMENT = Machine(
    name="Assignment",
    about=(
        "A crew's duty on one incident. Declining or not answering releases nobody: the crew stays "
        "responsible until another one has accepted (S0 §22(2))."
    ),
    states=AssignmentState,
    events=AssignmentEvent,
    initial=_A.ASSIGNED,
    transitions={
        (_A.DECLINED, _AE.ASSIGN): _A.ASSIGNED,
        (_A.UNREACHED, _AE.ASSIGN): _A.ASSIGNED,
        (_A.RELEASED, _AE.ASSIGN): _A.ASSIGNED,
        (_A.CLEARED, _AE.ASSIGN): _A.ASSIGNED,
        **{(s, _AE.ACKNOWLEDGE): _A.ACKNOWLEDGED for s in (*_HELD, _A.RELEASED)},
        # A crew that reports a later step without the earlier ones has taken them.
        **{(s, _AE.EN_ROUTE): _A.EN_ROUTE for s in (*_BEFORE_SCENE, _A.RELEASED)},
        **{(s, _AE.ON_SCENE): _A.ON_SCENE for s in (*_BEFORE_SCENE, _A.EN_ROUTE, _A.RELEASED)},
        **{(s, _AE.MADE_SAFE): _A.MADE_SAFE for s in (*_BEFORE_SCENE, _A.EN_ROUTE, _A.ON_SCENE, _A.RELEASED)},
        **{
            (s, _AE.CLEARED): _A.CLEARED
            for s in (_A.ACKNOWLEDGED, _A.EN_ROUTE, _A.ON_SCENE, _A.MADE_SAFE)
        },
        # The check after the repair has found gas: it must be made safe once more.
        (_A.MADE_SAFE, _AE.GAS_AGAIN): _A.ON_SCENE,
        (_A.ASSIGNED, _AE.DECLINE): _A.DECLINED,
        (_A.UNREACHED, _AE.DECLINE): _A.DECLINED,
        (_A.ASSIGNED, _AE.NOT_REACHED): _A.UNREACHED,
        **{(s, _AE.RELEASE): _A.RELEASED for s in _HELD},
    },
    ignored=ignoring(
        ((_A.ASSIGNED,), (_AE.ASSIGN,), "already paged for it"),
        (
            (_A.ACKNOWLEDGED, _A.EN_ROUTE, _A.ON_SCENE, _A.MADE_SAFE),
            (_AE.ASSIGN,),
            "already has it",
        ),
        (
            (_A.ACKNOWLEDGED, _A.EN_ROUTE, _A.ON_SCENE, _A.MADE_SAFE, _A.CLEARED),
            (_AE.ACKNOWLEDGE,),
            "already further",
        ),
        ((_A.EN_ROUTE, _A.ON_SCENE, _A.MADE_SAFE, _A.CLEARED), (_AE.EN_ROUTE,), "already further"),
        ((_A.ON_SCENE, _A.MADE_SAFE, _A.CLEARED), (_AE.ON_SCENE,), "already further"),
        ((_A.MADE_SAFE, _A.CLEARED), (_AE.MADE_SAFE,), "already further"),
        ((_A.CLEARED,), (_AE.CLEARED,), "told twice"),
        ((*_HELD, _A.RELEASED), (_AE.CLEARED,), "it never took it, so it cannot be rid of it that way"),
        (
            (_A.ACKNOWLEDGED, _A.EN_ROUTE, _A.ON_SCENE, _A.MADE_SAFE, _A.CLEARED),
            (_AE.DECLINE, _AE.NOT_REACHED, _AE.RELEASE),
            "a crew that took it is released only by clearing it, or with the incident",
        ),
        ((_A.DECLINED,), (_AE.DECLINE, _AE.NOT_REACHED), "already declined"),
        ((_A.UNREACHED,), (_AE.NOT_REACHED,), "already not reached"),
        ((_A.RELEASED,), (_AE.DECLINE, _AE.NOT_REACHED, _AE.RELEASE), "another crew has it already"),
        (
            (*_BEFORE_SCENE, _A.EN_ROUTE, _A.ON_SCENE, _A.CLEARED, _A.RELEASED),
            (_AE.GAS_AGAIN,),
            "it has not said that it is safe",
        ),
    ),
)


class IncidentState(StrEnum):
    REPORTED = "reported"
    TAKEN = "taken"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    MADE_SAFE = "made_safe"
    CLOSED = "closed"
    STOOD_DOWN = "stood_down"
    JOINED = "joined"


class IncidentEvent(StrEnum):
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    MADE_SAFE = "made_safe"
    LAST_CREW_CLEARED = "last_crew_cleared"
    LEFT_UNSAFE = "left_unsafe"
    STAND_DOWN = "stand_down"
    JOIN = "join"
    GAS_AGAIN = "gas_again"


_I, _IE = IncidentState, IncidentEvent
_OVER = (_I.CLOSED, _I.STOOD_DOWN, _I.JOINED)
INCIDENT = Machine(
    name="Incident",
    about="What dispatch does about an emergency, from the report until the last crew has cleared it.",
    states=IncidentState,
    events=IncidentEvent,
    initial=_I.REPORTED,
    transitions={
        (_I.REPORTED, _IE.ACCEPTED): _I.TAKEN,
        **{(s, _IE.EN_ROUTE): _I.EN_ROUTE for s in (_I.REPORTED, _I.TAKEN)},
        **{(s, _IE.ON_SCENE): _I.ON_SCENE for s in (_I.REPORTED, _I.TAKEN, _I.EN_ROUTE)},
        **{(s, _IE.MADE_SAFE): _I.MADE_SAFE for s in (_I.REPORTED, _I.TAKEN, _I.EN_ROUTE, _I.ON_SCENE)},
        (_I.MADE_SAFE, _IE.LAST_CREW_CLEARED): _I.CLOSED,
        # The check after the repair has found gas (S0 §22(6)): who leaves now leaves it unsafe.
        (_I.MADE_SAFE, _IE.GAS_AGAIN): _I.ON_SCENE,
        # Nobody said that it is safe, and nobody is there any more: somebody must go again.
        **{(s, _IE.LEFT_UNSAFE): _I.REPORTED for s in (_I.TAKEN, _I.EN_ROUTE, _I.ON_SCENE)},
        **{
            (s, _IE.STAND_DOWN): _I.STOOD_DOWN
            for s in (_I.REPORTED, _I.TAKEN, _I.EN_ROUTE, _I.ON_SCENE, _I.MADE_SAFE)
        },
        # Its reports belong to another incident from here on, each with its own address.
        **{(s, _IE.JOIN): _I.JOINED for s in (_I.REPORTED, _I.TAKEN, _I.EN_ROUTE, _I.ON_SCENE)},
    },
    ignored=ignoring(
        ((_I.MADE_SAFE,), (_IE.JOIN,), "made safe: its addresses are cleared here"),
        (
            (_I.TAKEN, _I.EN_ROUTE, _I.ON_SCENE, _I.MADE_SAFE),
            (_IE.ACCEPTED,),
            "one more crew comes; the incident is already further",
        ),
        ((_I.EN_ROUTE, _I.ON_SCENE, _I.MADE_SAFE), (_IE.EN_ROUTE,), "another crew is further"),
        ((_I.ON_SCENE, _I.MADE_SAFE), (_IE.ON_SCENE,), "another crew is further"),
        ((_I.MADE_SAFE,), (_IE.MADE_SAFE,), "told twice"),
        (
            (_I.REPORTED, _I.TAKEN, _I.EN_ROUTE, _I.ON_SCENE),
            (_IE.LAST_CREW_CLEARED,),
            "not made safe: it is `left_unsafe` and stays open",
        ),
        ((_I.REPORTED,), (_IE.LEFT_UNSAFE,), "nobody was there; paging goes on"),
        ((_I.MADE_SAFE,), (_IE.LEFT_UNSAFE,), "it is safe"),
        ((_I.REPORTED, _I.TAKEN, _I.EN_ROUTE, _I.ON_SCENE), (_IE.GAS_AGAIN,), "nobody has called it safe"),
        (_OVER, tuple(_IE), "over; a new report opens a new incident"),
    ),
)


class TicketState(StrEnum):
    OPEN = "open"
    IN_HAND = "in_hand"
    CLOSED = "closed"
    STOOD_DOWN = "stood_down"


class TicketEvent(StrEnum):
    TAKE = "take"
    CLOSE = "close"
    STAND_DOWN = "stand_down"


_T, _TE = TicketState, TicketEvent
TICKET = Machine(
    name="Ticket",
    about="What a caller told us, with an owner until it is closed (首问责任制, S0 §4).",
    states=TicketState,
    events=TicketEvent,
    initial=_T.OPEN,
    transitions={
        (_T.OPEN, _TE.TAKE): _T.IN_HAND,
        (_T.OPEN, _TE.CLOSE): _T.CLOSED,
        (_T.IN_HAND, _TE.CLOSE): _T.CLOSED,
        (_T.OPEN, _TE.STAND_DOWN): _T.STOOD_DOWN,
        (_T.IN_HAND, _TE.STAND_DOWN): _T.STOOD_DOWN,
    },
    ignored=ignoring(
        ((_T.IN_HAND,), (_TE.TAKE,), "in hand already; a hand-over is recorded in the history"),
        ((_T.CLOSED, _T.STOOD_DOWN), tuple(_TE), "over"),
    ),
)


class CallbackState(StrEnum):
    WAITING = "waiting"
    CALLING = "calling"
    DONE = "done"
    FOR_A_PERSON = "for_a_person"


class CallbackEvent(StrEnum):
    CALL = "call"
    REACHED = "reached"
    MISSED = "missed"
    GIVE_UP = "give_up"


_C, _CE = CallbackState, CallbackEvent
CALLBACK = Machine(
    name="Call-back",
    about="A caller whom we owe a call: refused, abandoned, cut off, or asked for one.",
    states=CallbackState,
    events=CallbackEvent,
    initial=_C.WAITING,
    transitions={
        (_C.WAITING, _CE.CALL): _C.CALLING,
        (_C.CALLING, _CE.REACHED): _C.DONE,
        (_C.CALLING, _CE.MISSED): _C.WAITING,
        (_C.CALLING, _CE.GIVE_UP): _C.FOR_A_PERSON,
        (_C.WAITING, _CE.GIVE_UP): _C.FOR_A_PERSON,
        (_C.WAITING, _CE.REACHED): _C.DONE,
        (_C.FOR_A_PERSON, _CE.REACHED): _C.DONE,
    },
    ignored=ignoring(
        ((_C.WAITING,), (_CE.MISSED,), "told twice; the next attempt is planned"),
        ((_C.CALLING,), (_CE.CALL,), "already ringing"),
        ((_C.FOR_A_PERSON,), (_CE.CALL, _CE.MISSED, _CE.GIVE_UP), "a person has the ticket now"),
        ((_C.DONE,), tuple(_CE), "the caller was reached"),
    ),
)
MACHINES = (INCIDENT, ASSIGNMENT, PAGE, TICKET, CALLBACK)
