"""Commands that answer JSON lines {"id", "text"} from standard input, one for one, in order."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hotline.errors import ConfigurationError, Fault

STANDARD_INPUT = Path("standard input")


class BadLineError(ConfigurationError):
    """The lines before it were answered; mend it and give it and the rest again."""


def answer_lines(
    work: Callable[[str], dict[str, Any]], more: Callable[[str, Any], dict[str, Any]] | None = None
) -> None:
    """Write {"id", **work(text)} for each line; a bad line ends it with its number and field.

    `more` answers lines that carry a "context", which it is given; its ValueError says what is wrong there.
    """
    for number, identifier, text, context in _lines():
        found = work(text) if context is None or more is None else _with(more, text, context, number)
        print(json.dumps({"id": identifier, **found}, ensure_ascii=False), flush=sys.stdin.isatty())


def _with(
    more: Callable[[str, Any], dict[str, Any]], text: str, context: object, number: int
) -> dict[str, Any]:
    try:
        return more(text, context)
    except ValueError as error:
        raise BadLineError([Fault(STANDARD_INPUT, number, "context", str(error))]) from error


def _lines() -> Iterator[tuple[int, str | int, str, object]]:
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if line.strip():
            yield number, *_line(number, line)


def _line(number: int, line: bytes) -> tuple[str | int, str, object]:
    def fault(field: str, message: str) -> ConfigurationError:
        return BadLineError([Fault(STANDARD_INPUT, number, field, message)])

    try:
        content = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise fault("", f"not a JSON object: {error}; write {{\"id\": …, \"text\": …}}") from error
    if not isinstance(content, dict):
        raise fault("", "must be an object {\"id\": …, \"text\": …}")
    identifier, text = content.get("id"), content.get("text")
    if isinstance(identifier, bool) or not isinstance(identifier, str | int):
        raise fault("id", "must be a string or a whole number" if "id" in content else "is missing")
    if not isinstance(text, str):
        raise fault("text", "must be a string" if "text" in content else "is missing")
    return identifier, text, content.get("context")
