"""`hotline crews …`: what the dispatcher says in a crew's place; carried out by the running service."""

from __future__ import annotations

from typing import Annotated

import typer

from hotline.cli.options import DEFAULT_CONFIG, ConfigOption
from hotline.cli.ordering import AuthorOption, author_of, give
from hotline.settings_file import load_settings

app = typer.Typer()
CrewArgument = Annotated[str, typer.Argument(help="As `hotline crews list` names it.")]


@app.command("out-of-service")
def out_of_service(
    crew: CrewArgument,
    reason: Annotated[str, typer.Option(help="Why: a broken vehicle, nobody there …")],
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Take a crew out of service. On its way to an emergency, the next crew is paged at once."""
    give(load_settings(config), "CrewReport", crew=crew, status="out_of_service", note=reason,
         author=author_of(by))
    print(f"crew {crew} is out of service: {reason}")


@app.command()
def available(crew: CrewArgument, by: AuthorOption = "", config: ConfigOption = DEFAULT_CONFIG) -> None:
    """A crew is available again."""
    give(load_settings(config), "CrewReport", crew=crew, status="available", author=author_of(by))
    print(f"crew {crew} is available")


@app.command()
def position(
    crew: CrewArgument,
    latitude: Annotated[float, typer.Argument(min=-90, max=90, help="WGS-84, degrees.")],
    longitude: Annotated[float, typer.Argument(min=-180, max=180)],
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say where a crew's vehicle is; forecasts are made anew."""
    give(load_settings(config), "CrewReport", crew=crew, status="position", latitude=latitude,
         longitude=longitude, author=author_of(by))
    print(f"crew {crew} is at {latitude:.5f}, {longitude:.5f}")


@app.command()
def report(
    crew: CrewArgument,
    status: Annotated[str, typer.Argument(
        help="acknowledged, en_route, on_scene, made_safe, finished, needs_help, rechecked, unsolved, "
             "returning or off_duty",
    )],
    incident: Annotated[str, typer.Option(help="Empty: the one that the crew has.")] = "",
    ticket: Annotated[str, typer.Option(help="For ordinary work.")] = "",
    note: Annotated[str, typer.Option(help="Which help or open point; rechecked: no_gas, gas_found.")] = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Report in a crew's place, as it told by radio."""
    give(load_settings(config), "CrewReport", crew=crew, status=status, incident=incident, ticket=ticket,
         note=note, author=author_of(by))
    print(f"noted: crew {crew} {status}")


@app.command("next-job")
def next_job(
    crew: CrewArgument,
    ticket: Annotated[str, typer.Option(help="This one; else the next by the rules.")] = "",
    reason: Annotated[str, typer.Option()] = "",
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Give a crew its next ordinary ticket, by urgency and nearness, or a certain one."""
    give(load_settings(config), "JobGiven", crew=crew, ticket=ticket, person=author_of(by), reason=reason)
    print(f"given to crew {crew}; `hotline crews show {crew}` says what")


@app.command("take-back")
def take_back(
    crew: CrewArgument,
    ticket: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option(help="Why.")],
    by: AuthorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Take an ordinary ticket back from a crew; it waits again."""
    give(load_settings(config), "JobWithdrawn", crew=crew, ticket=ticket, person=author_of(by), reason=reason)
    print(f"{ticket} waits again")
