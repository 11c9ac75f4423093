"""Prompts and values with variables: `您的号码是{callback_number|phone}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast, get_args

from hotline.flow.commands import Reading, Segment
from hotline.flow.states import Piece, Prompt

WORD = "word"
"""`{hazard|word}`: said by its name in `words` of the common file."""
READINGS: frozenset[str] = frozenset(get_args(Reading)) | {WORD}
Words = Mapping[str, Mapping[str, str]]
NO_WORDS: Words = {}
_HOLE = re.compile(r"\{([^{}|]*)(?:\|([^{}]*))?\}")
_PAUSE = re.compile(r"[，。！？；、：,.!?;:…]")
_PAUSE_SECONDS = 0.05
"""Beyond what the speed already holds: measured on espeak-ng at 170 words a minute."""


def fill(template: str, variables: Mapping[str, str], words: Words = NO_WORDS) -> str:
    """The text with every variable in its place; an unknown one is empty."""
    return _HOLE.sub(lambda hole: _value(hole, variables, words), template)


def names(template: str) -> tuple[str, ...]:
    """Variables that a template uses."""
    return tuple(hole[1] for hole in _HOLE.finditer(template))


def faults(template: str) -> Iterator[str]:
    """What is wrong with a template's holes, readings included."""
    for hole in _HOLE.finditer(template):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", hole[1]):
            yield f"{hole[0]} is no variable; write {{name}} or {{name|reading}}"
        if hole[2] is not None and hole[2] not in READINGS:
            yield f"{hole[0]}: no such reading; use one of {', '.join(sorted(READINGS))}"
    if re.search(r"[{}]", _HOLE.sub("", template)):
        yield "a brace stands alone; write {name}"


def render(prompt: Prompt, variables: Mapping[str, str], words: Words = NO_WORDS) -> tuple[Segment, ...]:
    """What is to be said: pieces whose variables are all empty are left out."""
    said = (_said(piece, variables) for piece in prompt)
    return tuple(segment for text in said if text for segment in _segments(text, variables, words))


def texts(prompt: Prompt) -> tuple[str, ...]:
    """The templates of a prompt."""
    return tuple(piece.say if isinstance(piece, Piece) else piece for piece in prompt)


def known(value: str) -> bool:
    """Whether a variable says something: facts such as `drill` come as `yes` or `no`."""
    return value not in ("", "no")


def estimate_seconds(segments: tuple[Segment, ...], characters_per_second: float) -> float:
    """About how long the prompt takes to say."""
    text = "".join(segment.text for segment in segments)
    pauses = len(_PAUSE.findall(text.rstrip("，。！？；、：,.!?;:…")))
    return len(_PAUSE.sub("", text)) / characters_per_second + pauses * _PAUSE_SECONDS


def plain(segments: tuple[Segment, ...]) -> str:
    """The prompt as one line of text."""
    return "".join(segment.text for segment in segments)


def _said(piece: str | Piece, variables: Mapping[str, str]) -> str:
    text = piece
    if isinstance(piece, Piece):
        wanted = not piece.if_ or known(variables.get(piece.if_, ""))
        if not wanted or (piece.unless and known(variables.get(piece.unless, ""))):
            return ""
        text = piece.say
    template = cast(str, text)
    used = names(template)
    return "" if used and not any(variables.get(name) for name in used) else template


def _value(hole: re.Match[str], variables: Mapping[str, str], words: Words) -> str:
    value = variables.get(hole[1], "")
    return words.get(hole[1], {}).get(value, value) if hole[2] == WORD else value


def _segments(template: str, variables: Mapping[str, str], words: Words) -> Iterator[Segment]:
    end, literal = 0, ""
    for hole in _HOLE.finditer(template):
        literal += template[end : hole.start()]
        end = hole.end()
        value, reading = _value(hole, variables, words), hole[2] or "text"
        if reading in ("text", WORD):
            literal += value
            continue
        if literal:
            yield Segment(literal)
        literal = ""
        if value:
            yield Segment(value, cast(Reading, reading))
    literal += template[end:]
    if literal:
        yield Segment(literal)
