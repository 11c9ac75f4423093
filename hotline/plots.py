"""Plots for reports: SVG that stands inside a page, without scripts and without anything from elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import pygal
from pygal.style import Style

# Pygal leaves a finder for its plug-ins that no Python since 3.12 calls, and that 3.11 warns of.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

COLOURS = ("#1f6f8b", "#d1495b", "#edae49", "#66a182", "#5c4b8a", "#8d6b4a", "#2e4057", "#b56576")
FONT = "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif"
WIDTH, HEIGHT = 760, 320
Series = Mapping[str, Sequence[float | None]]
"""Name in the legend → a value for each label; None leaves a gap."""


def bars(
    title: str, labels: Sequence[str], series: Series, *, unit: str = "", stacked: bool = False,
    highest: float | None = None,
) -> str:
    """Columns side by side, or on top of each other."""
    kind = pygal.StackedBar if stacked else pygal.Bar
    return _drawn(kind(**_options(title, labels, unit, highest)), series)


def lines(
    title: str, labels: Sequence[str], series: Series, *, unit: str = "", highest: float | None = None
) -> str:
    """A line for each series over the labels (hours, months)."""
    return _drawn(pygal.Line(dots_size=2, **_options(title, labels, unit, highest)), series)


def curves(
    title: str, series: Mapping[str, Sequence[tuple[float, float]]], *, x_title: str = "", unit: str = ""
) -> str:
    """Lines through points, for distributions."""
    chart = pygal.XY(dots_size=0, x_title=x_title, **_options(title, (), unit, None))
    return _drawn(chart, series)


def _options(title: str, labels: Sequence[str], unit: str, highest: float | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "title": title, "width": WIDTH, "height": HEIGHT, "js": [], "disable_xml_declaration": True,
        "legend_at_bottom": True, "y_title": unit or None, "include_x_axis": True, "style": _style(),
        "truncate_legend": -1, "show_minor_x_labels": True, "margin": 12,
    }
    if labels:
        options["x_labels"] = list(labels)
    if len(labels) > 8:
        options["x_label_rotation"] = 35
    if highest is not None:
        options["range"] = (0, highest)
    return options


def _style() -> Style:
    return Style(
        background="transparent", plot_background="transparent", colors=COLOURS, font_family=FONT,
        title_font_size=15, label_font_size=11, major_label_font_size=11, legend_font_size=12,
        value_font_size=10, tooltip_font_size=11,
    )


def _drawn(chart: Any, series: Mapping[str, Sequence[Any]]) -> str:
    for name, values in series.items():
        chart.add(name, list(values))
    root = chart.render_tree()
    for parent in root.iter():
        for script in [child for child in parent if str(child.tag).endswith("script")]:
            parent.remove(script)
    return ElementTree.tostring(root, encoding="unicode")
