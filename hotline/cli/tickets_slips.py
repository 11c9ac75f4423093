"""`hotline tickets slip|repaired|settle`: dispatch slips and the repair records they come back as."""

from __future__ import annotations

from typing import Annotated

import typer

from hotline.cli.options import DEFAULT_CONFIG, ConfigOption
from hotline.cli.ordering import AuthorOption, OrderRefusedError, author_of, give
from hotline.cli.tickets_options import NumberArgument
from hotline.settings_file import load_settings

app = typer.Typer()
PartOption = Annotated[
    list[str] | None, typer.Option("--part", help="NAME,QUANTITY,FEE as in 软管,2,17.50; may be repeated.")
]
PointOption = Annotated[
    list[str] | None, typer.Option("--unsolved", help="What is left for the next step; may be repeated.")
]


@app.command()
def slip(
    number: NumberArgument,
    content: Annotated[str, typer.Argument(help="What is to be done.")],
    in_charge: Annotated[str, typer.Option("--in-charge", help="Who is responsible.")],
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Issue a dispatch slip (派工单)."""
    give(
        load_settings(config), "SlipIssued", number=number, content=content, in_charge=in_charge,
        author=author_of(by),
    )
    print(f"{number}: slip for {in_charge}")


@app.command()
def repaired(
    number: NumberArgument,
    done: Annotated[str, typer.Argument(help="What was done.")],
    part: PartOption = None,
    fee: Annotated[str, typer.Option(help="Yuan, all together.")] = "",
    confirmed_by: Annotated[str, typer.Option("--confirmed", help="The customer's signature or word.")] = "",
    unsolved: PointOption = None,
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Give a slip back as a repair record."""
    give(
        load_settings(config), "SlipReported", number=number, done=done, parts=[_part(p) for p in part or []],
        fee=fee, confirmed_by=confirmed_by, points=unsolved or [], author=author_of(by),
    )
    print(f"{number}: repair recorded")


def _part(text: str) -> tuple[str, str, str]:
    pieces = [piece.strip() for piece in text.replace("，", ",").split(",")]
    if len(pieces) > 3 or not pieces[0]:
        raise OrderRefusedError(f"{text!r}: write NAME,QUANTITY,FEE")
    name, quantity, fee = (*pieces, "", "")[:3]
    return name, quantity or "1", fee


@app.command()
def settle(
    slip: Annotated[str, typer.Argument(help="As `hotline tickets unsolved` names it.")],
    point: Annotated[int, typer.Argument(min=1)],
    how: Annotated[str, typer.Option("--how", help="How it was solved.")],
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that something that was left unsolved is solved."""
    give(load_settings(config), "PointSettled", slip=slip, point=point, how=how, author=author_of(by))
    print(f"{slip}: point {point} solved")
