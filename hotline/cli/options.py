"""Options that every command shares, written once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="HOTLINE_CONFIG", help="The configuration file."),
]
OverrideOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as in web.port=8090."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

DEFAULT_CONFIG = Path("config/hotline.yaml")
"""Where `make setup` leaves the example; the environment variable HOTLINE_CONFIG wins."""


def default_config() -> Path:
    """The configuration file to use when none is named."""
    return Path(os.environ.get("HOTLINE_CONFIG", DEFAULT_CONFIG))
