"""Keeps callers' numbers and words out of the logs.

A log field is treated by its name: numbers keep their last digits, words become their length and
a digest that tells only, within one run of a process, whether two were the same. In every other field
(a message, a traceback) what looks like a phone number or is written in hanzi is masked as well,
so that a forgotten field name does no harm.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, MutableMapping
from typing import Any

NUMBER_FIELDS = frozenset({
    "caller", "callee", "number", "callback_number", "phone", "remote", "dial", "uri", "contact",
    "request_uri", "from_uri", "to_uri", "dialled",
})
WORD_FIELDS = frozenset({
    "text", "words", "word", "transcript", "partial", "utterance", "address", "spoken", "name", "description",
    "note", "value", "values", "facts", "fields", "arguments", "reasons", "keys", "key", "pin", "password",
    "prompt",
})
OPEN_FIELDS = frozenset({
    "timestamp", "level", "process", "pid", "instance", "call_id", "event_id", "page_id", "leg_id",
    "ticket_id", "incident_id", "ask_id", "flow", "state", "flow_version", "version",
    "path", "file", "trunk", "port",
})
"""Made by us, never from a caller's mouth or phone; long digits in them mean something else."""
KEPT_DIGITS = 3
SHORTEST_PERSONAL_DIGITS = 6
"""Shorter ones are short codes and extensions: 110, 12345, 1001."""

_KEY = secrets.token_bytes(16)
_NUMBER = re.compile(rf"\+?\d(?:[ -]?\d){{{SHORTEST_PERSONAL_DIGITS - 1},}}")
_HANZI = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")


def mask_number(number: str) -> str:
    """`+8613800138000` → `…000`; short codes and extensions stay."""
    digits = "".join(filter(str.isdigit, number))
    return number if len(digits) < SHORTEST_PERSONAL_DIGITS else f"…{digits[-KEPT_DIGITS:]}"


def mask_words(words: str) -> str:
    """Length and digest: enough to see that something was heard, and whether it was heard again."""
    if not words:
        return ""
    digest = hashlib.blake2s(words.encode("utf-8", "replace"), key=_KEY, digest_size=3).hexdigest()
    return f"<{len(words)} characters {digest}>"


def mask_text(text: str) -> str:
    """A message with the numbers and hanzi in it masked."""
    masked = _NUMBER.sub(lambda match: mask_number(match.group()), text)
    return _HANZI.sub(lambda match: mask_words(match.group()), masked)


def mask_field(name: str, value: Any) -> Any:
    """What may be logged of one field."""
    if name in OPEN_FIELDS or value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _mask_inner(name, str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_field(name, item) for item in value]
    if name in WORD_FIELDS:
        return mask_words(str(value))
    if isinstance(value, int):
        return value if name not in NUMBER_FIELDS else mask_number(str(value))
    return mask_text(str(value))


def _mask_inner(outer: str, name: str, value: Any) -> Any:
    known = name in WORD_FIELDS | NUMBER_FIELDS | OPEN_FIELDS
    return mask_field(name if known or outer not in WORD_FIELDS else outer, value)


def mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor: masks every field of a log event."""
    for name, value in event.items():
        event[name] = mask_field(name, value)
    return event
