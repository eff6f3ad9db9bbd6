"""The same Report is the same file: in another process, another place, and on another machine."""

import hashlib
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from consult.questionnaire.editions import folder, newest
from consult.report import FONTS
from consult.report.html_document import Recipient, document_html
from consult.report.pdf.render_pdf import html_to_pdf
from consult.report.report import Report
from consult.settings import PROJECT_FOLDER
from tests.report.samples import DAY, report_of
from tests.support import bare_root

OWNER = Recipient("Święta", "Łódź مطعم 🥐 東")
PRINT = f"""
import sys
sys.path.insert(0, {str(PROJECT_FOLDER)!r})
import hashlib
import json
from datetime import date
from consult.report.html_document import Recipient, document_html
from consult.report.pdf.render_pdf import html_to_pdf
from consult.report.report import from_json
report = from_json(json.load(sys.stdin))
html = document_html(report, date.fromisoformat({DAY.isoformat()!r}), {OWNER!r})
print(hashlib.sha256(html_to_pdf(html)).hexdigest())
"""
OURS = (PROJECT_FOLDER / "templates", PROJECT_FOLDER / "static", folder(newest().name))
"""Our folders of what is read while printing, beside the modules."""
OTHER_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{}</dir></fontconfig>"""


@pytest.fixture(scope="module")
def report() -> Report:
    return report_of("solo_starter")


@pytest.fixture(scope="module")
def given(report: Report) -> bytes:
    return json.dumps(report.to_json()).encode()


@pytest.fixture(scope="module")
def here(report: Report) -> bytes:
    """The hash of its PDF, made in this process."""
    pdf = html_to_pdf(document_html(report, DAY, OWNER))
    return hashlib.sha256(pdf).hexdigest().encode() + b"\n"


@pytest.fixture(scope="module")
def elsewhere(given: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Path]]:
    """The same, made in another process, without a font of the machine; and what files it took."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "fonts.conf").write_text(OTHER_FONTS.format("/nowhere"))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": "4711",
        "PYTHONUTF8": "1",
        "TZ": "Pacific/Kiritimati",
        "LANG": "C",
        "HOME": str(folder),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        "FONTCONFIG_PATH": str(folder),
        "TMPDIR": str(folder),
    }
    return bare_root.record(PRINT, given, environment, folder)


def test_another_process_in_another_place_makes_the_same_file(
    here: bytes, elsewhere: tuple[bytes, list[Path]]
) -> None:
    made, _ = elsewhere
    assert made == here


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which libraries are loaded")
def test_a_bare_root_with_other_fonts_makes_the_same_file(
    tmp_path: Path, given: bytes, here: bytes, elsewhere: tuple[bytes, list[Path]]
) -> None:
    if not bare_root.may_enter() and "CI" not in os.environ:
        pytest.skip("takes root's rights, or user namespaces")
    root = tmp_path / "root"
    packages = (Path(find_spec(name).origin).parent for name in ("weasyprint", "pyphen"))  # type: ignore[union-attr,arg-type]
    _, files = elsewhere
    bare_root.make(root, files, (*OURS, *packages))
    for file, content in (
        ("usr/share/fonts/other.ttf", (FONTS.parent / "fonts/NotoSans-Bold.ttf").read_bytes()),
        ("etc/fonts/fonts.conf", OTHER_FONTS.format("/usr/share/fonts").encode()),
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(content)
    assert not (root / "bin/sh").exists()
    settings = {"LANG": "C", "PYTHONUTF8": "1", "TZ": "UTC+9", "PYTHONHASHSEED": "99"}
    assert bare_root.run(root, PRINT, given, settings) == here
