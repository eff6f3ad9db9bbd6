"""What an owner gets: one plain Report, and the page, PDF and staff view made from it."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = PROJECT / "templates" / "report"
STYLESHEET = PROJECT / "static" / "report.css"
ELEMENTS = PROJECT / "static" / "elements.css"
BRIEF_STYLESHEET = PROJECT / "static" / "brief.css"
FONTS = PROJECT / "static" / "fonts" / "report" / "fonts.conf"
"""A private fontconfig: the fonts beside it are the only ones there are, on every machine."""
