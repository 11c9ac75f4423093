"""A flow as a picture: `hotline flow draw NAME -o FILE.svg`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from igraph import Graph

from hotline.flow import states, template
from hotline.flow.edges import exits
from hotline.flow.model import Flow, FlowSet

FONT_PX = 12
LINE_PX = 17
PAD_PX = 9
WRAP_COLUMNS = 36
MARGIN_PX = 40
LAYER_GAP_PX = 60
NODE_GAP_PX = 30
COLOURS = {
    states.Say: "#e8f1fb", states.Menu: "#fff4d6", states.Collect: "#fff4d6", states.Listen: "#fff4d6",
    states.Confirm: "#fff4d6", states.Act: "#e9e4f7", states.Transfer: "#dff3e4", states.Queue: "#dff3e4",
    states.Ticket: "#dff3e4", states.Callback: "#dff3e4", states.Call: "#e9e4f7", states.Goodbye: "#eeeeee",
}
EDGE_COLOURS = {"failure": "#c0392b", "again": "#c0392b", "choice": "#1f5fa8"}


@dataclass(slots=True)
class Box:
    """A node: its text, its size and its middle in pixels."""

    lines: list[str]
    fill: str
    dashed: bool
    w: float
    h: float
    xy: tuple[float, float] = (0.0, 0.0)


def draw(flows: FlowSet, name: str) -> str:
    """The SVG of one flow: states with what they say, exits with their names, other flows dashed."""
    flow = flows.flows[name]
    boxes = {state: _box(flow, state) for state in flow.states}
    labels = _labels(flows, flow)
    for target in sorted({target for _, target in labels} - boxes.keys()):
        boxes[target] = _foreign(flows, target)
    bends = _place(boxes, list(labels))
    return _svg(flow, boxes, bends, labels)


Point = tuple[float, float]
Bends = dict[tuple[str, str], list[Point]]
"""Points that an edge passes through between its two boxes."""
Labels = dict[tuple[str, str], list[tuple[str, str]]]


def _labels(flows: FlowSet, flow: Flow) -> Labels:
    """(from, to) → the exits' names and kinds."""
    labels: Labels = {}
    for name, state in flow.states.items():
        for one in exits(flows, flow, name):
            target = name if one.target == "repeat" else one.target
            if target != name:
                labels.setdefault((name, target), []).append((one.label, one.kind))
        if isinstance(state, states.Call):
            for outcome, target in state.exits.items():
                labels.setdefault((name, target), []).append((outcome, "auto"))
    return labels


def _box(flow: Flow, name: str) -> Box:
    state = flow.states[name]
    verb = str(getattr(state, "do", ""))
    lines = [f"{'▶ ' if name == flow.start else ''}{name} · {verb}", *_inside(state)]
    if state.limit:
        lines.append(f"最多{state.limit}次")
    return _sized(lines, COLOURS.get(type(state), "#ffffff"), dashed=False)


def _inside(state: states.State) -> list[str]:
    if isinstance(state, states.Call):
        return [f"子流程 {state.flow}"]
    if isinstance(state, states.Act):
        return [f"{state.action}({', '.join(state.arguments)})"]
    if isinstance(state, states.Transfer):
        return [f"转接 {state.target}"]
    if isinstance(state, states.Ticket):
        return [f"工单 {state.business}"]
    if isinstance(state, states.Set):
        return [f"{key} = {value}" for key, value in state.values.items()]
    text = "".join(template.texts(getattr(state, "prompt", ())))
    return _wrap(text)


def _foreign(flows: FlowSet, target: str) -> Box:
    title = flows.flows[target[1:]].title if target[1:] in flows.flows else target
    return _sized([f"{target}", title], "#ffffff", dashed=True)


def _sized(lines: list[str], fill: str, dashed: bool) -> Box:
    width = max(_columns(line) for line in lines) * FONT_PX * 0.56 + 2 * PAD_PX
    return Box(lines, fill, dashed, width, len(lines) * LINE_PX + 2 * PAD_PX)


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WFA" else 1 for char in text)


def _wrap(text: str) -> list[str]:
    lines, line = [], ""
    for char in text:
        if _columns(line + char) > WRAP_COLUMNS:
            lines.append(line)
            line = ""
        line += char
    return [*lines, line] if line else lines


def _place(boxes: dict[str, Box], pairs: list[tuple[str, str]]) -> Bends:
    """Lay out the boxes in layers, each connected part beside the other; returns the edges' bends."""
    names = list(boxes)
    number = {name: index for index, name in enumerate(names)}
    graph = Graph(len(names), [(number[first], number[last]) for first, last in pairs], directed=True)
    bends: Bends = {}
    right = 0.0
    for part in graph.connected_components(mode="weak"):
        piece = graph.induced_subgraph(part)
        inside = [names[vertex] for vertex in part]
        wanted = [pair for pair in pairs if pair[0] in inside and pair[1] in inside]
        right = _place_part(piece, inside, wanted, boxes, bends, right) + 2 * NODE_GAP_PX
    return bends


def _place_part(
    graph: Graph, names: list[str], pairs: list[tuple[str, str]], boxes: dict[str, Box], bends: Bends,
    left: float,
) -> float:
    """Place one connected part to the right of `left`; returns where it ends."""
    layout = graph.layout_sugiyama(hgap=1, vgap=1)
    wide = max(boxes[name].w for name in names) + NODE_GAP_PX
    heights: dict[int, float] = {}
    for vertex, name in enumerate(names):
        layer = round(layout[vertex][1])
        heights[layer] = max(heights.get(layer, 0.0), boxes[name].h)
    middles, top = {}, 0.0
    for layer in range(max(heights) + 1):
        high = heights.get(layer, 0.0)
        middles[layer] = top + high / 2
        top += high + LAYER_GAP_PX
    first = min(point[0] for route in (layout, *layout.edge_routing) for point in route)

    def at(point: Sequence[float]) -> Point:
        return left + wide / 2 + (point[0] - first) * wide, middles[round(point[1])]

    for vertex, name in enumerate(names):
        boxes[name].xy = at(layout[vertex])
    for edge in graph.es:
        pair = names[edge.source], names[edge.target]
        bends[pair] = [at(point) for point in layout.edge_routing[edge.index]]
    placed = [boxes[name].xy[0] for name in names] + [x for pair in pairs for x, _ in bends[pair]]
    return max(placed) + wide / 2


def _svg(flow: Flow, named: dict[str, Box], bends: Bends, labels: Labels) -> str:
    boxes = list(named.values())
    sides = [x for points in bends.values() for x, _ in points]
    left = min(*sides, *(box.xy[0] - box.w / 2 for box in boxes)) - MARGIN_PX
    top = min(box.xy[1] - box.h / 2 for box in boxes) - 2 * MARGIN_PX
    width = max(*sides, *(box.xy[0] + box.w / 2 for box in boxes)) + MARGIN_PX - left
    height = max(box.xy[1] + box.h / 2 for box in boxes) + MARGIN_PX - top
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.0f} {top:.0f} {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="sans-serif" font-size="{FONT_PX}">',
        '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>',
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
        f'<text x="{left + MARGIN_PX:.0f}" y="{top + MARGIN_PX:.0f}" font-size="18" font-weight="bold">'
        f"{escape(flow.title)} ({escape(flow.flow)})</text>",
        *(_line(named[pair[0]], named[pair[1]], bends[pair], labels[pair]) for pair in labels),
        *(_node(name, box) for name, box in named.items()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _line(first: Box, last: Box, middle: list[Point], labels: list[tuple[str, str]]) -> str:
    begin = _border(first, middle[0] if middle else last.xy)
    end = _border(last, middle[-1] if middle else first.xy)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (begin, *middle, end))
    colour = next((EDGE_COLOURS[kind] for _, kind in labels if kind in EDGE_COLOURS), "#555")
    names = list(dict.fromkeys(label for label, _ in labels if label))
    text = " · ".join(names[:4]) + (" …" if len(names) > 4 else "")
    at = middle[0] if middle else end
    x, y = begin[0] + (at[0] - begin[0]) * 0.45, begin[1] + (at[1] - begin[1]) * 0.45
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="10"'
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" marker-end="url(#end)"/>'
        f'<text {place} fill="#fff" stroke="#fff" stroke-width="3">{escape(text)}</text>'
        f'<text {place} fill="{colour}">{escape(text)}</text>'
    )


def _border(box: Box, towards: tuple[float, float]) -> tuple[float, float]:
    """Where the way from the middle of a box to a point crosses its border."""
    dx, dy = towards[0] - box.xy[0], towards[1] - box.xy[1]
    if not dx and not dy:
        return box.xy
    scale = min(
        box.w / 2 / abs(dx) if dx else float("inf"), box.h / 2 / abs(dy) if dy else float("inf"), 1.0
    )
    return box.xy[0] + dx * scale, box.xy[1] + dy * scale


def _node(name: str, box: Box) -> str:
    x, y = box.xy[0] - box.w / 2, box.xy[1] - box.h / 2
    dash = ' stroke-dasharray="4 3"' if box.dashed else ""
    lines = "".join(
        f'<text x="{x + PAD_PX:.1f}" y="{y + PAD_PX + FONT_PX + index * LINE_PX:.1f}" '
        f'font-weight="{"normal" if index else "bold"}">{escape(line)}</text>'
        for index, line in enumerate(box.lines)
    )
    return (
        f'<g id="{escape(name)}"><rect x="{x:.1f}" y="{y:.1f}" width="{box.w:.1f}" height="{box.h:.1f}" '
        f'rx="5" fill="{box.fill}" stroke="#555"{dash}/>{lines}</g>'
    )
