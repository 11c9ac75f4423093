"""The menus: grammar, loader, checker, pure interpreter, simulator and drawing."""

from __future__ import annotations

from hotline.flow.interpreter import start, step
from hotline.flow.load import load_flows
from hotline.flow.model import FlowSet
from hotline.flow.position import Position

__all__ = ["FlowSet", "Position", "load_flows", "start", "step"]
