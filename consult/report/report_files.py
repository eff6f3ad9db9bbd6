"""Where the report's own files are: everything a report is made of lies on this machine."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = PROJECT / "templates" / "report"
STYLESHEET = PROJECT / "static" / "report.css"
ELEMENTS = PROJECT / "static" / "elements.css"
BRIEF_STYLESHEET = PROJECT / "static" / "brief.css"
FONTS = PROJECT / "static" / "fonts" / "report" / "fonts.conf"
"""A private fontconfig: the fonts beside it are the only ones there are, on every machine."""
