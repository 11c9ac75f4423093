"""`hotline model`: speech models to have, to install, to try, to measure and to make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from hotline.cli.model_tools import evaluate_model, make_model
from hotline.cli.options import JsonOption
from hotline.cli.output import print_json, print_rows
from hotline.speech import catalogue
from hotline.speech.catalogue import ModelInstallError
from hotline.speech.engines import check_model
from hotline.speech.unpack import install as install_archive
from hotline.speech.vosk_engine import missing_files

app = typer.Typer(no_args_is_help=True)
app.command("evaluate")(evaluate_model)
app.command("make")(make_model)

UrlOption = Annotated[
    str, typer.Option("--url", envvar="HOTLINE_MODELS_URL", help="Where the list of models is published.")
]
FolderOption = Annotated[Path, typer.Option("--to", help="The folder that models are kept in.")]
MODELS = Path("models")


@app.command("install")
def install_model(
    name: Annotated[str, typer.Argument(help="As in `hotline model list`: vosk-model-small-cn-0.22")],
    sha256: Annotated[str, typer.Option(help="The checksum you trust; wins over the publisher's.")] = "",
    source: Annotated[
        Path | None, typer.Option("--from", help="A zip file that is here already.", dir_okay=False)
    ] = None,
    to: FolderOption = MODELS,
    url: UrlOption = catalogue.OFFICIAL_URL,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in place of one that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch a model, verify it, unpack it, try it; print the line for the configuration."""
    _check_arguments(name, sha256, source)
    if (to / name).exists() and not replace:
        raise ModelInstallError(f"{to / name} is there already; remove it or say --replace")
    with _progress() as bars:
        archive, md5 = (source, "") if source else _download(name, to, url, bars)
        try:
            verified = catalogue.verify(archive, sha256=sha256, md5=md5)
        except ModelInstallError:
            _forget(archive, source)
            raise
        task = bars.add_task("unpack and try", total=None)
        place = install_archive(
            archive, name, to, replace=replace, progress=lambda done, total: _show(bars, task, done, total)
        )
    _forget(archive, source)
    _report(place.resolve(), verified, as_json)


@app.command("list")
def list_models(
    to: FolderOption = MODELS,
    url: UrlOption = catalogue.OFFICIAL_URL,
    every: Annotated[bool, typer.Option("--all", help="Every language, and what is obsolete.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What is installed, and what the publisher has for Mandarin."""
    rows = [{"name": place.name, "size": _size(place), "where": str(place)} for place in _installed(to)]
    try:
        offers = catalogue.published(url)
    except ModelInstallError as error:
        Console(stderr=True).print(f"{error}: only installed models are listed", markup=False)
        offers = []
    rows += [
        {"name": offer.name, "size": offer.size_text, "where": offer.url}
        for offer in offers
        if every or (offer.lang == "cn" and offer.obsolete == "false")
    ]
    columns = {"name": "model", "size": "size", "where": "installed in, or published at"}
    print_rows(rows, columns, as_json=as_json, empty="no model is installed and no list can be had")


@app.command("check")
def check(
    folder: Annotated[Path, typer.Argument(help="A model's folder.")], as_json: JsonOption = False
) -> None:
    """Load a model in a process of its own and let it hear a second of silence."""
    with Console(stderr=True).status(f"trying {folder}"):
        check_model(folder)
    if as_json:
        print_json({"model": str(folder), "usable": True})
    else:
        print(f"{folder}: usable")


def _check_arguments(name: str, sha256: str, source: Path | None) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise ModelInstallError(f"{name!r} cannot be a model's name: letters, digits, dot, dash, underscore")
    if sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise ModelInstallError("--sha256 takes 64 hexadecimal digits")
    if source and not source.is_file():
        raise ModelInstallError(f"{source}: no such file")


def _download(name: str, to: Path, url: str, bars: Progress) -> tuple[Path, str]:
    """The fetched zip file and the publisher's MD5."""
    offer = catalogue.offer_named(name, url)
    to.mkdir(parents=True, exist_ok=True)
    part = to / f".{name}.zip.part"
    task = bars.add_task(f"download {name}", total=offer.size or None)
    catalogue.download(offer.url, part, lambda done, total: _show(bars, task, done, total))
    return part, offer.md5


def _show(bars: Progress, task: TaskID, done: int, total: int | None) -> None:
    bars.update(task, completed=done, total=total)


def _forget(archive: Path, source: Path | None) -> None:
    """Remove a download; never the operator's own file."""
    if source is None:
        archive.unlink(missing_ok=True)


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield bars


def _installed(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [place for place in sorted(folder.iterdir()) if place.is_dir() and not missing_files(place)]


def _size(place: Path) -> str:
    size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    return f"{size / (1 << 20):.1f}MiB"


def _report(place: Path, verified: str, as_json: bool) -> None:
    if as_json:
        print_json({"model": str(place), "verified": verified})
        return
    print(f"{place.name}: {verified}; it loads and listens")
    print("Set in the configuration, then restart (calls in progress keep the old one):")
    print(f"speech:\n  model: {place}")
