"""Where files stand that a configuration may leave unnamed."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parents[1] / "config"
"""The examples that stand beside the source."""
STANDARDS = "service_standards"
"""Folder of the service standards, beside the configuration file."""
BUSINESSES = "businesses.yaml"
"""Kinds of business, beside the configuration file."""
CALENDAR = "calendar.yaml"
"""The operators' calendar, beside that folder."""
