"""Every template compiles, and is used; every style sheet and picture is used."""

import re
from pathlib import Path

from flask import Flask

from consult.delivery.mail.messages import mail_environment
from consult.report.html_document import printed_templates

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
# Named in the code by their number: see consult/application.py.
NAMED_BY_CODE = re.compile(r"errors/\d{3}\.html")
# Fonts are found by looking into their folder.
FOUND_BY_FOLDER = re.compile(r"fonts/report/fonts/.+\.ttf")
LICENCE = re.compile(r"(licen[cs]e|ofl|readme)", re.IGNORECASE)


def names_under(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.relative_to(folder).as_posix() for path in files)


def sources() -> str:
    paths = [*ROOT.glob("consult/**/*.py"), *TEMPLATES.rglob("*"), *STATIC.rglob("*.css")]
    return "\n".join(path.read_text("utf-8") for path in paths if path.is_file())


def test_every_template_compiles(app: Flask) -> None:
    emails, printed = mail_environment(), printed_templates()
    for name in names_under(TEMPLATES):
        if name.startswith("report/"):
            printed.get_template(name.removeprefix("report/"))
        else:
            (emails if name.startswith("mail/") else app.jinja_env).get_template(name)


def test_no_template_is_unused() -> None:
    text = sources()
    unused = [
        name
        for name in names_under(TEMPLATES)
        # The report has an environment of its own, with its folder as the root.
        if f'"{name.removeprefix("report/")}"' not in text
        and not NAMED_BY_CODE.fullmatch(name)
        # An email has a text and an HTML template of one name.
        and not (name.startswith("mail/") and f'"{Path(name).stem}"' in text)
    ]
    assert unused == []


def test_no_static_file_is_unused() -> None:
    text = sources()
    unused = [
        name
        for name in names_under(STATIC)
        if Path(name).name not in text
        and not FOUND_BY_FOLDER.fullmatch(name)
        and not LICENCE.search(name)
    ]
    assert unused == []


def test_templates_escape_everything() -> None:
    """Text reaches a page escaped: no template switches it off or marks text as safe."""
    switched_off = re.compile(r"\|\s*safe\b|autoescape\s+false", re.IGNORECASE)
    offenders = [
        name
        for name in names_under(TEMPLATES)
        if switched_off.search((TEMPLATES / name).read_text())
    ]
    assert offenders == []
