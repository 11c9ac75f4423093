"""The grammar as JSON schema, so that editors complete and check flows while they are written."""

from __future__ import annotations

import json

from pydantic import BaseModel

from hotline.flow.model import Common, Flow
from hotline.flow.script import Script

SCHEMAS: dict[str, type[BaseModel]] = {
    "flow.schema.json": Flow,
    "common.schema.json": Common,
    "script.schema.json": Script,
}
"""File in the flows directory → what it describes."""


def schema(model: type[BaseModel]) -> str:
    """The schema as it stands in the file."""
    described = model.model_json_schema(by_alias=True)
    return json.dumps(described, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
