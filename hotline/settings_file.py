"""Reads the configuration file: every fault of it at once, every path made absolute.

`load_settings` is what each process calls. `check_settings` also looks at what the file points
to (flows, secrets, the speech model) and is for `hotline check-config` and `hotline serve`: a
process that starts again in the middle of the night must not stay away because a file that was
there yesterday is gone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from hotline.errors import ConfigurationError, Fault
from hotline.places import (
    BUSINESSES,
    CALENDAR,
    CONTACTS,
    INCIDENT_TYPES,
    JOINING,
    OUTAGES,
    PAGING,
    ROSTERS,
    SHIPPED,
    STANDARDS,
)
from hotline.settings import Settings
from hotline.settings_rules import Finding, file_faults, file_notices, mute_softphones, rule_faults
from hotline.yamlfile import YamlFile, dotted, validate

Model = TypeVar("Model", bound=BaseModel)
SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class CheckedSettings:
    """What `check-config` found: settings that can run, and what the operator should know of them."""

    settings: Settings
    """Without the softphones whose password cannot be had."""
    notices: tuple[Fault, ...]
    """Not in the way of a start: no speech model, a softphone without its password."""


def load_settings(path: Path, overrides: Sequence[str] = ()) -> Settings:
    """Read the configuration file; `overrides` are `edge.listen.udp_port=15060` and the like.

    Relative paths, also in overrides, are taken from the file's folder, a relative SQLite file
    from `paths.state`. Raises ConfigurationError with every fault of the file, line by line.
    """
    return _Source(path, overrides).settings()


def check_settings(path: Path, overrides: Sequence[str] = ()) -> CheckedSettings:
    """Like `load_settings`, and the files and secrets it names must be there and readable."""
    source = _Source(path, overrides)
    settings = source.settings()
    source.refuse(file_faults(settings, os.environ))
    mute = mute_softphones(settings, os.environ)
    notices = source.faults([*file_notices(settings), *mute])
    return CheckedSettings(_without_softphones(settings, {int(where[2]) for where, _ in mute}), notices)


def _without_softphones(settings: Settings, mute: set[int]) -> Settings:
    kept = tuple(phone for index, phone in enumerate(settings.edge.softphones) if index not in mute)
    users = {phone.user for phone in kept}
    members = tuple(member for member in settings.agents.members if member in users)
    return settings.model_copy(update={
        "edge": settings.edge.model_copy(update={"softphones": kept}),
        "agents": settings.agents.model_copy(update={"members": members}),
    })


def read_secret(file: Path | None, environment_variable: str) -> str:
    """The password that a file (first line) or an environment variable holds; empty when neither is named.

    Raises ConfigurationError when it is named and cannot be had.
    """
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").splitlines()[0].strip()
        except (OSError, UnicodeDecodeError, IndexError) as error:
            raise ConfigurationError([Fault(file, 0, "", f"the secret cannot be read: {error}")]) from error
    if not environment_variable:
        return ""
    if environment_variable not in os.environ:
        where = Path(f"${environment_variable}")
        raise ConfigurationError([Fault(where, 0, "", "this environment variable, a secret, is not set")])
    return os.environ[environment_variable]


NO_CONFIGURATION = "no such file; name the configuration with --config or HOTLINE_CONFIG"


class _Source:
    """A configuration file with its overrides laid over it."""

    def __init__(self, path: Path, overrides: Sequence[str]) -> None:
        self._path = path.absolute()
        if not path.exists():
            raise ConfigurationError([Fault(path, 0, "", NO_CONFIGURATION)])
        self._file = YamlFile(path)
        if self._file.content is None:
            raise ConfigurationError([Fault(path, 0, "", "the file is empty")])
        self._overridden: dict[str, str] = {}
        faults = [fault for text in overrides for fault in self._lay_over(text)]
        if faults:
            raise ConfigurationError(faults)

    def settings(self) -> Settings:
        try:
            settings = validate(self._file, Settings)
        except ConfigurationError as error:
            raise ConfigurationError([self._named(fault) for fault in error.faults]) from None
        settings = _with_standards(absolute(settings, self._path.parent), self._path.parent)
        self.refuse(rule_faults(settings))
        return settings.model_copy(update={"database": settings.database.model_copy(
            update={"url": _absolute_url(settings.database.url, settings.paths.state)}
        )})

    def faults(self, findings: Sequence[Finding]) -> tuple[Fault, ...]:
        return tuple(self._named(self._file.fault(location, message)) for location, message in findings)

    def refuse(self, findings: Sequence[Finding]) -> None:
        if findings:
            raise ConfigurationError(self.faults(findings))

    def _named(self, fault: Fault) -> Fault:
        """A fault of an overridden value is the command line's, not the file's."""
        for key, text in self._overridden.items():
            if fault.field == key or fault.field.startswith(key + "."):
                return Fault(Path(f"--set {text}"), 0, fault.field, fault.message)
        return fault

    def _lay_over(self, text: str) -> list[Fault]:
        key, equals, value = text.partition("=")
        if not equals or not all(key.split(".")):
            return [Fault(Path(f"--set {text}"), 0, "", "write it as KEY=VALUE: edge.listen.udp_port=15060")]
        try:
            parsed = YAML(typ="rt", pure=True).load(value) if value else ""
            _put(self._file, key.split("."), parsed)
        except YAMLError as error:
            return [Fault(Path(f"--set {text}"), 0, key, f"not a YAML value: {error}")]
        except LookupError as error:
            return [Fault(Path(f"--set {text}"), 0, key, f"no such place in {self._path.name}: {error}")]
        self._overridden[key] = text
        return []


def _put(file: YamlFile, keys: list[str], value: object) -> None:
    """Set a value in the tree, keeping its line numbers. Raises LookupError where it cannot be."""
    node: Any = file.content
    for index, key in enumerate(keys):
        last = index == len(keys) - 1
        if isinstance(node, CommentedSeq):
            position = _index(node, key)
            if last:
                node[position] = value
            else:
                node = node[position]
        elif isinstance(node, CommentedMap):
            if last or key not in node:
                _add(node, key, value if last else CommentedMap(), file.line(keys[:index]))
            node = node[key]
        else:
            raise LookupError(f"{dotted(keys[:index])} holds a value, not keys")


def _index(node: CommentedSeq, key: str) -> int:
    if not key.isdecimal() or int(key) >= len(node):
        raise LookupError(f"{key!r} is no position in a list of {len(node)}")
    return int(key)


def _add(node: CommentedMap, key: str, value: object, line: int) -> None:
    fresh = key not in node
    node[key] = value
    if fresh:
        node.lc.add_kv_line_col(key, [line - 1, 0, line - 1, 0])


def absolute(model: Model, folder: Path) -> Model:
    """The same model with every relative path taken from `folder`."""
    changed = {
        name: _absolute_value(value, folder)
        for name in type(model).model_fields
        if (value := getattr(model, name)) is not None
    }
    return model.model_copy(update=changed)


def _with_standards(settings: Settings, folder: Path) -> Settings:
    """The same settings with the places of standards, calendar and kinds of business filled in."""
    files = settings.dispatch
    beside = folder / STANDARDS
    standards = files.standards or (beside if beside.is_dir() else SHIPPED / STANDARDS)
    default = standards.parent / CALENDAR
    calendar = files.calendar or (default if default.is_file() else None)
    rosters = (folder / name for name in ROSTERS)
    filled = {
        "roster": files.roster or next((path for path in rosters if path.is_file()), None),
        "standards": standards, "calendar": calendar,
        "businesses": files.businesses or _beside(folder, BUSINESSES),
        "incident_types": files.incident_types or _beside(folder, INCIDENT_TYPES),
        "joining": files.joining or _beside(folder, JOINING),
        "outages": files.outages or _beside(folder, OUTAGES),
        "paging": files.paging or _beside(folder, PAGING),
        "contacts": files.contacts or _beside(folder, CONTACTS),
    }
    return settings.model_copy(update={"dispatch": files.model_copy(update=filled)})


def _beside(folder: Path, name: str) -> Path:
    """The file of that name beside the configuration, else the shipped one."""
    return folder / name if (folder / name).is_file() else SHIPPED / name


def _absolute_value(value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return Path(os.path.normpath(folder / value))
    if isinstance(value, BaseModel):
        return absolute(value, folder)
    if isinstance(value, tuple):
        return tuple(_absolute_value(item, folder) for item in value)
    return value


def _absolute_url(url: str, state: Path) -> str:
    path = url.removeprefix(SQLITE)
    if path == url or not path or path.startswith(("/", ":memory:")):
        return url
    return f"{SQLITE}{state / path}"
