"""Processes start from a copy of what was last found sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.service import checked
from hotline.settings import Settings
from hotline.settings_file import load_settings

EXAMPLE = Path(__file__).parents[3] / "config/hotline.yaml"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "run").mkdir()
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text("first")
    return load_settings(EXAMPLE, (f"paths.flows={flows}", f"paths.run={tmp_path / 'run'}"))


def test_the_copy_is_a_configuration_of_its_own(settings: Settings, tmp_path: Path) -> None:
    run = tmp_path / "run"
    checked.write(run, "i1", settings)
    copied = load_settings(checked.settings_path(run, "i1"))
    for path in (copied.paths.flows, copied.dispatch.stations, copied.dispatch.policy, copied.customers):
        assert path is not None and path.is_relative_to(run) and path.exists()
    assert copied.model_copy(update={
        "paths": settings.paths, "dispatch": settings.dispatch, "customers": settings.customers,
        "information": settings.information,
    }) == settings


def test_edits_reach_the_copy_only_by_writing_it_again(settings: Settings, tmp_path: Path) -> None:
    run = tmp_path / "run"
    checked.write(run, "i1", settings)
    flow = load_settings(checked.settings_path(run, "i1")).paths.flows / "main.yaml"
    for text in ("second", "third", "fourth"):
        (settings.paths.flows / "main.yaml").write_text(text)
        assert flow.read_text() != text
        checked.write(run, "i1", settings)
        assert flow.read_text() == text
    assert len([path for path in run.iterdir() if path.is_dir() and not path.is_symlink()]) == checked.KEPT


def test_an_ended_instance_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    run = tmp_path / "run"
    checked.write(run, "i1", settings)
    checked.write(run, "i10", settings)
    checked.forget(run, "i1")
    assert checked.settings_path(run, "i10").exists()
    checked.forget(run, "i10")
    assert list(run.iterdir()) == []


def test_the_edge_has_its_settings_by_itself(settings: Settings, tmp_path: Path) -> None:
    assert load_settings(checked.write_for_edge(tmp_path / "run", settings)) == settings
