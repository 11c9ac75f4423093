"""Imports point one way, and each library has one home (docs/architecture.md), read with ast."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("hotline", "dispatch", "tests", "bench", "tools")

# Library → where it may be imported: files, or folders with a closing slash.
HOMES = {
    "pjsua2": ("hotline/sip/", "hotline/demo/", "tests/", "bench/"),
    "_pjsua2": ("hotline/sip/", "hotline/demo/", "tests/", "bench/"),
    "vosk": ("hotline/speech/vosk_engine.py", "bench/recognition.py"),
    "jieba": ("hotline/speech/making/words.py",),
    "sherpa_onnx": ("hotline/speech/sherpa_engine.py",),
    "pydub": ("hotline/speech/audio.py",),
    "sqlalchemy": ("dispatch/store/", "tests/", "bench/million.py"),
    "alembic": ("dispatch/store/", "tests/"),
    "psycopg": ("dispatch/store/", "tests/"),
    "prometheus_client": ("hotline/metrics.py",),
    "pygal": ("hotline/plots.py",),
    "xlsxwriter": ("hotline/reports/files.py",),
    "typer": ("hotline/cli/", "tests/"),
    "rich": ("hotline/cli/", "hotline/demo/", "bench/"),
}
# Packages of ours that know nothing of the calls, or of each other.
NEVER = {
    "dispatch/": ("hotline",),
    "hotline/flow/": ("hotline.sip", "hotline.calls", "hotline.speech", "hotline.triage", "hotline.service",
                      "hotline.edge", "dispatch", "twisted"),
    "hotline/triage/": ("hotline.sip", "hotline.calls", "hotline.speech", "hotline.service", "hotline.edge",
                        "hotline.flow", "dispatch", "twisted"),
    "hotline/speech/": ("hotline.sip", "hotline.calls", "hotline.service", "hotline.edge", "hotline.flow",
                        "hotline.triage", "dispatch"),
    "hotline/sip/": ("hotline.speech", "hotline.service", "hotline.flow", "hotline.triage", "dispatch"),
    "hotline/edge/": ("hotline.calls", "hotline.speech", "hotline.service", "hotline.flow", "hotline.triage",
                      "dispatch"),
    "hotline/web/": ("hotline.sip", "hotline.calls", "hotline.speech", "hotline.service", "hotline.edge",
                     "hotline.flow", "hotline.triage", "dispatch"),
}
BY_THE_DOOR = ("dispatch.api", "dispatch.deadlines", "dispatch.reporting", "dispatch.planning")
"""The only modules of dispatch that the call side imports; deadlines and reporting are pure and load no
database, planning plays the engine without one."""


@cache
def sources() -> tuple[tuple[str, ast.Module], ...]:
    """(path from the root, tree) of every module of ours."""
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    assert len(files) > 30
    return tuple((str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))) for file in files)


def imports(path: str, tree: ast.AST) -> Iterator[str]:
    """Dotted names of all that a module imports, anywhere in it."""
    package = path.removesuffix(".py").removesuffix("/__init__").split("/")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                inner = package if path.endswith("__init__.py") else package[:-1]
                base = ".".join([*inner[: len(inner) - node.level + 1], *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


@pytest.mark.parametrize("library", HOMES)
def test_each_library_has_one_home(library: str) -> None:
    strays = [
        path for path, tree in sources()
        if any(within(name, library) for name in imports(path, tree))
        and not any(path == home or (home.endswith("/") and path.startswith(home)) for home in HOMES[library])
    ]
    assert strays == [], f"{library} may only be imported in {HOMES[library]}"


@pytest.mark.parametrize("folder", NEVER)
def test_what_a_package_never_imports(folder: str) -> None:
    strays = [
        f"{path}: {name}" for path, tree in sources() if path.startswith(folder)
        for name in imports(path, tree) if any(within(name, module) for module in NEVER[folder])
    ]
    assert strays == []


def test_the_call_side_reaches_dispatch_by_its_door() -> None:
    strays = [
        f"{path}: {name}" for path, tree in sources() if path.startswith("hotline/")
        for name in imports(path, tree)
        if within(name, "dispatch") and not any(within(name, door) for door in BY_THE_DOOR)
    ]
    assert strays == []


def test_the_reactor_is_imported_only_inside_functions_of_entry_points() -> None:
    """Importing it installs it, which would make a fork of the zygote useless and every test shared."""
    strays = [
        f"{path}:{node.lineno}" for path, tree in sources() if path.startswith(("hotline/", "dispatch/"))
        for node in top_level(tree) if isinstance(node, ast.ImportFrom | ast.Import) and names_reactor(node)
    ]
    assert strays == []


def top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run at import."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        statement = waiting.pop()
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt))


def names_reactor(node: ast.Import | ast.ImportFrom) -> bool:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return node.module == "twisted.internet" and "reactor" in names
    return "twisted.internet.reactor" in names


LONGEST_FILE_LINES = 400


def test_no_file_grows_beyond_reading() -> None:
    long = {
        path: lines for path, _ in sources()
        if (lines := len((ROOT / path).read_text(encoding="utf-8").splitlines())) > LONGEST_FILE_LINES
    }
    assert long == {}


def test_no_workplace_in_the_tree() -> None:
    """Paths of the machine where this was written mean nothing elsewhere."""
    strange = ("/work" + "/main", "../" + "shared", "/tmp" + "/team")
    strays = [
        path for path, _ in sources()
        if any(word in (ROOT / path).read_text(encoding="utf-8") for word in strange)
    ]
    assert strays == []


def test_the_map_of_dispatch_names_every_module_once() -> None:
    text = (ROOT / "docs/dispatch.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| **") and "**Packages**" not in line]
    named = re.findall(r"`(\w+)`", "\n".join(line.split("|")[2] for line in rows))
    modules = {file.stem for file in (ROOT / "dispatch").glob("*.py")} - {"__init__"}
    assert sorted(named) == sorted(modules)
