"""`hotline prompts`: what callers hear, rendered beforehand, and what could be recorded by a person."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, OverrideOption
from hotline.cli.output import print_json, print_rows
from hotline.errors import HotlineError
from hotline.flow import load_flows
from hotline.flow.commands import Segment
from hotline.service.prerender import every_segment, prerender
from hotline.settings import Settings
from hotline.settings_file import load_settings
from hotline.speech.prompts import PromptStore, prompt_store
from hotline.speech.recorded import key_of
from hotline.speech.tts import synthesiser_for

app = typer.Typer(no_args_is_help=True)


class PromptsMissingError(HotlineError):
    """Prompts are missing. Render them with `hotline prompts render`."""


@app.command("render")
def render(
    config: ConfigOption = DEFAULT_CONFIG, override: OverrideOption = None, as_json: JsonOption = False
) -> None:
    """Render all prompts of the flows, the music on hold and the apology."""
    settings = load_settings(config, override or ())
    store, segments = _store(settings), _segments(settings)
    synthesiser_for(settings.tts).synthesise("您好")  # a wrong voice or program is said at once
    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task("render prompts", total=None)
        new = prerender(store, segments, lambda done, total: bars.update(task, completed=done, total=total))
        bars.update(task, total=max(1, new), completed=max(1, new))
    if left := store.missing(segments):
        raise PromptsMissingError(f"{len(left)} of {len(segments)} prompts cannot be rendered; see above")
    result = {"prompts": len(segments), "rendered": new, "hold_music": str(store.hold_music())}
    print_json(result) if as_json else print(f"{len(segments)} prompts, {new} of them rendered now")


@app.command("list")
def list_prompts(
    config: ConfigOption = DEFAULT_CONFIG,
    override: OverrideOption = None,
    missing: Annotated[bool, typer.Option("--missing", help="Only what has no recording.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A list for the recording studio.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Every fixed text with its key: a recording of it is named `<key>.wav`, or stands in index.yaml."""
    settings = load_settings(config, override or ())
    store = _store(settings)
    rows = [_row(store, segment) for segment in _segments(settings)]
    rows = [row for row in rows if not (missing and row["source"] == "recorded")]
    if as_csv:
        writer = csv.DictWriter(sys.stdout, ["key", "text", "source", "file"])
        writer.writeheader()
        writer.writerows(rows)
        return
    print_rows(rows, {"key": "key", "source": "source", "text": "text"}, as_json=as_json)


@app.command("check")
def check(
    config: ConfigOption = DEFAULT_CONFIG, override: OverrideOption = None, as_json: JsonOption = False
) -> None:
    """Check the recordings and that no prompt is missing; exit status 1 when one is."""
    settings = load_settings(config, override or ())
    store, segments = _store(settings), _segments(settings)
    left = [segment.text for segment in store.missing(segments)]
    if as_json:
        print_json({"ok": not left, "prompts": len(segments), "missing": left})
        raise typer.Exit(1 if left else 0)
    if left:
        raise PromptsMissingError("\n".join([f"{len(left)} of {len(segments)} prompts:", *left]))
    print(f"{len(segments)} prompts: OK")


def _store(settings: Settings) -> PromptStore:
    return prompt_store(settings.paths, settings.tts)


def _segments(settings: Settings) -> list[Segment]:
    return every_segment(settings, load_flows(settings.paths.flows))


def _row(store: PromptStore, segment: Segment) -> dict[str, str]:
    files: list[Path] = store.find([segment]) or []
    source = "recorded" if store.is_recorded(segment) else "synthesised" if files else "missing"
    return {
        "key": key_of(segment.text), "text": segment.text, "source": source,
        "file": str(files[0]) if files else "",
    }
