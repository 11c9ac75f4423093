"""Kinds of records that belong to an incident: read, kept and forgotten together with it."""

from __future__ import annotations

from dispatch.joined import Clearance, Join, Telling
from dispatch.links import Link
from dispatch.model import Assignment, Page

OfIncident = Assignment | Page | Link | Join | Clearance | Telling
OF_INCIDENT: tuple[type[OfIncident], ...] = (Assignment, Page, Link, Join, Clearance, Telling)
