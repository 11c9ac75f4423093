"""What the protocols of incidents say to callers, as pieces of prompts: rendered before the first call.

Reads only the spoken texts of config/incident_types.yaml: the conversations' process knows no dispatch.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from hotline.flow.commands import Segment
from hotline.places import INCIDENT_TYPES, SHIPPED
from hotline.settings import Settings
from hotline.yamlfile import load


class _Spoken(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Question(_Spoken):
    text: str
    if_yes: str = ""
    if_no: str = ""


class _Type(_Spoken):
    ask: tuple[_Question, ...] = ()


class _Protocols(_Spoken):
    types: tuple[_Type, ...] = ()


def protocol_segments(settings: Settings) -> list[Segment]:
    """Each question and what is said after its answer, once. Raises ConfigurationError."""
    path = settings.dispatch.incident_types or SHIPPED / INCIDENT_TYPES
    asked = (question for kind in load(path, _Protocols).types for question in kind.ask)
    texts = (text for one in asked for text in (one.text, one.if_yes, one.if_no) if text)
    return [Segment(text) for text in dict.fromkeys(texts)]
