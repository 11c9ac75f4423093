"""Reads YAML into checked models and names file, line and field of every fault, all at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from hotline.errors import ConfigurationError, Fault

Model = TypeVar("Model", bound=BaseModel)
Location = Sequence[str | int]
DATE = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")


class YamlFile:
    """A parsed file that remembers on which line each field stands."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        """Read `path` (or `text` in its name). Raises ConfigurationError when it is not YAML."""
        self.path = path
        try:
            source = path.read_text(encoding="utf-8") if text is None else text
            self.content: Any = YAML(typ="rt", pure=True).load(source)
        except FileNotFoundError:
            raise ConfigurationError([Fault(path, 0, "", "no such file")]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError([Fault(path, 0, "", f"cannot be read: {error}")]) from error
        except DuplicateKeyError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise ConfigurationError([Fault(path, line, "", "the same key stands here twice")]) from error
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise ConfigurationError([Fault(path, line, "", f"not valid YAML: {error.problem}")]) from error
        except YAMLError as error:
            raise ConfigurationError([Fault(path, 0, "", f"not valid YAML: {error}")]) from error
        except ValueError as error:
            # Something that looks like a date and is none: 2027-02-30.
            fault = Fault(path, _bad_date_line(source), "", f"no date: {error}")
            raise ConfigurationError([fault]) from error

    def line(self, location: Location) -> int:
        """Line (from 1) of the field at `location`, or of the nearest enclosing one that exists."""
        node, line = self.content, 1
        for part in location:
            position = _position(node, part)
            if position is None:
                break
            line = position + 1
            node = node[part]
        return line

    def fault(self, location: Location, message: str) -> Fault:
        """A fault at `location` of this file."""
        return Fault(self.path, self.line(location), dotted(location), message)


def dotted(location: Location) -> str:
    """`("edge", "trunks", 0)` → `edge.trunks.0`."""
    return ".".join(str(part) for part in location)


def _bad_date_line(text: str) -> int:
    """The first line with a date that the calendar does not have; 0 when none is found."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in DATE.findall(line.partition("#")[0]):
            try:
                date(*map(int, found))
            except ValueError:
                return number
    return 0


def _position(node: object, part: str | int) -> int | None:
    if isinstance(node, CommentedMap) and part in node:
        return int(node.lc.key(part)[0])
    if isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
        return int(node.lc.item(part)[0])
    return None


def load(path: Path, model: type[Model], text: str | None = None) -> Model:
    """Read `path` as a `model`. Raises ConfigurationError with every fault of the file."""
    return validate(YamlFile(path, text), model)


def validate(source: YamlFile, model: type[Model]) -> Model:
    """Check an already parsed file. Raises ConfigurationError with every fault of it."""
    if source.content is None:
        raise ConfigurationError([Fault(source.path, 0, "", "the file is empty")])
    try:
        return model.model_validate(plain(source.content))
    except ValidationError as error:
        raise ConfigurationError(
            [source.fault(_known(source.content, e["loc"]), _say(e)) for e in error.errors()]
        ) from error


def plain(node: Any) -> Any:
    """The round-trip tree as ordinary dicts, lists and scalars."""
    if isinstance(node, dict):
        return {_scalar(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    return _scalar(node)


def _scalar(value: Any) -> Any:
    for kind in (str, bool, int, float):
        if isinstance(value, kind):
            return value if type(value) in (bool, int, float, str) else kind(value)
    return value


def _known(content: Any, location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Drop the names of union members that pydantic puts into a location."""
    known: list[str | int] = []
    node = content
    for index, part in enumerate(location):
        inside = (isinstance(node, dict) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        )
        if inside:
            known.append(part)
            node = node[part]
        elif index == len(location) - 1:
            known.append(part)
    return tuple(known)


def _say(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "no such key; see the commented example in config/"
    if error["type"] == "missing":
        return "is missing"
    given = repr(error["input"])
    return f"{error['msg']} (given: {given if len(given) <= 60 else given[:57] + '...'})"
