"""A brand file on the pages: its name, its colors in light and dark, its logo."""

import json
import re
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from consult.settings.brand import READABLE, contrast
from consult.web.assets import DARK_PAPER, brand_css, colors_in_style_sheet, lightened
from tests.support.apps import make_app
from tests.support.client import PageClient

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"/>'


@pytest.fixture
def branded(tmp_path: Path) -> PageClient:
    (tmp_path / "logo.svg").write_text(SVG)
    file = tmp_path / "brand.toml"
    file.write_text('name = "Northside"\nlogo = "logo.svg"\n[colours]\nsales = "#0b3d2e"\n')
    return PageClient(make_app(tmp_path / "var", brand_file=file))


def test_the_name_colors_and_logo_are_on_every_page(branded: PageClient) -> None:
    page = branded.get("/")
    assert "from Northside" in page.text
    (logo,) = page.document.all("img")
    assert branded.get(logo.attrib["src"]).body.decode() == SVG
    sheets = [link.attrib["href"] for link in page.document.all("link")]
    (sheet,) = [href for href in sheets if href.startswith("/brand.css")]
    assert b"--sales: #0b3d2e" in branded.get(sheet).body


def test_colors_of_the_style_sheet_are_not_fetched_again(tmp_path: Path) -> None:
    ours = asdict(colors_in_style_sheet())
    file = tmp_path / "brand.json"
    file.write_text(json.dumps({"colours": ours}))
    client = PageClient(make_app(tmp_path / "var", brand_file=file))
    page = client.get("/")
    assert "brand.css" not in page.html.partition("</head>")[0]
    for missing in ("logo", "portrait", "name"):
        client.get(f"/brand/{missing}", status=404)


def test_chat_apps_get_a_picture_in_the_colors_of_the_brand(branded: PageClient) -> None:
    (url,) = re.findall(r'og:image" content="http://[^/]+(/[^"]+)"', branded.get("/").html)
    answer = branded.get(url)
    picture = Image.open(BytesIO(answer.body))
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert bytes.fromhex("0b3d2e") in picture.tobytes()
    # Its address says what it is drawn from, and not by which release.
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("color", ["#000000", "#0b3d2e", "#14202e", "#7a0019", "#ffffff"])
def test_colors_made_for_paper_can_be_read_in_the_dark(color: str) -> None:
    assert contrast(lightened(color), DARK_PAPER) >= READABLE


def test_only_what_differs_is_sent() -> None:
    css = brand_css(replace(colors_in_style_sheet(), marketing="#8a2be2"))
    assert "--marketing: #8a2be2" in css
    assert "--sales" not in css
