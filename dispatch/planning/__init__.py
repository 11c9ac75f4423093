"""Planning: a year of a city played through the real dispatch engine: what crews, stations and people do.

A door of its own: `City` is the plan's file, `simulate` plays it with its what-ifs, `check` compares
the queues with queueing theory.
"""

from dispatch.planning.answering import AgentHour, Answering
from dispatch.planning.city import City
from dispatch.planning.figures import Group, Share, Times
from dispatch.planning.outcome import BEYOND, Outcome, StationYear, busy_share_by_hour
from dispatch.planning.plan import stations_of
from dispatch.planning.province import Province, Region, cities_of, merged
from dispatch.planning.records import CrewYear
from dispatch.planning.simulate import ADVICE, Result, Variant, simulate
from dispatch.planning.theory import Checked, check
from dispatch.planning.whatif import Change, NoSuchChange, WhatIf, parse

__all__ = [
    "ADVICE", "BEYOND", "AgentHour", "Answering", "Change", "Checked", "City", "CrewYear", "Group",
    "NoSuchChange",
    "Outcome", "Province", "Region", "Result", "Share", "StationYear", "Times", "Variant",
    "WhatIf", "busy_share_by_hour", "check", "cities_of", "merged", "parse",
    "simulate", "stations_of",
]
