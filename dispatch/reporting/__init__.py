"""Figures of a period, and the sheet with which a shift hands over to the next. Pure functions of records."""
