"""`hotline demo`: a real call into a real service on this machine, and what becomes of it."""

from __future__ import annotations

import dataclasses
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.demo import others, readback
from hotline.demo.emergency import SENTENCES, VOICE, EmergencyStory
from hotline.demo.phone import PhoneError
from hotline.demo.service import ServiceError
from hotline.demo.stage import PAGE_SECONDS, Stage
from hotline.demo.timeline import Step, Timeline, print_steps
from hotline.demo.watch import NotWrittenError
from hotline.errors import HotlineError
from hotline.settings_file import load_settings
from hotline.speech import audio
from hotline.speech.provenance import check_unseen

app = typer.Typer()
CALLER = "13912345678"


class DemoFailedError(HotlineError):
    """A step of the demo failed. The table says which; the logs named there say why."""


@app.command()
def demo(
    repair: Annotated[bool, typer.Option("--repair", help="A boiler that does not light.")] = False,
    silent: Annotated[bool, typer.Option("--silent", help="A caller who says nothing.")] = False,
    keys: Annotated[bool, typer.Option("--keys", help="A leak, by keys only.")] = False,
    wav: Annotated[Path | None, typer.Option("--wav", help="A caller from a WAV file.")] = None,
    text: Annotated[str, typer.Option("--text", help="A caller who says this.")] = "",
    keep: Annotated[Path | None, typer.Option("--keep", help="Folder for all that is left.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Place a real call about a gas smell and follow it to the crew's arrival.

    Exit status 0: every step went well; 1: not, the table says which.
    """
    if sum([repair, silent, keys, wav is not None, bool(text)]) > 1:
        raise typer.BadParameter("one caller at a time: --repair, --silent, --keys, --wav or --text")
    console = Console(stderr=as_json, highlight=False)
    timeline = Timeline(console)
    folder = (keep or Path("var") / "demo" / f"{datetime.now():%Y%m%d-%H%M%S}").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    steps = [] if silent or keys or wav or text else [_unseen(config, repair)]
    began = time.monotonic()
    error = ""
    timeline.note(f"starting the hotline and the telephones around it; everything is left in {folder}")
    timeline.note("changed for the demo: ports and folders of its own, telephones of this machine,")
    timeline.note(f"and a page rings {PAGE_SECONDS} s before the next crew's turn")
    stage = Stage(folder, config, timeline, CALLER)
    try:
        with stage:
            steps += _tell(stage, repair, silent, keys, wav, text)
    except (PhoneError, NotWrittenError, ServiceError, TimeoutError) as failure:
        error = str(failure)
        steps.append(Step("the story went to its end", ok=False, measured=error.splitlines()[0][:120]))
    _finish(console, stage, steps, error, time.monotonic() - began, as_json)


def _tell(
    stage: Stage, repair: bool, silent: bool, keys: bool, wav: Path | None, text: str
) -> list[Step]:
    if repair:
        steps = others.repair(stage)
    elif silent:
        steps = others.silent(stage)
    elif wav is not None:
        steps = others.anybody(stage, _copy(wav, stage.folder))
    elif text:
        steps = others.anybody(stage, stage.line("text", text, VOICE))
    else:
        steps = EmergencyStory(stage, by_keys=keys).run()
    return steps + readback.everything(stage, emergency=not (repair or silent or wav or text))


def _unseen(config: Path, repair: bool) -> Step:
    """The voice and the sentences are new to the speech model."""
    model = load_settings(config).speech.model
    sentences = others.REPAIR_SENTENCES if repair else SENTENCES
    faults = check_unseen(model, VOICE, sentences) if model is not None else ["there is no speech model"]
    return Step("voice and sentences are new to the model", not faults, "; ".join(faults) or f"voice {VOICE}")


def _copy(wav: Path, folder: Path) -> Path:
    """The caller's file as a telephone hears it."""
    target = folder / "voices" / "caller.wav"
    target.parent.mkdir(parents=True, exist_ok=True)
    audio.save(audio.telephone(audio.read_wav(wav)), target)
    return target


def _finish(
    console: Console, stage: Stage, steps: list[Step], error: str, seconds: float, as_json: bool
) -> None:
    failed = [step for step in steps if not step.ok]
    if as_json:
        document = {
            "ok": not failed, "seconds": round(seconds, 1), "folder": str(stage.folder), "error": error,
            "steps": [dataclasses.asdict(step) for step in steps],
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print_steps(console, steps)
        console.print(f"{seconds:.0f} s in all. What is left for a look:")
        for line in readback.commands(stage):
            console.print(f"  {line}", soft_wrap=True)
    if failed:
        counted = f"{len(failed)} of {len(steps)} steps failed: {', '.join(step.name for step in failed)}"
        raise DemoFailedError(f"{counted}. {error}\nThe service's log: {stage.folder / 'service-1.log'}")
