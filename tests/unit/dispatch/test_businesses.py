"""Kinds of business: the shipped ones are sound, and every fault is named with file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.business import FieldRule
from hotline.businesses import load_businesses
from hotline.errors import ConfigurationError
from tests.support.standards import FOLDER
from tests.support.ticket_desk import SHIPPED

SMALL = """
kinds:
  repair:
    title: 维修
    standard: [indoor_repair]
    fields:
      cause: {title: 原因, needed_for: [done]}
    states:
      - {state: open, title: 受理}
      - {state: done, title: 办结, final: true}
    steps:
      - {step: finish, title: 修好, from: [open], to: done, ends: [complete]}
"""


def fault(tmp_path: Path, old: str, new: str) -> str:
    path = tmp_path / "businesses.yaml"
    assert old in SMALL
    path.write_text(SMALL.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_businesses(path, FOLDER)
    return str(caught.value)


def test_the_shipped_file_is_sound_and_names_only_what_standards_promise() -> None:
    assert load_businesses(None, FOLDER) == SHIPPED
    assert SHIPPED.kind_of("repair") is SHIPPED.kind_of("indoor_repair") is SHIPPED.kinds["indoor_repair"]
    assert SHIPPED.kind_of("flying") is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("indoor_repair", "indor_repair", ":5: kinds.repair.standard.0: no service standard promises"),
        ("ends: [complete]", "ends: [compleet]", ":12: kinds.repair.steps.0.ends.0: no service standard has"),
        ("needed_for: [done]", "needed_for: [gone]", "there is no state gone"),
        ("needed_for", "neded_for", ":7: kinds.repair.fields.cause.neded_for: no such key"),
        ("to: done", "to: gone", "there is no state gone"),
        ("title: 办结, final: true", "title: 办结", "must be `final: true`"),
        ("from: [open]", "from: [done]", "nothing follows after a final state"),
        ("title: 原因", "title: 原因, kind: choice", "`choices` belong to kind `choice`"),
        ("title: 原因", "title: 原因, kind: colour", ":7: kinds.repair.fields.cause.kind"),
        ("    title: 维修", "    title: 维修\n    impartial: about", "there is no field about"),
        ("    title: 维修", "    title: 维修\n    chosen_by: cause", "no field of kind choice"),
        ("    title: 维修", "    title: 维修\n    aliases: [repair]", "the name of two kinds"),
        ("kinds:", "texts: {overdue: '{colour}'}\nkinds:", "there is no {colour}"),
        ("kinds:", "appointments: {late_minutes: 0}\nkinds:", ":2: appointments.late_minutes"),
        ("kinds:", "ties: [{person: 张三, to: []}]\nkinds:", ":2: ties.0.to"),
    ],
)
def test_every_fault_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    told = fault(tmp_path, old, new)
    assert said in told and "businesses.yaml" in told


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("phone", ["13900001111", "+86 139-0000", "sip:a@b"], ["1", "call me", "1" * 30]),
        ("date", ["2026-11-23"], ["2026-02-30", "tomorrow"]),
        ("datetime", ["2026-11-23T09:00", "2026-11-23T09:00+08:00"], ["9 o'clock"]),
        ("number", ["12", "-3.50"], ["12a", "1e9", "٣"]),
        ("yes_no", ["yes", "no"], ["maybe"]),
        ("text", ["任何话"], ["x" * 2001]),
    ],
)
def test_values_are_what_they_should_be(kind: str, right: list[str], wrong: list[str]) -> None:
    rule = FieldRule.model_validate({"title": "t", "kind": kind})
    assert [rule.fault(value) for value in ["", *right]] == [""] * (len(right) + 1)
    assert all(rule.fault(value) for value in wrong)
