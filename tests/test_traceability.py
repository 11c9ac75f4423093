"""docs/traceability.md names every demand, and only files and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/traceability.md").read_text(encoding="utf-8")
DEMANDS = [
    *(f"A{n}" for n in range(1, 13)), *(f"B{n}" for n in range(1, 9)), "B8a", "B9", "B10",
    *(f"C{n}" for n in range(1, 13)), *(f"D{n}" for n in range(1, 9)), *(f"E{n}" for n in range(1, 6)),
    *(f"F{n}" for n in range(1, 5)),
]


def rows() -> dict[str, list[str]]:
    lines = [line for line in TEXT.splitlines() if re.match(r"\| [A-F]\d", line)]
    found = [re.split(r" ?\| ?", line.strip("| ")) for line in lines]
    return {cells[0]: cells[1:] for cells in found}


def test_every_demand_has_one_row_in_order() -> None:
    assert list(rows()) == DEMANDS


def test_every_row_says_how_far_it_is() -> None:
    for demand, cells in rows().items():
        assert re.match(r"(done$|part: .+|not yet(: .+)?$)", cells[1]), demand


def test_what_is_done_names_code_and_tests() -> None:
    for demand, cells in rows().items():
        if cells[1] == "done":
            assert "`" in cells[2] and "`" in cells[3], demand


def test_everything_named_exists() -> None:
    missing = []
    for name in re.findall(r"`([^`]+/[^`]+)`", TEXT):
        path, _, test = name.partition("::")
        file = ROOT / path
        if not file.exists() or (test and f"def {test}(" not in file.read_text(encoding="utf-8")):
            missing.append(name)
    assert missing == []


def test_links_in_the_documentation_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
