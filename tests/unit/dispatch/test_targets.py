"""An incident's target is the promise of the service standard, the same that `hotline deadline` reckons."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatch import targets
from dispatch.api import Rules
from hotline.cli.deadline import app
from hotline.standards import load_standard
from tests.support.dispatch import BANDS, CONFIG, FAR_WEST, NEAR_WEST, NOON, Desk, policy, rules

STANDARDS = CONFIG / "service_standards"
PROFILES = ("guangyuan-2021", "guangyuan-2022", "aode", "kunlun")


def under(name: str, **changes: object) -> Rules:
    """Rules that are held to a standard, without bands of their own."""
    own = {"policy": policy(bands=(), beyond=None), "standard": load_standard(STANDARDS, name)}
    return rules(**(own | changes))


@pytest.mark.parametrize(
    ("km", "minutes"), [(0, 15), (5, 15), (5.01, 30), (10, 30), (10.01, 60), (20, 60), (22, 66), (None, 15)]
)
@pytest.mark.parametrize("own", [True, False])
def test_arrival_targets_by_distance(km: float | None, minutes: float, own: bool) -> None:
    chosen = rules() if own else under("guangyuan-2022")
    target = targets.arrival(chosen, NOON, km)
    assert target.minutes == pytest.approx(minutes)
    assert (target.at - NOON).total_seconds() == pytest.approx(minutes * 60)
    assert (target.assumed, target.beyond) == (km is None, km == 22)
    assert target.clause == (targets.OWN_BANDS if own else "S1 §10, S0 §10 row 5")


def test_own_bands_are_an_override_of_the_standard() -> None:
    short = tuple(band.model_copy(update={"minutes": band.minutes // 5}) for band in BANDS)
    target = targets.arrival(under("guangyuan-2022", policy=policy(bands=short)), NOON, 4)
    assert (target.minutes, target.clause) == (3, targets.OWN_BANDS)


def test_without_standard_and_bands_there_are_no_rules() -> None:
    with pytest.raises(ValueError, match="target"):
        rules(policy=policy(bands=(), beyond=None))


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("place", [NEAR_WEST, FAR_WEST, (32.4355, 105.3), None])
def test_the_command_and_the_incident_agree(
    name: str, place: tuple[float, float] | None, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, rules=under(name))
    incident = desk.emergency()
    if place is not None:
        desk.learn("address", "某处", at=place)
        incident = desk.incident()
    distance = [] if incident.distance_km is None else ["--distance-km", str(incident.distance_km)]
    said = CliRunner().invoke(app, [
        "--standard", name, "--business", "emergency", "--reported", incident.reported_at.isoformat(),
        "--dir", str(STANDARDS), "--json", *distance,
    ])
    assert said.exit_code == 0, said.output
    (stage,) = json.loads(said.stdout)["stages"]
    assert incident.target_clause == stage["clause"]
    assert incident.target_reckoning.startswith(stage["reckoning"])
    assert incident.band_assumed == stage["assumed"]
    if stage["due"] is None:
        assert stage["urgency"] == "at_once"
        assert incident.band_minutes == desk.dispatch.rules.policy.at_once_minutes
    else:
        assert incident.target_at.isoformat() == _utc(stage["due"])
        assert incident.band_minutes == stage["target_minutes"]
    desk.stop()


def test_clause_and_reckoning_stand_in_the_history(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rules=under("guangyuan-2022"))
    incident = desk.located()
    desk.dispatch.run()
    (row,) = [row for row in desk.store.history([incident.key]) if row.what == "target_set"]
    assert row.detail["clause"] == "S1 §10, S0 §10 row 5"
    assert "band over 0 up to 5 km: 15 min after the report" in row.detail["reckoning"]
    desk.stop()


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()
