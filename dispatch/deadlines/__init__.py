"""Service standards and their deadlines: pure rules of data and time, a door of their own.

`resolve` makes a Standard of profiles, `stages` says when each step of a business is due,
`WorkCalendar` knows the working days.
"""

from dispatch.deadlines.calendar import CalendarTable, Day, WorkCalendar, calendar_gaps, gap_advice
from dispatch.deadlines.clock import Paused, check_pause, running_due, warnings_at
from dispatch.deadlines.duties import end_by, next_due, tell_by
from dispatch.deadlines.grammar import (
    EMERGENCY,
    REPORT,
    Band,
    Beyond,
    Business,
    Clock,
    DistanceBands,
    Duty,
    Notice,
    Pause,
    Periodic,
    Profile,
    StagePlan,
)
from dispatch.deadlines.stages import BEIJING, NotPromised, Stage, promised, stages
from dispatch.deadlines.standard import ProfileFault, Standard, distance_bands, lineage, resolve
from dispatch.deadlines.words import duty_in_words, promise_in_words

__all__ = [
    "BEIJING", "EMERGENCY", "REPORT", "Band", "Beyond", "Business", "CalendarTable", "Clock", "Day",
    "DistanceBands", "Duty", "NotPromised", "Notice", "Pause", "Paused", "Periodic", "Profile",
    "ProfileFault", "Stage", "StagePlan", "Standard", "WorkCalendar", "calendar_gaps", "check_pause",
    "distance_bands", "duty_in_words", "end_by", "gap_advice", "lineage", "next_due", "promise_in_words",
    "promised", "resolve", "running_due", "stages", "tell_by", "warnings_at",
]
