"""Every package that is installed to run the hotline is named with its licence."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def locked() -> set[str]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return set(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==", text, re.M))


def listed() -> dict[str, str]:
    text = (ROOT / "THIRD-PARTY-LICENSES.md").read_text(encoding="utf-8")
    table = text.partition("## Python packages")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| ([A-Za-z0-9_.-]+) \| ([^|]+) \|", table, re.M))


def test_every_locked_package_has_a_row() -> None:
    assert len(locked()) > 40
    assert sorted(locked() - set(listed())) == []


def test_no_row_is_left_over() -> None:
    assert sorted(set(listed()) - locked() - {"package"}) == []


def test_the_licence_is_the_full_gpl_3() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text and "Version 3, 29 June 2007" in text
    assert "15. Disclaimer of Warranty." in text and len(text) > 30_000
