"""`hotline page test`: rings a real phone with a page that is marked as a drill everywhere."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from dispatch.api import Stations
from hotline import journal, timeline
from hotline.cli import page_channels
from hotline.cli.data import NothingThereError
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.output import print_json
from hotline.errors import HotlineError, ServiceUnavailableError
from hotline.events import CallEnded, PageAccepted, Record
from hotline.ipc import Job, Originate, encode
from hotline.paging.channel import Delivered
from hotline.paging.files import PHONE
from hotline.settings import Settings
from hotline.settings_file import load_settings
from hotline.yamlfile import load

app = typer.Typer(no_args_is_help=True)
POLL_SECONDS = 0.1
app.add_typer(page_channels.channels_app, name="channels")
PATIENCE_SECONDS = 180.0
"""Ringing, listening and pressing a key."""


class PageNotTakenError(HotlineError):
    """The phone was rung and nobody accepted. Look at the crew's phone, then at the trunk."""


@app.callback()
def page() -> None:
    """Pages that are placed by hand."""


@app.command()
def test(
    whom: Annotated[str, typer.Argument(help="A crew's key, a number or a SIP URI.")] = "",
    to: Annotated[str, typer.Option(help="A contact, group, crew or name: by every channel it has.")] = "",
    channel: Annotated[list[str] | None, typer.Option(help="Only this channel; may be repeated.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    address: Annotated[str, typer.Option(help="The address that is read out.")] = "滨江路88号",
    as_json: JsonOption = False,
) -> None:
    """Place a real test page, a drill, and say what became of it; fails when nobody accepts."""
    settings = load_settings(config)
    if to:
        _by_channels(settings, to, channel or [], address, as_json)
        return
    if not whom:
        raise NothingThereError("say whom: a crew's key, a number or a SIP URI; or --to NAME")
    job = _job(settings, whom, address)
    _originate(settings, job)
    if not as_json:
        print(f"ringing {job.dial} (call {job.call_id}), a drill")
    accepted = False
    steps: list[dict[str, str]] = []
    for record in _follow(settings, job.call_id):
        accepted = accepted or isinstance(record, PageAccepted)
        step = {"at": record.at.isoformat(), "what": _say(record)}
        steps.append(step)
        if not as_json:
            print(f"  {record.at:%H:%M:%S} {step['what']}")
    if as_json:
        print_json({"call_id": job.call_id, "dial": job.dial, "accepted": accepted, "steps": steps})
    if not accepted:
        raise PageNotTakenError(f"nobody accepted the test page to {job.dial}")


def _by_channels(settings: Settings, to: str, only: list[str], address: str, as_json: bool) -> None:
    """Messages first, then phones one after the other; fails when one of them did not get through."""
    files, people = page_channels.read(settings)
    wanted = page_channels.targets(files, people, to, only)
    messages = [target for target in wanted if target.channel != PHONE]
    rows: list[dict[str, object]] = []
    for target, outcome in zip(messages, page_channels.send_all(settings, files, messages), strict=True):
        delivered = isinstance(outcome, Delivered)
        rows.append({"person": target.entry.name, "channel": target.channel, "delivered": delivered,
                     "why": "" if isinstance(outcome, Delivered) else outcome.why})
        if not as_json:
            print(page_channels.say(target, outcome))
    for target in [target for target in wanted if target.channel == PHONE]:
        if not as_json:
            print(f"{target.entry.name} by phone: ringing, a drill")
        job = _job(settings, target.entry.phone, address)
        _originate(settings, job)
        taken = any(isinstance(record, PageAccepted) for record in _follow(settings, job.call_id))
        why = "" if taken else "nobody accepted"
        rows.append({"person": target.entry.name, "channel": PHONE, "delivered": taken, "why": why})
        if not as_json:
            print(f"{target.entry.name} by phone: {why or 'accepted'}")
    if as_json:
        print_json({"to": to, "drill": True, "results": rows})
    failed = [f"{row['person']} by {row['channel']}" for row in rows if not row["delivered"]]
    if failed:
        raise page_channels.ChannelsFailedError(f"not reached: {', '.join(failed)}")


def _job(settings: Settings, whom: str, address: str) -> Job:
    """A page without an incident behind it: dispatch learns nothing of it but the call."""
    now = datetime.now(UTC)
    call_id = f"test-page-{now:%Y%m%dT%H%M%S}-{os.getpid()}"
    return Job(
        call_id=call_id, purpose="page", drill=True,
        entry=settings.outbound.page, dial=_phone(settings, whom),
        facts={
            "page_id": call_id, "crew": whom, "hazard": "smell", "place": "indoor", "address": address,
            "address_confirmed": "yes", "callback_number": settings.service_number, "target_minutes": "15",
            "target_time": (now + timedelta(minutes=15)).isoformat(), "drill": "yes", "incident": "",
            "ticket": "", "ring_seconds": str(settings.agents.ring_seconds),
        },
    )


def _phone(settings: Settings, whom: str) -> str:
    if whom.startswith(("sip:", "sips:", "+")) or (whom.isdecimal() and len(whom) > 4):
        return whom
    stations = load(settings.dispatch.stations, Stations)
    crew = stations.crew(whom)
    if crew is None:
        raise NothingThereError(f"no crew {whom}; there are {', '.join(one.key for one in stations.crews)}")
    return crew.members[0].phone


def _originate(settings: Settings, job: Job) -> None:
    path = settings.paths.run / "edge.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(2)
        try:
            line.connect(str(path))
            line.sendall(encode(Originate(job=job)))
        except OSError as error:
            raise ServiceUnavailableError(f"the edge does not answer on {path}: {error}") from error


def _follow(settings: Settings, call_id: str) -> Iterator[Record]:
    """The records of the page as they come, until the call has ended."""
    folder = settings.paths.state / "journal"
    deadline = time.monotonic() + PATIENCE_SECONDS
    offset = 0
    while time.monotonic() < deadline:
        for entry in _read(folder, call_id, offset):
            offset = entry.next_offset
            yield entry.record
            if isinstance(entry.record, CallEnded):
                return
        time.sleep(POLL_SECONDS)
    raise ServiceUnavailableError(f"the call {call_id} has not ended in {PATIENCE_SECONDS:g} s; see the log")


def _read(folder: Path, call_id: str, offset: int) -> list[journal.Entry]:
    """A finished journal is moved while we look; the records are the same."""
    for path in (folder / f"{call_id}.jsonl", folder / "done" / f"{call_id}.jsonl"):
        found = list(journal.read(path, offset))
        if found:
            return found
    return []


def _say(record: Record) -> str:
    return timeline.lines([record.model_dump(mode="json")])[0].text
