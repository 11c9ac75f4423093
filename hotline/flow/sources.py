"""The parsed files of a flow set, to name the line of a fault."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.errors import Fault
from hotline.yamlfile import Location, YamlFile


@dataclass(frozen=True, slots=True)
class Sources:
    files: dict[str, YamlFile]
    """By flow."""
    common: dict[str, YamlFile]
    """The common file under the empty name."""

    def fault(self, flow: str, location: Location, message: str) -> Fault:
        """A fault of a flow, or of the common file when `flow` is empty."""
        source = self.files.get(flow) or self.common[""]
        return source.fault(location, message)
