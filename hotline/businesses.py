"""Reads the kinds of business; every fault with file, line and field."""

from __future__ import annotations

from pathlib import Path

from dispatch.api import Businesses
from hotline.errors import ConfigurationError
from hotline.places import BUSINESSES, SHIPPED
from hotline.standards import load_standards
from hotline.yamlfile import YamlFile, validate


def load_businesses(path: Path | None, standards: Path | None = None) -> Businesses:
    """The kinds of business. `standards`: also check that each promise it names stands in some standard.

    Raises ConfigurationError with every fault.
    """
    source = YamlFile(path or SHIPPED / BUSINESSES)
    found = validate(source, Businesses)
    if standards is not None:
        known = {one.name: one for one in load_standards(standards)}
        faults = [source.fault(where, message) for where, message in found.strangers(known)]
        if faults:
            raise ConfigurationError(faults)
    return found
