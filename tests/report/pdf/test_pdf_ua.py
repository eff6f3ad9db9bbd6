"""The structure tree: what a page break splits is read as one, and nothing is left over."""

import io
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import page
import pikepdf
import pytest

from consult.report.pdf.render_pdf import html_to_pdf

ROWS = "".join(f"<tr><th scope=row>Row {n}<td>{'word ' * 8}" for n in range(20))
LONG = f"""<!doctype html><html lang=en><title>Long</title>
<style>@page {{ size: 4.5in; @top-left {{ content: "running head" }} }}</style>
<h1>Long</h1>
<section><h2>Table</h2>
<table><thead><tr><th scope=col>Name<th scope=col>Text</thead><tbody>{ROWS}</tbody></table>
</section>
<section><h2>List</h2>
<ol>{"".join(f"<li><p>Point {n}</p><p>{'more ' * 30}</p>" for n in range(12))}</ol>
<p>{"One long paragraph. " * 100}</p>
<p>A <a href="https://example.com/">named link</a>.</p>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" width="72pt" height="72pt">
<title>A square</title><rect width="10" height="10"/></svg>
</section>"""


@cache
def long_pdf() -> bytes:
    """A document in which everything is split over several pages."""
    return html_to_pdf(LONG)


@pytest.fixture
def opened() -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(long_pdf())) as pdf:
        yield pdf


def elements(pdf: pikepdf.Pdf) -> list[Any]:
    found = []
    waiting = [pdf.Root.StructTreeRoot.K[0]]
    while waiting:
        element = waiting.pop()
        found.append(element)
        waiting.extend(kid for kid in reversed(kids(element)) if is_element(kid))
    return found


def kids(element: Any) -> list[Any]:
    return list(element.get("/K", []))


def is_element(kid: Any) -> bool:
    return isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") == "/StructElem"


def of_kind(pdf: pikepdf.Pdf, kind: str) -> list[Any]:
    return [element for element in elements(pdf) if kind == element.S]


def test_all_rules_are_kept_and_what_a_page_break_splits_is_one(opened: pikepdf.Pdf) -> None:
    assert page.validate_pdf_bytes(long_pdf(), profile="ua1").is_compliant
    assert len(opened.pages) > 5
    kinds = Counter(str(element.S) for element in elements(opened))
    wanted = {"/Table": 1, "/THead": 1, "/Sect": 2, "/L": 1, "/TR": 21, "/LI": 12}
    assert {kind: kinds[kind] for kind in wanted} == wanted


def test_cells_name_headers_that_are_there(opened: pikepdf.Pdf) -> None:
    headers = of_kind(opened, "/TH")
    ids = {bytes(header.ID) for header in headers}
    assert [str(header.A.Scope) for header in headers[:3]] == ["/Column", "/Column", "/Row"]
    for cell in of_kind(opened, "/TD"):
        assert len(cell.A.Headers) == 2
        assert {bytes(id) for id in cell.A.Headers} <= ids


def test_list_items_are_a_label_and_a_body(opened: pikepdf.Pdf) -> None:
    assert str(of_kind(opened, "/L")[0].A.ListNumbering) == "/Decimal"
    for item in of_kind(opened, "/LI"):
        assert [str(kid.S) for kid in kids(item)] == ["/Lbl", "/LBody"]


def test_each_element_knows_its_parent(opened: pikepdf.Pdf) -> None:
    for element in elements(opened):
        assert all(kid.P.objgen == element.objgen for kid in kids(element) if is_element(kid))


def test_every_piece_of_a_page_is_read_once_or_is_decoration(opened: pikepdf.Pdf) -> None:
    assert "/Artifact" in {tag for tag, _ in _marks(opened.pages[1])}  # the running head
    read: Counter[tuple[int, int]] = Counter()
    numbers = {p.obj.objgen: n for n, p in enumerate(opened.pages)}
    for element in elements(opened):
        for kid in kids(element):
            if isinstance(kid, int):
                read[numbers[element.Pg.objgen], kid] += 1
            elif kid.get("/Type") == "/MCR":
                read[numbers[kid.Pg.objgen], int(kid.MCID)] += 1
    assert set(read.values()) == {1}
    assert set(read) == set(_marked_content(opened))


def _marked_content(pdf: pikepdf.Pdf) -> Iterator[tuple[int, int]]:
    for number, sheet in enumerate(pdf.pages):
        for tag, properties in _marks(sheet):
            if tag != "/Artifact":
                yield number, int(properties.MCID)


def _marks(sheet: pikepdf.Page) -> Iterator[tuple[str, Any]]:
    for instruction in pikepdf.parse_content_stream(sheet):
        if str(instruction.operator) == "BDC":
            tag, properties = instruction.operands
            yield str(tag), properties


def test_a_figure_lies_where_it_is_drawn(opened: pikepdf.Pdf) -> None:
    (figure,) = of_kind(opened, "/Figure")
    left, bottom, right, top = (float(side) for side in figure.A.BBox)
    assert str(figure.Alt) == "A square"
    assert (round(right - left), round(top - bottom)) == (72, 72)
    assert 0 < bottom < top < 842


def test_a_link_says_its_text_and_is_printed(opened: pikepdf.Pdf) -> None:
    links = [note for sheet in opened.pages for note in sheet.get("/Annots", [])]
    assert [str(link.Contents) for link in links] == ["named link"]
    assert int(links[0].F) == 4


def test_letters_of_two_glyphs_have_texts_for_both() -> None:
    html = "<html lang=vi><title>x</title><h1>Nguyễn Thị</h1>"
    with pikepdf.open(io.BytesIO(html_to_pdf(html))) as pdf:
        maps = [
            item.ToUnicode.read_bytes()
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and "/ToUnicode" in item
        ]
    assert maps
    assert not any(b"<>" in text for text in maps)
