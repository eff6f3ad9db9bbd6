"""The same Report is the same file: in another process, another place, and on another machine."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from consult.questionnaire.editions import folder, newest
from consult.report import FONTS
from consult.settings import PROJECT_FOLDER
from tests.report.samples import report_of
from tests.support import bare_root

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
html = document_html(report, date(2026, 11, 23), Recipient("Święta", "Łódź مطعم 🥐 東"))
print(hashlib.sha256(html_to_pdf(html)).hexdigest())
"""
OURS = (PROJECT_FOLDER / "templates", PROJECT_FOLDER / "static", folder(newest().name))
"""Our folders of what is read while printing, beside the modules."""
OTHER_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{}</dir></fontconfig>"""


@pytest.fixture(scope="module")
def given() -> bytes:
    return json.dumps(report_of("solo_starter", "full").to_json()).encode()


@pytest.fixture(scope="module")
def here(given: bytes) -> bytes:
    """The hash of its PDF, made on this machine as it is."""
    return subprocess.run(
        [sys.executable, "-c", PRINT], input=given, stdout=subprocess.PIPE, check=True
    ).stdout


def test_another_process_in_another_place_makes_the_same_file(
    tmp_path: Path, given: bytes, here: bytes
) -> None:
    (tmp_path / "fonts.conf").write_text(OTHER_FONTS.format("/nowhere"))
    elsewhere = subprocess.run(
        [sys.executable, "-c", PRINT],
        input=given,
        stdout=subprocess.PIPE,
        check=True,
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONHASHSEED": "4711",
            "PYTHONUTF8": "1",
            "TZ": "Pacific/Kiritimati",
            "LANG": "C",
            "HOME": str(tmp_path),
            "FONTCONFIG_FILE": str(tmp_path / "fonts.conf"),
            "FONTCONFIG_PATH": str(tmp_path),
            "TMPDIR": str(tmp_path),
        },
    )
    assert elsewhere.stdout == here


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which libraries are loaded")
def test_a_bare_root_with_other_fonts_makes_the_same_file(
    tmp_path: Path, given: bytes, here: bytes
) -> None:
    if not bare_root.may_enter() and "CI" not in os.environ:
        pytest.skip("takes root's rights, or user namespaces")
    root = tmp_path / "root"
    packages = (Path(find_spec(name).origin).parent for name in ("weasyprint", "pyphen"))  # type: ignore[union-attr,arg-type]
    bare_root.make(root, PRINT, given, (*OURS, *packages))
    for file, content in (
        ("usr/share/fonts/other.ttf", (FONTS.parent / "fonts/NotoSans-Bold.ttf").read_bytes()),
        ("etc/fonts/fonts.conf", OTHER_FONTS.format("/usr/share/fonts").encode()),
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(content)
    assert not (root / "bin/sh").exists()
    settings = {"LANG": "C", "PYTHONUTF8": "1", "TZ": "UTC+9", "PYTHONHASHSEED": "99"}
    assert bare_root.run(root, PRINT, given, settings) == here
