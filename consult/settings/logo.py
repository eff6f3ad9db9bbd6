"""A logo as somebody uploads it: decoded, made small, and written anew as a plain PNG.

What comes out holds pixels and nothing else: no camera's notes, no place where a picture was
taken, and nothing that hides behind a picture's name.
"""

import warnings
from io import BytesIO

from PIL import Image

from consult.settings.brand import LOGO_LIMIT, BrandError, Logo

UPLOAD_LIMIT = 2 * 1024 * 1024
"""The largest file, in bytes, that is looked at."""

SIDE_LIMIT = 2000
"""The longest side, in pixels, that is decoded: a small file can claim to be a huge picture."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# Shown a few centimetres wide at most; a smaller one where a busy picture takes too many bytes.
_WIDTHS = (800, 600, 400, 200)


def logo_from_upload(data: bytes) -> Logo:
    """The picture in a file, as a PNG of at most `LOGO_LIMIT` bytes.

    Raises BrandError for what is no picture, one in a format that is not known (SVG among them),
    and one that is too large.
    """
    if len(data) > UPLOAD_LIMIT:
        raise BrandError(f"The file is too large; {UPLOAD_LIMIT // 1024**2} MB is the most.")
    picture = _decoded(data)
    for width in _WIDTHS:
        small = picture.copy()
        small.thumbnail((width, width))
        written = BytesIO()
        small.save(written, "PNG", optimize=True)
        if len(written.getvalue()) <= LOGO_LIMIT:
            return Logo("image/png", written.getvalue())
    raise BrandError("The picture is too busy for a logo.")


def _decoded(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=_FORMATS) as opened:
                if max(opened.size) > SIDE_LIMIT:
                    raise BrandError(f"The picture is too large; {SIDE_LIMIT} pixels is the most.")
                # A new picture of the same pixels: nothing else of the file comes along.
                plain = Image.new("RGBA", opened.size)
                plain.paste(opened.convert("RGBA"))
                return plain
    except BrandError:
        raise
    except Exception as fault:  # what decoders raise on broken files is no closed list
        raise BrandError("This is not a picture we can read. Use a PNG, JPEG or WebP.") from fault
