"""`hotline tickets take|hand-over|note|…`: work on a ticket, carried out by the running service."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from hotline import attachments
from hotline.businesses import load_businesses
from hotline.cli.data import NothingThereError, store_of
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption
from hotline.cli.ordering import AuthorOption, OrderRefusedError, author_of, give
from hotline.cli.tickets_options import (
    NoteOption,
    NumberArgument,
    ReasonOption,
    StageOption,
    pairs,
    window,
)
from hotline.settings import Settings
from hotline.settings_file import load_settings

app = typer.Typer()
WithOption = Annotated[
    list[str] | None, typer.Option("--with", help="Who has it together with the owner; may be repeated.")
]
FieldOption = Annotated[list[str] | None, typer.Option("--field", help="NAME=VALUE; may be repeated.")]


@app.command("open")
def open_ticket(
    business: Annotated[str, typer.Argument(help="repair, complaint, new_install … (businesses.yaml).")],
    phone: Annotated[str, typer.Option(help="The customer's.")],
    address: Annotated[str, typer.Option(help="Where it is.")] = "",
    description: Annotated[str, typer.Option(help="What he said.")] = "",
    field: FieldOption = None,
    drill: Annotated[bool, typer.Option("--drill", help="Marked everywhere, in no figure.")] = False,
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Open a ticket by hand: a visit, a letter, a call on another line. Its clocks start at once."""
    settings = load_settings(config)
    known = load_businesses(settings.dispatch.businesses)
    kind = known.kind_of(business)
    if kind is None or business == "emergency":
        kinds = ", ".join(name for name in known.kinds if name != "emergency")
        what = "is not opened by hand" if business == "emergency" else "is no kind of business"
        raise OrderRefusedError(f"{business} {what}; there are {kinds}; an emergency is opened as one of "
                                "them and turned by `hotline tickets leak NUMBER` at once")
    fields = pairs(field)
    for name, value in fields.items():
        rule = kind.fields.get(name)
        if rule is None or rule.fault(value):
            raise OrderRefusedError(f"{name}: {rule.fault(value) if rule else 'no such field'}; "
                                    f"{business} has {', '.join(kind.fields) or 'none'}")
    told = {"address": address, "description": description, "callback_number": phone, **fields}
    values = give(
        settings, "TicketRequest", call_id=f"desk-{uuid.uuid4().hex}", business=business, caller=phone,
        fields={name: value for name, value in told.items() if value}, drill=drill, owner=author_of(by),
    )
    print(values.get("ticket", ""))


@app.command()
def take(number: NumberArgument, by: AuthorOption = "", config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Take a ticket: you are its owner from now on."""
    person = author_of(by)
    give(load_settings(config), "TicketTaken", number=number, person=person)
    print(f"{number}: {person} has it")


@app.command("hand-over")
def hand_over(
    number: NumberArgument,
    to: Annotated[str, typer.Option("--to", help="Who has it from now on.")],
    reason: ReasonOption,
    was: Annotated[str, typer.Option("--from", help="Who gives it away; refused when it is not his.")] = "",
    together: WithOption = None,
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Give a ticket to somebody else, on record."""
    give(
        load_settings(config), "HandOver", number=number, to=to, was=was, reason=reason, author=author_of(by),
        assistants=together,
    )
    print(f"{number}: {to} has it")


@app.command()
def note(
    number: NumberArgument,
    text: Annotated[str, typer.Argument(help="What is to be remembered; it cannot be taken back.")],
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write a note into a ticket's history."""
    give(load_settings(config), "NoteAdded", number=number, author=author_of(by), text=text)
    print(f"{number}: noted")


@app.command()
def attach(
    number: NumberArgument,
    file: Annotated[Path | None, typer.Argument(help="A picture, PDF or text; it is copied.")] = None,
    recording: Annotated[str, typer.Option("--recording", help="The recording of this call.")] = "",
    transcript: Annotated[str, typer.Option("--transcript", help="What was said in this call.")] = "",
    caption: Annotated[str, typer.Option(help="What it shows.")] = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Attach a file, or a call's recording or transcript; it is named by the hash of its content."""
    if sum(map(bool, (file, recording, transcript))) != 1:
        raise attachments.AttachmentRefusedError("name one file, or --recording CALL, or --transcript CALL")
    settings = load_settings(config)
    if recording:
        what, kept = "recording", _recording(settings, recording)
    elif transcript:
        what, kept = "transcript", _transcript(settings, transcript)
    else:
        kept = attachments.keep(_folder(settings), _content(file or Path()))
        what = "picture" if kept.media_type.startswith("image/") else "document"
    give(
        settings, "AttachmentAdded", number=number, what=what, reference=kept.reference, sha256=kept.sha256,
        media_type=kept.media_type, size_bytes=kept.size_bytes, caption=caption, author=author_of(by),
        call_id=recording or transcript,
    )
    print(f"{number}: {what} {kept.sha256[:12]}… attached")


def _folder(settings: Settings) -> Path:
    return settings.paths.state / attachments.FOLDER


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > attachments.LARGEST_BYTES:
            raise attachments.AttachmentRefusedError(f"{file} is too large")
        return file.read_bytes()
    except OSError as error:
        raise attachments.AttachmentRefusedError(f"{file}: {error.strerror}") from error


def _recording(settings: Settings, call_id: str) -> attachments.Kept:
    with store_of(settings) as store:
        found = store.attachments(call_id)
    for one in found:
        path = settings.paths.recordings / one.path
        if path.is_file():
            digest, size = attachments.fingerprint(path)
            return attachments.Kept(one.path, digest, "audio/wav", size)
    raise NothingThereError(f"no recording of {call_id}")


def _transcript(settings: Settings, call_id: str) -> attachments.Kept:
    with store_of(settings) as store:
        said = store.transcripts(call_id)
    if not said:
        raise NothingThereError(f"nothing was heard in {call_id}")
    text = "".join(f"{one.start_ms / 1000:8.1f} s  {one.role}: {one.text}\n" for one in said)
    return attachments.keep(_folder(settings), text.encode())


@app.command()
def relate(
    number: NumberArgument,
    other: Annotated[str, typer.Argument(help="The other ticket, or the partner's number.")],
    relation: Annotated[str, typer.Option("--as", help="duplicate, follow_up or partner.")],
    partner: Annotated[str, typer.Option(help="For partner: 110, 119, 120 or 12345.")] = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that two tickets belong together, or what number a partner has for it."""
    give(
        load_settings(config), "TicketRelated", number=number, other=other, relation=relation,
        partner=partner, author=author_of(by),
    )
    print(f"{number}: related to {other}")


@app.command()
def pause(
    number: NumberArgument,
    reason: Annotated[str, typer.Option("--reason", help="One that the service standard lists.")],
    stage: StageOption = "",
    note: NoteOption = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Let the clocks of a ticket stand still."""
    give(
        load_settings(config), "ClockPaused", number=number, reason=reason, stage=stage, note=note,
        author=author_of(by),
    )
    print(f"{number}: stands still ({reason})")


@app.command()
def resume(
    number: NumberArgument,
    stage: StageOption = "",
    note: NoteOption = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Let the clocks run again; the due time moves by as long as they stood."""
    give(
        load_settings(config), "ClockResumed", number=number, stage=stage, note=note, author=author_of(by)
    )
    print(f"{number}: runs again")


@app.command()
def advance(
    number: NumberArgument,
    step: Annotated[str, typer.Argument(help="A step of its kind of business; a wrong one names the right.")],
    field: FieldOption = None,
    note: NoteOption = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Take a step of the ticket's business (config/businesses.yaml)."""
    give(
        load_settings(config), "Advanced", number=number, step=step, fields=pairs(field), note=note,
        author=author_of(by),
    )
    print(f"{number}: {step} done")


@app.command()
def edit(
    number: NumberArgument,
    changes: Annotated[list[str], typer.Argument(help="NAME=VALUE …: address, description, priority …")],
    reason: ReasonOption,
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Correct what stands on a ticket; the old value stays in the history."""
    give(
        load_settings(config), "TicketEdited", number=number, changes=pairs(changes), reason=reason,
        author=author_of(by),
    )
    print(f"{number}: changed")


@app.command()
def close(
    number: NumberArgument,
    reason: ReasonOption,
    outcome: Annotated[
        str, typer.Option(help="done, withdrawn or duplicate; only what is done meets its promise.")
    ] = "done",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Close a ticket; an emergency's is closed by its crews, or by a stand-down."""
    give(
        load_settings(config), "TicketClosed", number=number, person=author_of(by), reason=reason,
        outcome=outcome,
    )
    print(f"{number}: closed")


@app.command()
def leak(
    number: NumberArgument,
    words: Annotated[str, typer.Option(help="What makes you think so.")] = "",
    hazard: Annotated[str, typer.Option(help="smell, leak, alarm …")] = "smell",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Suspect a leak: a crew is paged at once, and the emergency's clock runs."""
    give(
        load_settings(config), "LeakSuspected", number=number, words=words, hazard=hazard,
        author=author_of(by),
    )
    print(f"{number}: an emergency now; `hotline tickets show {number}` names it")


@app.command()
def appoint(
    number: NumberArgument,
    when: Annotated[str, typer.Argument(help="2026-11-23T09:00/11:00, local time.")],
    technician: Annotated[str, typer.Option(help="Crew's key or name.")] = "",
    phone: Annotated[str, typer.Option(help="The technician's.")] = "",
    consent: Annotated[bool, typer.Option("--consent", help="The customer agrees to another time.")] = False,
    reason: Annotated[str, typer.Option(help="Why it is another time.")] = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Agree a visit with the customer."""
    settings = load_settings(config)
    begins, ends = window(when, ZoneInfo(settings.timezone))
    give(
        settings, "VisitBooked", number=number, begins_at=begins.isoformat(), ends_at=ends.isoformat(),
        technician=technician, technician_phone=phone, consent=consent, reason=reason, author=author_of(by),
    )
    print(f"{number}: {begins:%m-%d %H:%M} to {ends:%H:%M}")


@app.command()
def visit(
    number: NumberArgument,
    news: Annotated[
        Literal["en_route", "arrived", "late", "cannot_keep", "cancelled"], typer.Argument(help="What is.")
    ],
    minutes: Annotated[float | None, typer.Option(min=1, help="How late.")] = None,
    reason: Annotated[str, typer.Option(help="For all but en_route and arrived.")] = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say what becomes of a visit; who is late has the customer phoned at once."""
    give(
        load_settings(config), "VisitReport", number=number, news=news, minutes=minutes, reason=reason,
        author=author_of(by),
    )
    print(f"{number}: {news}")
