"""The tools of OpenFst, of which the graph's files are made (Debian: libfst-tools, libfst22-plugins-base)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from hotline.errors import HotlineError

TOOLS = ("fstcompile", "fstarcsort", "fstconvert", "fstconnect")
PLUGIN = "olabel_lookahead-fst.so"
PLACES = ("/usr/lib", "/usr/local/lib")


class OpenFstError(HotlineError):
    """The graph could not be made. On Debian: apt-get install libfst-tools libfst22-plugins-base."""


def check_tools() -> None:
    """Raises OpenFstError when something is not installed."""
    lacking = [tool for tool in TOOLS if not shutil.which(tool)]
    if lacking or not _plugins():
        raise OpenFstError(f"not installed: {', '.join(lacking) or PLUGIN}")


def compile_lookahead(arcs: Iterable[str], target: Path, work: Path) -> dict[int, int]:
    """A graph that is composed while decoding; returns old → new number of each word. Raises OpenFstError."""
    text, plain, pairs = work / "lookahead.txt", work / "lookahead.fst", work / "relabel"
    text.write_text("".join(f"{arc}\n" for arc in arcs))
    _run(f"fstcompile {{}} | fstarcsort --sort_type=olabel > {plain}", text)
    _run(f"fstconvert --fst_type=olabel_lookahead --save_relabel_opairs={pairs} {{}} {target}", plain)
    return {int(old): int(new) for old, new in (line.split() for line in pairs.read_text().splitlines())}


def compile_language(arcs: Iterable[str], target: Path, work: Path) -> None:
    """An acceptor of words, sorted for composition. Raises OpenFstError."""
    text = work / "language.txt"
    text.write_text("".join(f"{arc}\n" for arc in arcs))
    steps = "fstconnect | fstarcsort --sort_type=ilabel | fstconvert --fst_type=const"
    _run(f"fstcompile --acceptor {{}} | {steps} > {target}", text)


def _plugins() -> str:
    """Folders with the plug-in of look-ahead graphs; the linker has to be told of them."""
    found = {str(path.parent) for place in PLACES for path in Path(place).glob(f"**/{PLUGIN}")}
    return ":".join(sorted(found))


def _run(command: str, source: Path) -> None:
    known = os.environ.get("LD_LIBRARY_PATH", "")
    environment = os.environ | {"LD_LIBRARY_PATH": ":".join(filter(None, [_plugins(), known]))}
    ran = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command.format(source)],
        env=environment, capture_output=True, text=True, check=False,
    )
    if ran.returncode:
        raise OpenFstError(f"{command.split()[0]} failed: {ran.stderr.strip()[-300:]}")
