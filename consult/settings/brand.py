"""The brand of pages and reports: names, colors, logo and the link to book a consult.

A brand file is TOML or JSON, and every key is optional:

    name = "Northside Growth"           # the agency
    product = "Relay Check"             # what the questionnaire is called
    consult_url = "https://northside.example/consult"
    email = "hello@northside.example"
    phone = "+1 555 0100"
    currency = "USD"                    # one of CURRENCY_SIGNS
    logo = "logo.svg"                   # SVG or PNG, beside the brand file
    person = "Ana Ruiz"                 # who the consult is with
    person_line = "Twelve years in sales at small firms"
    portrait = "ana.png"                # a picture of them, likewise
    consult_minutes = "30"

    [colours]
    marketing = "#b84800"
    sales = "#1c4f8f"
    exchange = "#f2c12e"
"""

import base64
import json
import re
import tomllib
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from PIL import Image, ImageOps

from consult.settings.setting_types import ascii_address

READABLE = 4.5
"""The contrast that WCAG 2.2 asks of text (success criterion 1.4.3)."""

LOGO_LIMIT = 100_000
"""The largest logo, in bytes: it travels inside every report."""

UPLOAD_LIMIT = 2 * 1024 * 1024
"""The largest file, in bytes, that is read for a logo."""

SIDE_LIMIT = 2000
"""The longest side, in pixels, that is decoded: a small file can contain a huge picture."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# Logos are shown small; narrower widths are for pictures with too many details for the limit.
_WIDTHS = (800, 600, 400, 200, 120)

CURRENCY_SIGNS = {
    "AUD": "A$",
    "CAD": "CA$",
    "CHF": "CHF ",
    "EUR": "€",
    "GBP": "£",
    "NZD": "NZ$",
    "USD": "$",
}

TEXT_PAIRS = {
    "ink": ("ink", "paper"),
    "marketing": ("marketing", "paper"),
    "sales": ("sales", "paper"),
    "exchange": ("ink", "exchange"),
}
"""For each color, the pair of text and background that decides whether it is readable."""

PICTURES = ("logo", "portrait")
"""The keys of a brand that hold a picture."""

_LOGO_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}
_TEXT_LIMIT = 80
# One address and nothing else: it becomes a header of mails, where commas and "=?" mean more. ASCII
# before the @: else each mail with it would need a server that takes SMTPUTF8.
_MAILBOX = re.compile(r"[A-Za-z0-9_.+'-]+@[\w-]+(\.[\w-]+)*")


class BrandError(ValueError):
    """A brand that cannot be used. `errors` has a message for each key, "" for the whole."""

    def __init__(
        self, message: str, key: str = "", errors: Mapping[str, str] | None = None
    ) -> None:
        self.errors = errors or {key: message}
        super().__init__(
            "; ".join(f"{k}: {text}" if k else text for k, text in self.errors.items())
        )


@dataclass(frozen=True)
class Colors:
    """The colors of light pages and reports, as #rrggbb.

    `marketing` and `sales` are used for text on `paper`, and as a background of text in `paper`;
    `exchange` is only a background of text in `ink`. No brand changes `gray`, which small texts are
    in: paper for it is light, as fields (white) and errors (red) need too. See `contrast_errors`.
    """

    gray: ClassVar[str] = "#566070"
    ink: str = "#14202e"
    paper: str = "#fbf9f4"
    marketing: str = "#b84800"
    sales: str = "#1c4f8f"
    exchange: str = "#f2c12e"

    def contrast_errors(self) -> Mapping[str, str]:
        """A message for each color with too little contrast, by its key in a brand."""
        errors = {}
        for key, (text, background) in {**TEXT_PAIRS, "paper": ("gray", "paper")}.items():
            ratio = contrast(getattr(self, text), getattr(self, background))
            if ratio < READABLE:
                errors[f"colours.{key}"] = (
                    f"{text} on {background} has a contrast of {ratio:.1f}, text needs {READABLE}"
                )
        return errors


@dataclass(frozen=True)
class Logo:
    """A logo or portrait, stored whole so that no page or report has to fetch it."""

    media_type: str
    data: bytes

    @property
    def data_uri(self) -> str:
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode('ascii')}"


@dataclass(frozen=True)
class Brand:
    name: str = "Marketing Maven"
    product: str = "Relay Check"
    consult_url: str = ""
    email: str = ""
    phone: str = ""
    currency: str = "USD"
    person: str = ""
    person_line: str = ""
    consult_minutes: str = "30"
    colours: Colors = field(default_factory=Colors)  # as the table in the file is called
    logo: Logo | None = None
    portrait: Logo | None = None

    @property
    def currency_sign(self) -> str:
        """The sign before an amount of money: "$", "€", "CHF "."""
        return CURRENCY_SIGNS[self.currency]

    @property
    def minutes(self) -> int:
        """How long a consult takes."""
        return int(self.consult_minutes)


def load_brand(path: Path | None) -> Brand:
    """The brand in the file at `path`, or the default one without a path.

    Raises BrandError for a file that cannot be read, for keys that are unknown or have values of
    the wrong type, for links that are not http(s), and for colors with too little contrast.
    """
    if path is None:
        return Brand()
    try:
        values = dict(_read(path))
        for key in PICTURES:
            if key in values:
                values[key] = logo_as_json(_picture(key, path.parent / _text(key, values[key])))
        return with_overrides(Brand(), values)
    except BrandError as error:
        raise BrandError(f"{path}: {error}") from error


def given_keys(path: Path | None) -> frozenset[str]:
    """The keys that a brand file sets, a color as `colours.sales`; raises BrandError."""
    return frozenset(_read(path)) if path else frozenset()


def with_overrides(base: Brand, overrides: Mapping[str, Any]) -> Brand:
    """The brand with other values for some keys, named as by `given_keys`.

    A picture is given as `{"media_type": "image/png", "data": "<base64>"}`. Raises BrandError.
    """
    colors = {k.removeprefix("colours."): v for k, v in overrides.items() if "colours." in k}
    texts = {k: v for k, v in overrides.items() if "colours." not in k and k not in PICTURES}
    _refuse_unknown_keys(texts, {f.name for f in fields(Brand)})
    own: dict[str, Any] = {key: _text(key, value) for key, value in texts.items()}
    own |= {key: logo_from_json(overrides[key]) for key in PICTURES if overrides.get(key)}
    brand = replace(base, **own, colours=_colors(asdict(base.colours) | colors))
    _check(brand)
    return brand


def logo_as_json(logo: Logo) -> Mapping[str, str]:
    return {"media_type": logo.media_type, "data": base64.b64encode(logo.data).decode("ascii")}


def logo_from_json(stored: Mapping[str, str]) -> Logo:
    return Logo(stored["media_type"], base64.b64decode(stored["data"]))


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two #rrggbb colors, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _read(path: Path) -> Mapping[str, object]:
    """The values in a brand file by key, a color as `colours.sales`."""
    kind = "JSON" if path.suffix == ".json" else "TOML"
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if kind == "JSON" else tomllib.loads(text)
    except OSError as error:
        raise BrandError(f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise BrandError(f"is not valid {kind}: {error}") from error
    if not isinstance(values, dict):
        raise BrandError("must be a table of keys and values")
    colors = values.pop("colours", {})
    if not isinstance(colors, dict):
        raise BrandError("must be a table", "colours")
    return values | {f"colours.{key}": color for key, color in colors.items()}


def _check(brand: Brand) -> None:
    errors = dict(brand.colours.contrast_errors())
    for key in ("name", "product"):
        if not getattr(brand, key):
            errors[key] = "must not be empty"
    if not re.fullmatch(r"[1-9][0-9]", brand.consult_minutes):
        errors["consult_minutes"] = "must be a number of minutes from 10 to 99"
    if brand.currency not in CURRENCY_SIGNS:
        errors["currency"] = f"{brand.currency!r} must be one of {', '.join(CURRENCY_SIGNS)}"
    if brand.consult_url and not _is_web_address(brand.consult_url):
        errors["consult_url"] = "must start with https:// or http://"
    if brand.email and not _is_mailbox(brand.email):
        errors["email"] = f"{brand.email!r} is not an email address"
    if errors:
        raise BrandError("", errors=errors)


def _is_mailbox(text: str) -> bool:
    with suppress(ValueError):
        return bool(_MAILBOX.fullmatch(text) and ascii_address(text))
    return False


def _is_web_address(text: str) -> bool:
    try:
        address = urlsplit(text)
    except ValueError:  # as for https://[
        return False
    has_host = bool(address.hostname) and not re.search(r'[\s"<>\\]', text)
    return address.scheme in ("http", "https") and has_host


def _refuse_unknown_keys(found: Mapping[str, object], known: set[str], key: str = "") -> None:
    if unknown := sorted(set(found) - known):
        raise BrandError(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}", key)


def _text(key: str, value: object) -> str:
    limit = 500 if key == "consult_url" else _TEXT_LIMIT
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        raise BrandError(f"must be a line of text of at most {limit} characters", key)
    return value.strip()


def _colors(values: Mapping[str, object]) -> Colors:
    _refuse_unknown_keys(values, {f.name for f in fields(Colors)}, "colours")
    for key, color in values.items():
        if not isinstance(color, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
            raise BrandError("must look like #1c4f8f", f"colours.{key}")
    return Colors(**{key: str(color) for key, color in values.items()})


def _picture(key: str, path: Path) -> Logo:
    media_type = _LOGO_TYPES.get(path.suffix.lower())
    if media_type is None:
        raise BrandError("must be an .svg or a .png file", key)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BrandError(f"{path} cannot be read ({error.strerror})", key) from error
    if len(data) > LOGO_LIMIT:
        raise BrandError(f"{len(data):,} bytes, at most {LOGO_LIMIT:,} are allowed", key)
    starts = b"\x89PNG\r\n\x1a\n" if media_type == "image/png" else b"<"
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(starts):
        raise BrandError(f"{path.name} is not a file of its type", key)
    return Logo(media_type, data)


# --- An uploaded logo -----------------------------------------------------------------------------


def logo_from_upload(data: bytes) -> Logo:
    """The picture in a file, encoded again as a PNG of at most `LOGO_LIMIT` bytes.

    It has pixels and nothing else: no metadata such as the place where a picture was taken, and
    nothing that only pretends to be a picture.
    Raises BrandError for anything else, for other formats (such as SVG), and for large pictures.
    """
    if not data:
        raise BrandError("Choose a picture.")
    if len(data) > UPLOAD_LIMIT:
        raise BrandError(f"The file is too large. The limit is {UPLOAD_LIMIT // 1024**2} MB.")
    picture = _decoded(data)
    for width in _WIDTHS:
        small = picture.copy()
        small.thumbnail((width, width))
        written = BytesIO()
        small.save(written, "PNG", optimize=True)
        if len(written.getvalue()) <= LOGO_LIMIT:
            return Logo("image/png", written.getvalue())
    raise BrandError("The picture has too many details for a logo.")


def _decoded(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=_FORMATS) as opened:
                if max(opened.size) > SIDE_LIMIT:
                    raise BrandError(f"The picture is too large. The limit is {SIDE_LIMIT} pixels.")
                # A new picture with the same pixels, upright: nothing else of the file is copied.
                upright = ImageOps.exif_transpose(opened)
                plain = Image.new("RGBA", upright.size)
                plain.paste(upright.convert("RGBA"))
                return plain
    except BrandError:
        raise
    except Exception as error:  # decoders raise many types of errors on broken files
        raise BrandError("This isn’t a picture we can read. Use a PNG, JPEG or WebP.") from error
