"""What dispatch does is counted once, whoever told it, and drills stand apart."""

from __future__ import annotations

from pathlib import Path

from hotline.metrics import Metrics
from hotline.service.dispatch_figures import DispatchFigures
from tests.support.dispatch import Desk


def lines(metrics: Metrics) -> list[str]:
    return metrics.exposition().decode().splitlines()


def test_an_emergency_from_page_to_arrival(tmp_path: Path) -> None:
    desk, metrics = Desk(tmp_path), Metrics()
    figures = DispatchFigures(desk.dispatch, metrics)
    desk.located("c1")
    desk.wait(10)
    desk.accept("A", "c1")
    desk.wait(30)
    desk.crew("A", "en_route")
    desk.wait(300)
    desk.crew("A", "on_scene")
    figures.refresh(desk.now)
    said = lines(metrics)
    for line in (
        'hotline_arrivals_total{band="15",drill="no",in_time="yes"} 1.0',
        'hotline_emergency_to_acceptance_seconds_sum{drill="no"} 10.0',
        'hotline_turnout_seconds_sum{drill="no"} 30.0', 'hotline_travel_seconds_sum{drill="no"} 300.0',
        'hotline_incidents_open{state="on_scene"} 1.0', 'hotline_crews{state="on_scene"} 1.0',
    ):
        assert line in said
    ordered = 'hotline_pages_ordered_total{drill="no",level="1",target="crew"}'
    assert any(line.startswith(ordered) for line in said)


def test_nothing_is_counted_twice(tmp_path: Path) -> None:
    desk, metrics = Desk(tmp_path), Metrics()
    DispatchFigures(desk.dispatch, metrics)
    desk.located("c1")
    desk.accept("A", "c1")
    for status in ("en_route", "on_scene", "on_scene", "made_safe", "cleared"):
        desk.crew("A", status)
        desk.wait(5)
    desk.wait(120)
    said = lines(metrics)
    assert 'hotline_arrivals_total{band="15",drill="no",in_time="yes"} 1.0' in said
    assert 'hotline_on_scene_seconds_count{drill="no"} 1.0' in said


def test_what_was_there_at_the_start_is_not_counted_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.located("c1")
    desk.accept("A", "c1")
    desk.crew("A", "on_scene")
    again, metrics = desk.crash_and_start(), Metrics()
    DispatchFigures(again.dispatch, metrics)
    again.crew("A", "made_safe")
    assert not any(line.startswith("hotline_arrivals_total") for line in lines(metrics))


def test_a_drill_changes_no_real_figure(tmp_path: Path) -> None:
    desk, metrics = Desk(tmp_path), Metrics()
    figures = DispatchFigures(desk.dispatch, metrics)
    desk.start_call("c1", drill=True)
    desk.located("c1", drill=True)
    desk.accept("A", "c1")
    figures.refresh(desk.now)
    said = lines(metrics)
    real = [line for line in said if line.startswith("hotline_") and 'drill="no"' in line]
    assert not [line for line in real if "acceptance" in line or "arrivals" in line]
    assert not any(line.startswith("hotline_incidents_open{") for line in said)
