r"""Build every font file under static/fonts from the OFL subsets that Fontsource publishes.

The results are committed, so this runs only when a font or its coverage changes:

    npm install --ignore-scripts @fontsource/atkinson-hyperlegible-next \
        @fontsource/noto-sans @fontsource/noto-sans-arabic @fontsource/ibm-plex-sans-arabic \
        @fontsource/noto-sans-hebrew @fontsource/noto-emoji
    python tools/build_fonts.py node_modules/@fontsource

The web gets WOFF2 in two ranges per weight: browsers fetch the second range only for a page
that needs it. The PDF gets one TTF per weight, because its engine takes two files of one family
and weight for the same file and then draws wrong letters.

The text face slashes every zero. Here only its tabular figures do, so that "30 days" reads easily
in a sentence, and 0 and O can still be told apart in a table or a link.
"""

import argparse
import tempfile
from array import array
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fontTools.merge import Merger
from fontTools.merge import Options as MergeOptions
from fontTools.misc.arrayTools import calcBounds
from fontTools.subset import Options as SubsetOptions
from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph, GlyphCoordinates
from fontTools.ttLib.tables.ttProgram import Program

STATIC_FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"
REPORT_FONTS = STATIC_FONTS / "report" / "fonts"

TEXT_FACE = "atkinson-hyperlegible-next"
WEIGHTS = {400: "Regular", 700: "Bold"}

WEB_FEATURES = ["kern", "locl", "tnum"]
REPORT_FEATURES = ["ccmp", "kern", "locl", "mark", "mkmk", "tnum"]
SHAPING_FEATURES = ["*"]  # Arabic letters join only through their own features.

# What owners may type that the text face has no letters for: (family, face, ranges, weights).
FALLBACKS = (
    ("Noto Sans", "noto-sans", ("vietnamese", "greek", "cyrillic", "cyrillic-ext"), (400, 700)),
    # One drawing for each letter: where dots are drawn apart, as in Noto, the text that is read out
    # and copied has wrong letters. Noto has the rare ones.
    ("Report Arabic", "ibm-plex-sans-arabic", ("arabic",), (400,)),
    ("Noto Sans Arabic", "noto-sans-arabic", ("arabic",), (400,)),
    ("Noto Sans Hebrew", "noto-sans-hebrew", ("hebrew",), (400,)),
    ("Noto Emoji", "noto-emoji", ("emoji",), (400,)),
)

# A fallback draws the space between two of its words too, so it must have one.
SPACES = frozenset({0x20, 0xA0})


def main() -> None:
    """Read the folder of Fontsource packages from the command line and write all fonts."""
    parser = argparse.ArgumentParser(description="Build the fonts under static/fonts.")
    parser.add_argument("packages", type=Path, help="the folder node_modules/@fontsource")
    packages: Path = parser.parse_args().packages

    REPORT_FONTS.mkdir(parents=True, exist_ok=True)
    for weight, style in WEIGHTS.items():
        for subset_name in ("latin", "latin-ext"):
            web_font(packages, subset_name, weight)
        report_font(packages, weight, style)
    drawn = set(TTFont(REPORT_FONTS / "ReportSans-Regular.ttf").getBestCmap())
    for family, face, ranges, weights in FALLBACKS:
        for weight in weights:
            paths = [source(packages, face, name, weight) for name in ranges]
            fallback_font(paths, family, weight, without=drawn - SPACES)


def web_font(packages: Path, subset_name: str, weight: int) -> None:
    """Write one range of the text face as a lean WOFF2 file."""
    font = TTFont(source(packages, TEXT_FACE, subset_name, weight))
    keep_only(font, WEB_FEATURES, lambda char: True)
    plain_zero(font)
    font.flavor = "woff2"
    save(font, STATIC_FONTS / f"{TEXT_FACE}-{subset_name}-{weight}.woff2")


def report_font(packages: Path, weight: int, style: str) -> None:
    """Write one weight of the text face, all ranges in one TTF, under the family Report Sans."""
    ranges = (source(packages, TEXT_FACE, name, weight) for name in ("latin", "latin-ext"))
    font = merged(ranges)
    keep_only(font, REPORT_FEATURES, lambda char: True)
    plain_zero(font)
    rename(font, "Report Sans", style, weight)
    save(font, REPORT_FONTS / f"ReportSans-{style}.ttf")


def fallback_font(paths: Iterable[Path], family: str, weight: int, without: set[int]) -> None:
    """Write one TTF with the letters of a face that the text face itself lacks."""
    font = merged(paths)
    keep_only(font, SHAPING_FEATURES, lambda char: char not in without)
    rename(font, family, WEIGHTS[weight], weight)
    save(font, REPORT_FONTS / f"{family.replace(' ', '')}-{WEIGHTS[weight]}.ttf")


def source(packages: Path, face: str, subset_name: str, weight: int) -> Path:
    """Where Fontsource keeps one range of one upright weight."""
    return packages / face / "files" / f"{face}-{subset_name}-{weight}-normal.woff2"


def merged(paths: Iterable[Path]) -> TTFont:
    """Join the ranges of one face and weight into a single uncompressed font."""
    with tempfile.TemporaryDirectory() as folder:
        plain = []
        for number, path in enumerate(paths):
            font = TTFont(path)
            font.flavor = None
            plain.append(str(Path(folder, f"{number}.ttf")))
            font.save(plain[-1])
        if len(plain) == 1:
            return TTFont(plain[0], lazy=False)
        options = MergeOptions(drop_tables=["DSIG", "STAT", "vmtx", "vhea", "VORG", "BASE"])
        return Merger(options).merge(plain)


def keep_only(font: TTFont, features: list[str], wanted: Callable[[int], bool]) -> None:
    """Drop every letter that is not wanted, other features, hints and spare names, in place."""
    options = SubsetOptions(
        hinting=False,
        layout_features=features,
        notdef_outline=True,
        glyph_names=False,
        drop_tables=["DSIG", "STAT", "vmtx", "vhea", "VORG", "BASE"],
        recalc_timestamp=False,
    )
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[char for char in font.getBestCmap() if wanted(char)])
    subsetter.subset(font)


def plain_zero(font: TTFont) -> None:
    """Take the slash out of the zero of running text, in place; tabular figures keep theirs."""
    glyphs, zero = font["glyf"], font.getBestCmap().get(ord("0"))
    if zero is None:
        return
    for name in font.getGlyphOrder():
        if zero in glyphs[name].getComponentNames(glyphs):
            glyphs[name] = simple_glyph(*glyphs[name].getCoordinates(glyphs))
    points, ends, flags = glyphs[zero].getCoordinates(glyphs)
    outline, openings = points[: ends[0] + 1], points[ends[0] + 1 :]
    # One opening in the shape of the outline, as wide and high as the two beside the slash.
    left, bottom, right, top = calcBounds(outline)
    to_left, to_bottom, to_right, to_top = calcBounds(openings)
    across, up = (to_right - to_left) / (right - left), (to_top - to_bottom) / (top - bottom)
    opening = [
        (round(to_left + (x - left) * across), round(to_bottom + (y - bottom) * up))
        for x, y in reversed(outline)
    ]
    kinds = [*flags[: ends[0] + 1]]
    drawn = GlyphCoordinates([*outline, *opening])
    glyphs[zero] = simple_glyph(drawn, [ends[0], 2 * ends[0] + 1], [*kinds, *reversed(kinds)])


def simple_glyph(points: GlyphCoordinates, ends: Sequence[int], flags: Sequence[int]) -> Glyph:
    """Make a glyph of contours: `ends` has the last point of each, `flags` who is on the curve."""
    glyph = Glyph()
    glyph.numberOfContours, glyph.endPtsOfContours = len(ends), list(ends)
    glyph.coordinates, glyph.flags = points, array("B", flags)
    glyph.program = Program()
    glyph.program.fromBytecode(b"")
    glyph.recalcBounds(None)
    return glyph


def rename(font: TTFont, family: str, style: str, weight: int) -> None:
    """Give the font the family name that the report's stylesheet asks for."""
    names = {1: family, 2: style, 3: f"{family} {style}", 4: f"{family} {style}"}
    names[6] = f"{family.replace(' ', '')}-{style}"
    kept = {0: font["name"].getDebugName(0), 13: "SIL Open Font License 1.1"}
    font["name"].names = []
    for name_id, text in (kept | names).items():
        if text:
            font["name"].setName(text, name_id, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    # Bit 5 says bold and bit 6 regular; matching by fontconfig goes wrong when they disagree.
    font["OS/2"].fsSelection = 1 << (5 if style == "Bold" else 6)
    font["head"].macStyle = 1 if style == "Bold" else 0


def save(font: TTFont, path: Path) -> None:
    """Write the font and say how big it is."""
    font.save(path)
    print(f"{path.stat().st_size:>9,} bytes  {len(font.getBestCmap()):>5} characters  {path.name}")


if __name__ == "__main__":
    main()
