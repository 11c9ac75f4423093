"""`hotline version`: package, source revision, menus and model, for a report of a fault."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version as package_version
from pathlib import Path

import typer

import hotline
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.output import print_json
from hotline.errors import ConfigurationError
from hotline.flow import load_flows
from hotline.settings_file import load_settings

app = typer.Typer()


@app.command()
def version(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Say which version, flows and model this is."""
    facts = {
        "version": package_version("gas-hotline"),
        "revision": _revision(),
        "python": platform.python_version(),
        **_configured(config),
    }
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        print(f"{name:10} {value or '-'}")


def _revision() -> str:
    """The source tree's commit, when it is one."""
    folder = Path(hotline.__file__).parent.parent
    if not (folder / ".git").exists():
        return ""
    try:
        result = subprocess.run(
            ["git", "-C", str(folder), "describe", "--always", "--dirty"],
            capture_output=True, text=True, timeout=5, check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout.strip()


def _configured(config: Path) -> dict[str, str]:
    try:
        settings = load_settings(config)
    except ConfigurationError as error:
        return {"config": f"{config}: {len(error.faults)} faults, see `hotline check-config`"}
    model = settings.speech.model
    return {
        "config": str(config.absolute()),
        "flows": _flows(settings.paths.flows),
        "model": model.name if model is not None and model.is_dir() else "",
    }


def _flows(folder: Path) -> str:
    """The version that calls would carry in their record."""
    try:
        return load_flows(folder).version
    except ConfigurationError as error:
        return f"{len(error.faults)} faults, see `hotline flow check`"
