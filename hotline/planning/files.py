"""Reads plans: a city's file, or a province's with the files of its cities; every fault with its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dispatch.planning import City, Province, cities_of, merged
from hotline.errors import ConfigurationError, Fault
from hotline.yamlfile import YamlFile, validate


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be played."""

    title: str
    cities: tuple[City, ...]
    """Each is played by itself; one when a province has one dispatch for all."""


def load_plan(path: Path, *, days: int | None = None) -> Plan:
    """A city or a province. `days`: instead of the file's. Raises ConfigurationError."""
    source = YamlFile(path)
    if isinstance(source.content, dict) and "cities" in source.content:
        title, cities = _province(path, source)
    else:
        city = validate(source, City)
        title, cities = city.title, (city,)
    if days is not None:
        cities = tuple(city.model_copy(update={"days": days}) for city in cities)
    return Plan(title, cities)


def _province(path: Path, source: YamlFile) -> tuple[str, tuple[City, ...]]:
    province = validate(source, Province)
    files: dict[str, City] = {}
    faults: list[Fault] = []
    for index, region in enumerate(province.cities):
        if region.file in files:
            continue
        try:
            files[region.file] = validate(YamlFile(path.parent / region.file), City)
        except ConfigurationError as error:
            faults += error.faults
            faults.append(source.fault(("cities", index, "file"), "this file has faults"))
    if faults:
        raise ConfigurationError(faults)
    try:
        cities = cities_of(province, files)
        return province.title, (merged(province.title, cities),) if province.mutual_aid else tuple(cities)
    except ValueError as error:
        raise ConfigurationError([source.fault(("cities",), str(error))]) from error
