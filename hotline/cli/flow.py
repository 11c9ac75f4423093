"""`hotline flow`: check, simulate, draw and reload the menus."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from hotline.calls.understanding import RuleUnderstanding
from hotline.cli.options import JsonOption, default_config
from hotline.cli.output import print_json
from hotline.errors import ConfigurationError, HotlineError, ServiceUnavailableError
from hotline.flow import FlowSet, inputs, load_flows, script
from hotline.flow.draw import draw as draw_flow
from hotline.flow.schema import SCHEMAS
from hotline.flow.schema import schema as schema_of
from hotline.flow.simulation import Outcome, Simulation, World

app = typer.Typer(no_args_is_help=True, help="Check, simulate, draw and reload the menus.")

DEFAULT_FLOWS = Path("ivr_flows")
HELP = """说话直接输入；按键输入一个键；空行 = 不说话；:9 或 :emergency HAZARD = 险情；:told TOPIC；
:answered :ended :no_answer = 转接的结果；:message N；:wait 秒；:hangup；:quit"""
Directory = Annotated[Path, typer.Argument(help="The flows' directory.")]
DirectoryOption = Annotated[Path, typer.Option("--dir", help="The flows' directory.")]


@app.command()
def check(directory: Directory = DEFAULT_FLOWS, json: JsonOption = False) -> None:
    """Prove the flows; every fault at once, with file, line and what to do."""
    try:
        flows = load_flows(directory)
    except ConfigurationError as error:
        if json:
            faults = [
                {"file": str(one.file), "line": one.line, "field": one.field, "message": one.message}
                for one in error.faults
            ]
            print_json({"ok": False, "faults": faults})
            raise typer.Exit(error.exit_status) from None
        raise
    states = sum(len(flow.states) for flow in flows.flows.values())
    if json:
        print_json({"ok": True, "version": flows.version, "flows": sorted(flows.flows), "states": states})
    else:
        print(f"{directory}: {len(flows.flows)} flows, {states} states, version {flows.version}: no faults")


@app.command()
def simulate(
    scripts: Annotated[
        list[Path] | None, typer.Argument(help="Scripts, or directories of them; none: walk by hand.")
    ] = None,
    flow: Annotated[str, typer.Option("--flow", help="Where a walk by hand begins.")] = "main",
    directory: DirectoryOption = DEFAULT_FLOWS,
    caller: Annotated[str, typer.Option(help="The caller's number in a walk by hand.")] = "13800138000",
    now: Annotated[
        datetime | None, typer.Option(help="When the walk by hand begins; unset: now.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print the whole talk.")] = False,
) -> None:
    """Walk a flow in text, or run scripts of turns and expectations; exits non-zero when one fails."""
    flows = load_flows(directory)
    if not scripts:
        _walk(flows, flow, caller, now or datetime.now())
        return
    files = [file for path in scripts for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    if not files:
        raise HotlineError("no scripts there; name a YAML file or a directory of them")
    failed = 0
    for file in files:
        faults = script.run(flows, file, _print if verbose else lambda now, line: None)
        failed += bool(faults)
        print(f"{'FAILED' if faults else 'ok    '} {file}")
        for fault in faults:
            print(f"  {fault}")
    print(f"{len(files)} scripts, {failed} failed")
    if failed:
        raise typer.Exit(1)


@app.command()
def draw(
    name: Annotated[str, typer.Argument(help="The flow's name.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The SVG file to write.")],
    directory: DirectoryOption = DEFAULT_FLOWS,
) -> None:
    """Draw a flow as SVG."""
    flows = load_flows(directory)
    if name not in flows.flows:
        raise HotlineError(f"there is no flow {name}; there are {', '.join(sorted(flows.flows))}")
    if output.suffix.lower() != ".svg":
        raise HotlineError(f"{output}: flows are drawn as SVG; name the file {output.with_suffix('.svg')}")
    output.write_text(draw_flow(flows, name), encoding="utf-8")
    print(f"{output}: {len(flows.flows[name].states)} states")


@app.command()
def schema(
    directory: Directory = DEFAULT_FLOWS,
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a file is out of date.")
    ] = False,
) -> None:
    """Write the JSON schemas of the grammar for editors."""
    for file, model in SCHEMAS.items():
        path, text = directory / file, schema_of(model)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if check_only:
            raise HotlineError(f"{path} is out of date; run `hotline flow schema {directory}`")
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")


@app.command()
def reload(
    config: Annotated[Path | None, typer.Option("--config", "-c", envvar="HOTLINE_CONFIG")] = None,
    run_directory: Annotated[
        Path | None, typer.Option("--run", help="The run directory; unset: as configured.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="The flows' directory; unset: as configured.")
    ] = None,
) -> None:
    """Check the flows and all else that is read again, then have the running service take them.

    With one fault nothing changes.
    """
    if run_directory is None or directory is None:
        from hotline.service.checks import check_everything

        # The service checks all files and would refuse them together: its word would stand in its log only.
        paths = check_everything(config or default_config()).settings.paths
        run_directory, directory = run_directory or paths.run, directory or paths.flows
    flows = load_flows(directory)
    os.kill(_supervisor(run_directory), signal.SIGHUP)
    print(f"the service takes version {flows.version} for new calls; calls in progress keep theirs")


def _supervisor(run_directory: Path) -> int:
    """The running supervisor's process id. Raises ServiceUnavailableError."""
    path = run_directory / "supervisor.pid"
    if not path.exists():
        raise ServiceUnavailableError(f"no running service: there is no {path}; nothing was changed")
    try:
        pid = int(path.read_text(encoding="ascii").strip())
        os.kill(pid, 0)
    except (OSError, ValueError) as error:
        raise ServiceUnavailableError(f"no running service: {path}: {error}; nothing was changed") from error
    if pid <= 1:
        raise ServiceUnavailableError(f"{path} names no service; nothing was changed")
    return pid


def _print(now: str, line: str) -> None:
    print(f"{now} {line}")


def _walk(flows: FlowSet, name: str, caller: str, now: datetime) -> None:
    """A walk by hand. Actions and transfers do not answer unless the walker says so."""
    if name not in flows.flows:
        raise HotlineError(f"there is no flow {name}; there are {', '.join(sorted(flows.flows))}")
    print(HELP)
    world = World(transfers={"agents": [Outcome("no_answer")]})
    understanding = RuleUnderstanding(None, "CN", "")
    simulation = Simulation(flows, name, now.astimezone(), {"caller": caller}, world, _print)
    simulation.settle()
    while not simulation.position.over:
        try:
            line = input("👤 ").strip()
        except EOFError:
            line = ":hangup"
        if line == ":quit":
            return
        _turn(simulation, line, understanding)
        simulation.settle()


def _turn(simulation: Simulation, line: str, understanding: RuleUnderstanding) -> None:
    now = simulation.now
    word, _, rest = line.partition(" ")
    given: inputs.Input | None = None
    if not line:
        simulation.silence()
    elif word in (":9", ":emergency"):
        given = inputs.EmergencyHeard(rest or "smell", "unknown", now)  # type: ignore[arg-type]  # typed by hand
    elif word == ":wait" and rest.replace(".", "", 1).isdigit():
        simulation.wait(float(rest))
    elif word == ":told":
        given = inputs.Told(rest, now)
    elif word in (":answered", ":ended", ":no_answer", ":busy", ":unavailable"):
        given = inputs.TransferFinished(word[1:], now)  # type: ignore[arg-type]  # one of the five
    elif word == ":message":
        given = inputs.MessageFinished(float(rest or "5"), now)
    elif word == ":hangup":
        given = inputs.HungUp(now)
    elif word.startswith(":"):
        print(HELP)
    elif len(line) == 1 and line in "0123456789*#ABCD":
        given = inputs.Key(line, now)
    else:
        _say(simulation, line, understanding)
    if given is not None:
        simulation.feed(given)


def _say(simulation: Simulation, line: str, understanding: RuleUnderstanding) -> None:
    """Words, with what triage makes of them, as in a call."""
    now = simulation.now
    heard = understanding.of(line, final=True)
    simulation.feed(inputs.SpeechStarted(now))
    if heard.emergency is not None:
        simulation.feed(inputs.EmergencyHeard(heard.emergency.hazard, heard.emergency.place, now))
    simulation.feed(
        inputs.Utterance(
            line, True, now, heard.label, heard.confidence, heard.address, heard.number,
            doubtful=heard.doubtful, denied=heard.denied,
        )
    )
