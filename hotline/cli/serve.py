"""`hotline serve`: the service in the foreground, its logs on standard error."""

from __future__ import annotations

import os
import sys

import typer

from hotline import logs
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, OverrideOption
from hotline.service.checks import check_everything
from hotline.service.supervisor import Supervisor

app = typer.Typer()
PRIVATE = 0o077
"""Database, recordings and prompts hold callers' words and numbers: for the service's user alone."""


@app.command()
def serve(config: ConfigOption = DEFAULT_CONFIG, override: OverrideOption = None) -> None:
    """Run the service: edge, zygote and controller, kept alive.

    SIGHUP reloads menus and configuration. SIGTERM or Ctrl-C drains: calls in progress finish, a
    second `hotline serve` on the same directories takes the new ones. A second SIGTERM hurries.
    """
    os.umask(PRIVATE)
    checked = check_everything(config, override or ())
    logs.configure(checked.settings.logging, "supervisor")
    for notice in checked.notices:
        print(f"note: {notice}", file=sys.stderr)
    raise typer.Exit(Supervisor(config.absolute(), override or (), checked.settings).run())
