"""The lives of a crew as a unit, and of its ordinary work."""

from __future__ import annotations

from enum import StrEnum

from dispatch.machine import Machine, ignoring


class UnitState(StrEnum):
    AVAILABLE = "available"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    MADE_SAFE = "made_safe"
    RETURNING = "returning"
    OFF_DUTY = "off_duty"
    OUT_OF_SERVICE = "out_of_service"


class UnitEvent(StrEnum):
    """Named like the state that it leads to."""

    AVAILABLE = "available"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    MADE_SAFE = "made_safe"
    RETURNING = "returning"
    OFF_DUTY = "off_duty"
    OUT_OF_SERVICE = "out_of_service"


_U, _UE = UnitState, UnitEvent
WORKING = (_U.ACKNOWLEDGED, _U.EN_ROUTE, _U.ON_SCENE, _U.MADE_SAFE)
"""A crew in one of these has taken some work."""
_STEPS = tuple(_UE(state) for state in WORKING)
UNIT = Machine(
    name="Crew",
    about=(
        "What a crew does now: the furthest of the work that it has taken, else what was said of it. "
        "A returning crew is free for an emergency. What is ordinary work stands in its job."
    ),
    states=UnitState,
    events=UnitEvent,
    initial=_U.AVAILABLE,
    transitions={
        **{(s, _UE.ASSIGNED): _U.ASSIGNED for s in (_U.AVAILABLE, _U.RETURNING, *WORKING)},
        # Work is taken from anywhere, also by a crew that was out: whoever says yes comes.
        **{(s, e): _U(e) for s in _U for e in _STEPS if s.value != e.value},
        **{(s, _UE.RETURNING): _U.RETURNING for s in (_U.AVAILABLE, _U.ASSIGNED, *WORKING)},
        **{(s, _UE.AVAILABLE): _U.AVAILABLE
           for s in (_U.ASSIGNED, _U.RETURNING, _U.OFF_DUTY, _U.OUT_OF_SERVICE, *WORKING)},
        **{(s, _UE.OFF_DUTY): _U.OFF_DUTY
           for s in (_U.AVAILABLE, _U.ASSIGNED, _U.RETURNING, _U.OUT_OF_SERVICE, *WORKING)},
        # A vehicle may break down at any moment, on the way too: the next crew is paged then.
        **{(s, _UE.OUT_OF_SERVICE): _U.OUT_OF_SERVICE for s in _U if s != _U.OUT_OF_SERVICE},
    },
    ignored=ignoring(
        *(((state,), (_UE(state),), "already so") for state in _U),
        ((_U.OFF_DUTY, _U.OUT_OF_SERVICE), (_UE.ASSIGNED,), "rung all the same; out until it takes it"),
        ((_U.OFF_DUTY, _U.OUT_OF_SERVICE), (_UE.RETURNING,), "it is out, wherever it drives"),
    ),
)


class JobState(StrEnum):
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    MADE_SAFE = "made_safe"
    DONE = "done"
    PREEMPTED = "preempted"
    WITHDRAWN = "withdrawn"


class JobEvent(StrEnum):
    ACKNOWLEDGE = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    MADE_SAFE = "made_safe"
    FINISH = "cleared"
    PREEMPT = "preempt"
    WITHDRAW = "withdraw"


_J, _JE = JobState, JobEvent
JOB_OPEN = (_J.ASSIGNED, _J.ACKNOWLEDGED, _J.EN_ROUTE, _J.ON_SCENE, _J.MADE_SAFE)
_JOB_OVER = (_J.DONE, _J.PREEMPTED, _J.WITHDRAWN)
JOB = Machine(
    name="Job",
    about=(
        "A crew's ordinary work on one ticket. An emergency goes before it: once the crew has taken the "
        "emergency the job is pre-empted, its ticket waits again and its customer is told."
    ),
    states=JobState,
    events=JobEvent,
    initial=_J.ASSIGNED,
    transitions={
        (_J.ASSIGNED, _JE.ACKNOWLEDGE): _J.ACKNOWLEDGED,
        **{(s, _JE.EN_ROUTE): _J.EN_ROUTE for s in (_J.ASSIGNED, _J.ACKNOWLEDGED)},
        **{(s, _JE.ON_SCENE): _J.ON_SCENE for s in (_J.ASSIGNED, _J.ACKNOWLEDGED, _J.EN_ROUTE)},
        **{(s, _JE.MADE_SAFE): _J.MADE_SAFE
           for s in (_J.ASSIGNED, _J.ACKNOWLEDGED, _J.EN_ROUTE, _J.ON_SCENE)},
        **{(s, _JE.FINISH): _J.DONE for s in JOB_OPEN},
        **{(s, _JE.PREEMPT): _J.PREEMPTED for s in JOB_OPEN},
        **{(s, _JE.WITHDRAW): _J.WITHDRAWN for s in JOB_OPEN},
    },
    ignored=ignoring(
        ((_J.ACKNOWLEDGED, _J.EN_ROUTE, _J.ON_SCENE, _J.MADE_SAFE), (_JE.ACKNOWLEDGE,), "already further"),
        ((_J.EN_ROUTE, _J.ON_SCENE, _J.MADE_SAFE), (_JE.EN_ROUTE,), "already further"),
        ((_J.ON_SCENE, _J.MADE_SAFE), (_JE.ON_SCENE,), "already further"),
        ((_J.MADE_SAFE,), (_JE.MADE_SAFE,), "told twice"),
        (_JOB_OVER, tuple(_JE), "over; the ticket gets a new job when it is given out again"),
    ),
)
CREW_MACHINES = (UNIT, JOB)
