"""A call as a page: both sides' words beside the recording; a click on a word plays it from there.

The page stands alone: no other file but the recording, nothing from a network, and a policy that lets
no script run but ours, whatever a caller said.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, select_autoescape

from hotline.timeline import Line, Said

STRIP_WIDTH = 1000
NARROWEST = 2.0
"""So that a short word can be seen, and hit."""
UNSURE = 0.6
"""Words less sure than that are shown paler."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One utterance on the strip."""

    side: str
    x: float
    width: float
    start_ms: int
    text: str
    later: bool


def as_html(
    title: str, facts: Mapping[str, object], told: Sequence[Line], zone: ZoneInfo, *, recording: str = "",
    recording_seconds: float = 0.0,
) -> str:
    """The timeline as one HTML page; everything in it is escaped. `recording`: where its WAV file lies."""
    environment = Environment(
        loader=PackageLoader("hotline", "templates"), autoescape=select_autoescape(default=True)
    )
    script = files("hotline").joinpath("templates", "timeline.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    said = [line.said for line in told if line.said is not None]
    length_ms = max([round(recording_seconds * 1000), *(one.end_ms for one in said)])
    return environment.get_template("timeline.html").render(
        title=title, facts=facts, lines=told, zone=zone, recording=recording, script=script, digest=digest,
        bars=_bars(said, length_ms), length_ms=length_ms, width=STRIP_WIDTH, unsure=UNSURE,
    )


def _bars(said: Sequence[Said], length_ms: int) -> list[Bar]:
    scale = STRIP_WIDTH / max(1, length_ms)
    return [
        Bar(
            one.side, one.start_ms * scale, max(NARROWEST, (one.end_ms - one.start_ms) * scale),
            one.start_ms, one.text, one.later,
        )
        for one in said
    ]
