"""A brand file changes colors and names, and its errors are clear."""

from pathlib import Path

import pytest

from consult.settings import PROJECT_FOLDER
from consult.settings.brand import Brand, BrandError, Colors, contrast, load_brand


def _file(folder: Path, text: str, name: str = "brand.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_default_brand_needs_no_file_and_its_colors_are_readable() -> None:
    assert load_brand(None) == Brand()
    assert Colors().contrast_errors() == {}
    sheet = (PROJECT_FOLDER / "static/css/site.css").read_text("utf-8")
    assert f"--quiet: {Colors.gray};" in sheet
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    toml = 'name = "Northside"\ncurrency = "EUR"\n[colours]\nsales = "#003366"\n'
    as_json = '{"name": "Northside", "currency": "EUR", "colours": {"sales": "#003366"}}'
    brand = load_brand(_file(tmp_path, toml))
    assert brand == load_brand(_file(tmp_path, as_json, "brand.json"))
    assert (brand.name, brand.currency_sign, brand.colours.sales) == ("Northside", "€", "#003366")
    assert brand.product == Brand().product


def test_a_logo_is_stored_whole(tmp_path: Path) -> None:
    _file(tmp_path, '<svg xmlns="http://www.w3.org/2000/svg"/>', "logo.svg")
    logo = load_brand(_file(tmp_path, 'logo = "logo.svg"')).logo
    assert logo is not None
    assert logo.data_uri.startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('nmae = "x"', "unknown key 'nmae'; known: colours, consult_minutes"),
        ("name = 3", "name: must be a line of text"),
        ('name = ""', "name: must not be empty"),
        ('name = "a\\u0007b"', "name: must be a line of text"),
        (f'name = "{"x" * 81}"', "at most 80 characters"),
        ('consult_url = "javascript:alert(1)"', "consult_url: must start with https://"),
        ('email = "ada"', "not an email address"),
        ('email = "büro@example.com"', "not an email address"),
        ('email = "us@bü_ro.de"', "not an email address"),
        ('currency = "XXX"', "must be one of AUD"),
        ('[colours]\nsales = "blue"', "sales: must look like #1c4f8f"),
        ('[colours]\nsales = "#eeeeee"', "colours.sales: sales on paper has a contrast of 1.1"),
        (
            '[colours]\npaper = "#000000"\nink = "#ffffff"\nsales = "#88bbff"\n'
            'marketing = "#ffaa55"\nexchange = "#333333"',
            "colours.paper: gray on paper has a contrast of 3.3",
        ),
        ('[colours]\npaper = "#cccccc"', "colours.paper: gray on paper has a contrast of 4.0"),
        ('[colours]\npink = "#eeeeee"', "colours: unknown key 'pink'"),
        ('colours = "red"', "colours: must be a table"),
        ('logo = "logo.gif"', "an .svg or a .png"),
        ('logo = "none.png"', "cannot be read"),
        ('logo = "fake.png"', "not a file of its type"),
        ('logo = "big.png"', "at most 100,000 are allowed"),
        ("name =", "not valid TOML"),
    ],
)
def test_an_error_names_the_key_and_the_file(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "fake.png").write_bytes(b"GIF89a")
    (tmp_path / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100_001))
    with pytest.raises(BrandError, match=says) as refused:
        load_brand(_file(tmp_path, text))
    assert "brand.toml" in str(refused.value)
    with pytest.raises(BrandError, match=r"none\.toml: cannot be read"):
        load_brand(tmp_path / "none.toml")
