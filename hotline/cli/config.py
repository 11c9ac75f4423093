"""`hotline check-config`: every fault of the configuration at once, or what would run."""

from __future__ import annotations

from pathlib import Path

import typer

from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, OverrideOption
from hotline.cli.output import print_json
from hotline.errors import ConfigurationError, Fault
from hotline.service.checks import check_everything
from hotline.settings import Settings

app = typer.Typer()


@app.command()
def check_config(
    config: ConfigOption = DEFAULT_CONFIG, override: OverrideOption = None, as_json: JsonOption = False
) -> None:
    """Check a configuration file and all it names; say what would run.

    Exit status 0: it can run; 2: faults, each with file, line and what to write instead.
    """
    try:
        checked = check_everything(config, override or ())
    except ConfigurationError as error:
        _report_faults(error, as_json)
        raise typer.Exit(error.exit_status) from None
    plan = _plan(checked.settings)
    if as_json:
        print_json({"ok": True, "notices": [_fault(notice) for notice in checked.notices], "plan": plan})
        return
    for notice in checked.notices:
        print(f"note: {notice}")
    print(f"{config}: OK")
    for what, value in plan.items():
        print(f"  {what:12} {value}")


def _report_faults(error: ConfigurationError, as_json: bool) -> None:
    if as_json:
        print_json({"ok": False, "faults": [_fault(fault) for fault in error.faults]})
        return
    for fault in error.faults:
        print(fault)
    number = len(error.faults)
    print(f"{number} fault{'s'[:number > 1]}; mend {'them' if number > 1 else 'it'} and run this again")


def _fault(fault: Fault) -> dict[str, str | int]:
    return {
        "file": str(fault.file), "line": fault.line, "field": fault.field, "message": fault.message
    }


def _plan(settings: Settings) -> dict[str, str]:
    listen, workers = settings.edge.listen, settings.workers
    transports = f"udp {listen.host}:{listen.udp_port}"
    if listen.tcp_port is not None:
        transports += f", tcp {listen.host}:{listen.tcp_port}"
    return {
        "company": f"{settings.company}, {settings.service_number}",
        "SIP": transports,
        "numbers": ", ".join(f"{'/'.join(entry.dialled)} → {entry.flow}" for entry in settings.entries),
        "trunks": ", ".join(trunk.name for trunk in settings.edge.trunks) or "none",
        "softphones": ", ".join(phone.user for phone in settings.edge.softphones) or "none",
        "calls": f"{workers.max_conversations}, {workers.reserved_for_pages} of them kept for pages",
        "speech": _speech(settings),
        "web": f"http://{settings.web.host}:{settings.web.port}/health",
        "state": str(settings.paths.state),
        "database": settings.database.url.partition("@")[2] or settings.database.url,
    }


def _speech(settings: Settings) -> str:
    model: Path | None = settings.speech.model
    if settings.speech.engine == "none" or model is None or not model.is_dir():
        return "none: keys and persons only"
    return f"{settings.speech.engine}, {model.name}"
