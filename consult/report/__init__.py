"""What an owner gets: one plain Report, and the page, PDF and staff view made from it."""

from consult.settings import PROJECT_FOLDER

TEMPLATES = PROJECT_FOLDER / "templates" / "report"
STYLESHEET = PROJECT_FOLDER / "static" / "report.css"
ELEMENTS = PROJECT_FOLDER / "static" / "elements.css"
BRIEF_STYLESHEET = PROJECT_FOLDER / "static" / "brief.css"
FONTS = PROJECT_FOLDER / "static" / "fonts" / "report" / "fonts.conf"
"""A private fontconfig: the fonts beside it are the only ones there are, on every machine."""
