"""Where one more crew or station would help most: from what was late in a play, before it is played out.

A guess that only picks candidates: of the late emergencies, how many would a crew that waits there,
free, have reached in time? What is reported afterwards is always played through the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dispatch.distance import Position
from dispatch.planning.chance import mean_of
from dispatch.planning.city import City
from dispatch.planning.demand import HOUR, hour_of_day
from dispatch.planning.records import Emergency
from dispatch.planning.travel import Roads
from dispatch.planning.whatif import Change, WhatIf
from dispatch.rules import Rules

AT_MOST = 800
"""So many late emergencies are looked at: more change no order of candidates."""
ROUNDS = 8
"""Of moving the candidates into the middle of what they would save."""
CENTRES = 6


def with_places(city: City, rules: Rules, late: Sequence[Emergency], what_if: WhatIf) -> WhatIf:
    """The same with a place for each change that has none."""
    changes = tuple(
        replace(change, place=best_place(city, rules, late, change)) if change.needs_place else change
        for change in what_if.changes
    )
    return WhatIf(changes)


def best_place(city: City, rules: Rules, late: Sequence[Emergency], change: Change) -> str:
    """Key of the station for a crew; latitude and longitude for a station."""
    roads = Roads(city, rules.road_distance())
    looked_at = _some(late)
    if change.what == "crews":
        places = [(station.key, Position(station.latitude, station.longitude)) for station in city.stations]
    else:
        places = [(_written(place), place) for place in _candidates(city, roads, looked_at)]
    return max(places, key=lambda found: len(saved(city, roads, looked_at, found[1])))[0]


def saved(city: City, roads: Roads, late: Iterable[Emergency], place: Position) -> list[Emergency]:
    """The late ones that a free crew from there would have reached in time."""
    found = []
    phones, travel = city.phones, city.travel
    for one in late:
        start = (one.first_page or 0) + mean_of(phones.answer_seconds) + mean_of(phones.decide_seconds)
        night = roads.is_night(one.at)
        start += mean_of(travel.turnout_night_seconds if night else travel.turnout_day_seconds)
        km = roads.km(place, Position(one.latitude, one.longitude))
        if start + km / travel.kmh_by_hour[hour_of_day(one.at)] * HOUR <= one.target_seconds:
            found.append(one)
    return found


def _some(late: Sequence[Emergency]) -> list[Emergency]:
    step = max(1, len(late) // AT_MOST)
    return list(late[::step])


def _candidates(city: City, roads: Roads, late: Sequence[Emergency]) -> list[Position]:
    """The areas' middles, and the middles of where most was late, moved to what they would save."""
    places = [Position(area.latitude, area.longitude) for area in city.areas]
    step = max(1, len(late) // CENTRES)
    for one in late[::step][:CENTRES]:
        places.append(_moved(city, roads, late, Position(one.latitude, one.longitude)))
    return places


def _moved(city: City, roads: Roads, late: Sequence[Emergency], place: Position) -> Position:
    for _ in range(ROUNDS):
        near = saved(city, roads, late, place)
        if not near:
            return place
        place = Position(
            sum(one.latitude for one in near) / len(near), sum(one.longitude for one in near) / len(near)
        )
    return place


def _written(place: Position) -> str:
    return f"{place.latitude:.4f},{place.longitude:.4f}"
