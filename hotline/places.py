"""Where files stand that a configuration may leave unnamed."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parents[1] / "config"
"""The examples that stand beside the source."""
STANDARDS = "service_standards"
"""Folder of the service standards, beside the configuration file."""
BUSINESSES = "businesses.yaml"
"""Kinds of business, beside the configuration file."""
INCIDENT_TYPES = "incident_types.yaml"
"""Kinds of incidents with their protocols, beside the configuration file."""
OUTAGES = "outages.yaml"
"""What is allowed when gas is off, and what is told then, beside the configuration file."""
JOINING = "joining.yaml"
"""When two reports are taken for one leak, beside the configuration file."""
PAGING = "paging.yaml"
"""Channels of paging, beside the configuration file."""
CONTACTS = "contacts.yaml"
"""Who is told what besides crews, beside the configuration file."""
ROSTERS = ("roster.csv", "roster.yaml")
"""Dated shifts, beside the configuration file, if there is one."""
CALENDAR = "calendar.yaml"
"""The operators' calendar, beside that folder."""
