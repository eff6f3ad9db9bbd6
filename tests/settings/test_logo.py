"""An uploaded logo: decoded, scaled down, and encoded again."""

from io import BytesIO
from struct import pack
from zlib import crc32

import pytest
from PIL import Image, PngImagePlugin

from consult.settings.brand import (
    LOGO_LIMIT,
    SIDE_LIMIT,
    UPLOAD_LIMIT,
    BrandError,
    logo_from_upload,
)


def file_of(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def as_wide_as(side: int, data: bytes) -> bytes:
    """A PNG whose first chunk says that it has this many pixels in each direction."""
    header = b"IHDR" + pack(">II", side, side) + data[24:29]
    return data[:12] + header + pack(">I", crc32(header)) + data[33:]


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_the_usual_formats_become_a_png(kind: str) -> None:
    logo = logo_from_upload(file_of(Image.new("RGB", (60, 30), "#b84800"), kind))
    assert logo.media_type == "image/png"
    assert opened(logo.data).size == (60, 30)
    red, green, blue, alpha = opened(logo.data).convert("RGBA").getpixel((5, 5))  # type: ignore[misc]
    assert (red > 150, green < 100, blue < 40, alpha) == (True, True, True, 255)


def test_transparent_pixels_stay_transparent() -> None:
    logo = logo_from_upload(file_of(Image.new("RGBA", (9, 9), (1, 2, 3, 0))))
    assert opened(logo.data).convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_nothing_but_pixels_is_stored() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "taken at home")
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    picture = Image.new("RGB", (9, 9))
    for sent in (
        file_of(picture, pnginfo=notes) + b"<script>",
        file_of(picture, "JPEG", exif=exif),
    ):
        stored = logo_from_upload(sent).data
        assert b"taken at home" not in stored
        assert b"<script>" not in stored
        assert not opened(stored).info


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_as_its_camera_says(orientation: int) -> None:
    """Stored on its side or mirrored, with a note which way is up: the red corner is top left."""
    upright = Image.new("RGB", (60, 30))
    upright.paste("#f00", (0, 0, 20, 10))
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)
    stored = upright if turn is None else upright.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[0x0112] = orientation
    logo = opened(logo_from_upload(file_of(stored, "JPEG", exif=exif, quality=95)).data)
    assert logo.size == (60, 30)
    red, green, _, _ = logo.convert("RGBA").getpixel((5, 5))  # type: ignore[misc]
    assert (red > 200, green < 60) == (True, True)


def test_a_large_or_detailed_picture_is_scaled_down() -> None:
    noise = Image.effect_noise((1200, 400), 100).convert("RGB")
    logo = logo_from_upload(file_of(noise))
    assert len(logo.data) <= LOGO_LIMIT
    assert opened(logo.data).width < 800
    assert opened(logo_from_upload(file_of(Image.new("L", (SIDE_LIMIT, 100)))).data).width == 800


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        file_of(Image.new("RGB", (9, 9)), "BMP"),
        file_of(Image.new("RGB", (9, 9)))[:40],
        file_of(Image.new("L", (SIDE_LIMIT + 1, 1))),
        as_wide_as(20_000, file_of(Image.new("1", (9, 9)))),
        b"\x89PNG" + b"x" * UPLOAD_LIMIT,
    ],
    ids=["empty", "svg", "pdf", "bmp", "cut off", "too wide", "a bomb", "too long"],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(BrandError, match=r"picture|file"):
        logo_from_upload(data)
