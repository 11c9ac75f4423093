"""Commands that answer JSON lines {"id", "text"} from standard input, one for one, in order."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hotline.errors import ConfigurationError, Fault

STANDARD_INPUT = Path("standard input")


def answer_lines(work: Callable[[str], dict[str, Any]]) -> None:
    """Write {"id", **work(text)} for each line; a bad line ends it with its number and field."""
    for identifier, text in _lines():
        print(json.dumps({"id": identifier, **work(text)}, ensure_ascii=False), flush=sys.stdin.isatty())


def _lines() -> Iterator[tuple[str | int, str]]:
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if line.strip():
            yield _line(number, line)


def _line(number: int, line: bytes) -> tuple[str | int, str]:
    def fault(field: str, message: str) -> ConfigurationError:
        return ConfigurationError([Fault(STANDARD_INPUT, number, field, message)])

    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise fault("", f"not a JSON object: {error}; write {{\"id\": …, \"text\": …}}") from error
    if not isinstance(content, dict):
        raise fault("", "must be an object {\"id\": …, \"text\": …}")
    identifier, text = content.get("id"), content.get("text")
    if isinstance(identifier, bool) or not isinstance(identifier, str | int):
        raise fault("id", "must be a string or a whole number" if "id" in content else "is missing")
    if not isinstance(text, str):
        raise fault("text", "must be a string" if "text" in content else "is missing")
    return identifier, text
