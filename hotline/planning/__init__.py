"""Planning for people: reads plans, words their figures as tables, plots and a page."""

from hotline.planning.files import Plan, load_plan
from hotline.planning.page import as_html
from hotline.planning.sheets import Sheet, sheets_of, write_csv

__all__ = ["Plan", "Sheet", "as_html", "load_plan", "sheets_of", "write_csv"]
