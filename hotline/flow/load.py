"""Reads a directory of flows, all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from hotline import yamlfile
from hotline.errors import ConfigurationError, Fault
from hotline.flow import check
from hotline.flow.commands import Segment
from hotline.flow.model import Common, Flow, FlowSet
from hotline.flow.sources import Sources
from hotline.yamlfile import YamlFile

COMMON = "common.yaml"
VERSION_DIGITS = 12


def load_flows(
    directory: Path,
    seconds: Callable[[tuple[Segment, ...]], float] | None = None,
    facts: Mapping[str, str] | None = None,
) -> FlowSet:
    """Read and prove all flows of a directory (`common.yaml` and one file per flow).

    `seconds` measures how long a prompt takes, for the greeting's limit; without it the
    length is estimated from its characters. `facts` are what every call knows, such as
    `company`. Raises ConfigurationError with every fault of every file; then nothing was
    changed.
    """
    files = sorted(directory.glob("*.yaml"))
    faults: list[Fault] = []
    common = _read(directory / COMMON, Common, faults)
    sources = Sources({}, {})
    flows: dict[str, Flow] = {}
    for path in (path for path in files if path.name != COMMON):
        read = _read(path, Flow, faults)
        if read is None:
            continue
        source, flow = read
        if flow.flow != path.stem:
            faults.append(source.fault(("flow",), f"must be the file's name: {path.stem}"))
        flows[path.stem] = flow
        sources.files[path.stem] = source
    if common is None or faults:
        raise ConfigurationError(faults)
    sources.common[""] = common[0]
    paths = {name: one.path for name, one in sources.files.items()}
    flow_set = FlowSet(_version(files), common[1], flows, paths)
    faults = list(check.faults(flow_set, sources, seconds, facts or {}))
    if faults:
        raise ConfigurationError(sorted(faults, key=lambda fault: (str(fault.file), fault.line)))
    return flow_set


def _read(
    path: Path, model: type[yamlfile.Model], faults: list[Fault]
) -> tuple[YamlFile, yamlfile.Model] | None:
    try:
        source = YamlFile(path)
        return source, yamlfile.validate(source, model)
    except ConfigurationError as error:
        faults.extend(error.faults)
        return None


def _version(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:VERSION_DIGITS]
