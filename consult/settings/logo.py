"""An uploaded logo: decoded, scaled down and encoded again as a plain PNG.

The result contains pixels and nothing else: no metadata such as the place where a picture was
taken, and nothing that only pretends to be a picture.
"""

import warnings
from io import BytesIO

from PIL import Image, ImageOps

from consult.settings.brand import LOGO_LIMIT, BrandError, Logo

UPLOAD_LIMIT = 2 * 1024 * 1024
"""The largest file, in bytes, that is read."""

SIDE_LIMIT = 2000
"""The longest side, in pixels, that is decoded: a small file can contain a huge picture."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# Logos are shown small; narrower widths are for pictures with too many details for the limit.
_WIDTHS = (800, 600, 400, 200)


def logo_from_upload(data: bytes) -> Logo:
    """The picture in a file, as a PNG of at most `LOGO_LIMIT` bytes.

    Raises BrandError for anything else, for other formats (such as SVG), and for large pictures.
    """
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
        raise BrandError("This is not a picture we can read. Use a PNG, JPEG or WebP.") from error
