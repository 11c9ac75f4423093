"""Whether crews came in time: by distance band, station, crew and hour of the report (S0 §10 row 5, §27)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

from dispatch.crews import Stations
from dispatch.model import Assignment, Incident
from dispatch.reporting.material import Material
from dispatch.reporting.table import Cell, Column, Table, median, percentile, share
from dispatch.states import IncidentState

COLUMNS = (
    Column("emergencies", "险情", "count"),
    Column("arrived", "已到场", "count"),
    Column("in_time", "按时到场", "count"),
    Column("late", "超时", "count"),
    Column("share", "按时率", "share"),
    Column("median", "到场用时（中位）", "minutes"),
    Column("p90", "到场用时（九成以内）", "minutes"),
)
NOTE = (
    "从接报到第一组人员到场；超时包括到现在还没有人到场、已过时限的。到场前撤销的、并入其他险情的不计。"
)
NOBODY = "尚无人到场"


def counted(incident: Incident, now: datetime) -> bool:
    """Whether it says something about arrivals: stood down before anybody came, or not due yet, does not."""
    if incident.joined_into:
        return False
    if incident.on_scene_at is not None:
        return True
    return incident.state != IncidentState.STOOD_DOWN and incident.target_at <= now


def in_time(incident: Incident) -> bool:
    return incident.on_scene_at is not None and incident.on_scene_at <= incident.target_at


def minutes_to_arrival(incident: Incident) -> float | None:
    if incident.on_scene_at is None:
        return None
    return (incident.on_scene_at - incident.reported_at).total_seconds() / 60


def first_crew(material: Material, incident: Incident) -> Assignment | None:
    """Who was there first; None: nobody yet."""
    crews = material.crews_of.get(incident.key, [])
    return crews[0] if crews and crews[0].on_scene_at is not None else None


def by_band(material: Material) -> Table:
    def band(incident: Incident) -> str:
        if incident.beyond_bands:
            return "超出最远档"
        return f"{incident.band_minutes:g}分钟" + ("（地点不明）" if incident.band_assumed else "")

    order = sorted({band(i) for i in material.incidents}, key=lambda name: (len(name), name))
    table = _table("arrivals_by_band", "按距离档", "时限", material, band, order)
    return Table(table.key, table.title, table.columns, (*table.rows, _all(material)), NOTE)


def by_station(material: Material, stations: Stations) -> Table:
    titles = {station.key: station.name for station in stations.stations}
    names = {crew.key: titles.get(crew.station, crew.station) for crew in stations.crews}

    def station(incident: Incident) -> str:
        crew = first_crew(material, incident)
        return NOBODY if crew is None else names.get(crew.crew, crew.crew)

    order = [*dict.fromkeys(names.values())]
    return _table("arrivals_by_station", "按站点", "先到人员所属站", material, station, order)


def by_crew(material: Material, stations: Stations) -> Table:
    names = {crew.key: crew.name for crew in stations.crews}

    def crew_name(incident: Incident) -> str:
        crew = first_crew(material, incident)
        return NOBODY if crew is None else names.get(crew.crew, crew.crew)

    return _table("arrivals_by_crew", "按班组", "先到班组", material, crew_name, [*names.values()])


def by_hour(material: Material, zone: tzinfo) -> Table:
    hours = [f"{hour:02d}" for hour in range(24)]
    return _table(
        "arrivals_by_hour", "按接报时段", "时", material,
        lambda incident: f"{incident.reported_at.astimezone(zone):%H}", hours,
    )


def _table(
    key: str, title: str, first: str, material: Material, group: Callable[[Incident], str], order: list[str]
) -> Table:
    groups: dict[str, list[Incident]] = {name: [] for name in order}
    for incident in material.incidents:
        if counted(incident, material.now):
            groups.setdefault(group(incident), []).append(incident)
    rows = tuple((name, *_figures(found)) for name, found in groups.items())
    return Table(key, title, (Column("group", first), *COLUMNS), rows, NOTE)


def _all(material: Material) -> tuple[Cell, ...]:
    return "合计", *_figures(i for i in material.incidents if counted(i, material.now))


def _figures(incidents: Iterable[Incident]) -> tuple[Cell, ...]:
    found = list(incidents)
    arrived = [minutes for i in found if (minutes := minutes_to_arrival(i)) is not None]
    good = sum(map(in_time, found))
    return (
        len(found), len(arrived), good, len(found) - good, share(good, len(found)),
        median(arrived), percentile(arrived, 90),
    )
