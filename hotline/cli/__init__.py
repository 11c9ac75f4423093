"""The `hotline` command. Each sub-command is a module beside this one with a typer `app`.

Only the module of the command that was asked for is imported: a fault in one never keeps an
operator from another. Errors he can mend come as one message without a traceback.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from types import ModuleType

import typer

from hotline.errors import HotlineError

COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "Run the service: edge, zygote and controller, kept alive."),
    "demo": ("demo", "Place a real call about a gas smell and follow it to the crew's arrival."),
    "check-config": ("config", "Check a configuration file and all it names; say what would run."),
    "flow": ("flow", "Check, simulate, draw and reload the menus."),
    "model": ("model", "Install, try, measure and make speech models."),
    "prompts": ("prompts", "Render the prompts to audio and list them."),
    "triage": ("triage", "What triage makes of words: `explain TEXT`, or JSON lines {id, text} on stdin."),
    "address": ("address", "What the gazetteer makes of addresses: JSON lines {id, text} on stdin."),
    "calls": ("calls", "List calls; show one as a timeline; search what was said."),
    "transcribe": ("transcribe", "Write down what is said in a recording: a file, or a call's."),
    "tickets": ("tickets", "Work on tickets: list, show, take, pause, advance, close; verify the history."),
    "incidents": ("incidents", "List and show incidents; join, split, clear, upgrade, stand down."),
    "outages": ("outages", "Announce outages, change them, say that gas is back."),
    "crews": ("crews", "Crews: who is on duty, does what, goes where; swaps, rosters, coverage; PINs."),
    "simulate": ("simulate", "Play a year of a city through the dispatch rules; see what a change brings."),
    "deadline": ("deadline", "When a report is due under a service standard, and how that was counted."),
    "standards": ("standards", "List, check and explain the service standards."),
    "page": ("page", "Try how people are reached: test pages, marked as drills; check the channels."),
    "report": ("report", "Figures of a period: a page with plots, CSV, XLSX or JSON."),
    "handover": ("handover", "The sheet with which a shift hands over to the next."),
    "backup": ("backup", "Make, list, prove and restore backups."),
    "version": ("version", "Say which version, flows and model this is."),
}
"""Name → module of this package, help."""

PROGRAM_FAULT = 70
"""EX_SOFTWARE of sysexits: the fault is the program's, not the operator's."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line; leaves by SystemExit."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        chosen = next((word for word in words if not word.startswith("-")), "")
        application(chosen)(words, prog_name="hotline")
    except HotlineError as error:
        print(f"hotline: {error}", file=sys.stderr)
        advice = (type(error).__doc__ or "").strip()
        if advice and str(error) not in advice:
            print(advice, file=sys.stderr)
        sys.exit(error.exit_status)


def application(chosen: str) -> typer.Typer:
    """The command tree, with the `chosen` command loaded and the others by name and help only."""
    root = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        help="A gas company's service line: answers every call, hears a leak, brings a crew.",
    )
    root.callback()(_top)
    for name, (module, help_text) in COMMANDS.items():
        if name == chosen:
            _mount(root, name, load(module), help_text)
        else:
            root.command(name, help=help_text)(_unloaded)
    return root


def load(module: str) -> ModuleType:
    """Import a command's module; a fault in it ends the program with what was wrong and where."""
    try:
        return importlib.import_module(f"hotline.cli.{module}")
    except ImportError as error:
        print(f"hotline: this command cannot be loaded ({error}); try `make setup`", file=sys.stderr)
        sys.exit(PROGRAM_FAULT)


def _mount(root: typer.Typer, name: str, module: ModuleType, help_text: str) -> None:
    app: typer.Typer = module.app
    commands = app.registered_commands
    single = len(commands) == 1 and not app.registered_groups and app.registered_callback is None
    if single and commands[0].callback is not None:
        only = commands[0]
        root.command(name, help=help_text, context_settings=only.context_settings)(commands[0].callback)
    else:
        root.add_typer(app, name=name, help=help_text)


def _top() -> None:
    """Exists so that a single command keeps its name."""


def _unloaded() -> None:
    raise AssertionError("the command that runs is always the one that was loaded")
