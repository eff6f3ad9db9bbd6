"""The bytes of a PDF: what `pydyf.PDF.write` does, but each stream is packed once, not three times.

It also sees to it that no packed stream ends in a line break, which would leave the length of the
stream open to two readings (ISO 19005-3, 6.1.7).
"""

import hashlib
import zlib
from collections.abc import Iterable
from itertools import count
from typing import Any, BinaryIO

import pydyf


def write(pdf: Any, output: BinaryIO, version: Any = "1.7", *_options: Any) -> None:
    """Writes a PDF as `pydyf.PDF.write` does, with an identifier made of its content."""
    if pdf.info:
        pdf.add_object(pdf.info)
    file = _File(f"%PDF-{version}\n".encode() + b"%\xf0\x9f\x96\xa4\n")
    objects = [item for item in pdf.objects[1:] if item.free != "f"]
    for stream in objects:
        if isinstance(stream, pydyf.Stream):
            file.add(stream.number, _stream(stream.stream, stream.extra, stream.compress))
    small = [item for item in objects if not isinstance(item, pydyf.Stream)]
    file.add_packed(len(pdf.objects), [(item.number, item.data) for item in small])
    file.end(pdf.catalog.reference, pdf.info.reference if pdf.info else None)
    output.write(file.content)


class _File:
    """The file as far as it is written, and where each of its objects is."""

    def __init__(self, head: bytes) -> None:
        self.content = bytearray(head)
        self.places: dict[int, tuple[int, int, int]] = {0: (0, 0, 0xFFFF)}

    def add(self, number: int, data: bytes) -> None:
        self.places[number] = (1, len(self.content), 0)
        self.content += b"%d 0 obj\n" % number + data + b"\nendobj\n"

    def add_packed(self, number: int, small: list[tuple[int, bytes]]) -> None:
        """Adds many small objects inside a stream, which is object `number`."""
        at, index = 0, []
        for place, (own, data) in enumerate(small):
            index.append(b"%d %d" % (own, at))
            at += len(data) + 1
            self.places[own] = (2, number, place)
        head = b" ".join(index)
        extra = {"Type": "/ObjStm", "N": len(small), "First": len(head) + 1}
        self.add(number, _stream([head, *(data for _, data in small)], extra, compress=True))

    def end(self, catalog: bytes, info: bytes | None) -> None:
        """Adds the table of all places, and the end."""
        identifier = pydyf.String(hashlib.sha256(self.content).hexdigest()[:32])
        own = max(self.places) + 1
        for _ in count():
            start = len(self.content)
            table = self._table(own, start)
            if _is_plain(table):
                break
            self.content += b"\n"  # moves the start, and so changes the checksum at the end
        extra = {
            "Type": "/XRef",
            "Index": pydyf.Array((0, own + 1)),
            "W": pydyf.Array((1, 4, 2)),
            "Size": own + 1,
            "Root": catalog,
            **({"Info": info} if info else {}),
            "ID": pydyf.Array((identifier.data, identifier.data)),
            "Filter": "/FlateDecode",
        }
        self.add(own, _framed(table, extra))
        self.content += b"startxref\n%d\n%%%%EOF\n" % start

    def _table(self, own: int, start: int) -> bytes:
        places = {**self.places, own: (1, start, 0)}
        rows = (places.get(number, (0, 0, 0)) for number in range(own + 1))
        return zlib.compress(
            b"".join(
                kind.to_bytes(1, "big") + first.to_bytes(4, "big") + second.to_bytes(2, "big")
                for kind, first, second in rows
            )
        )


def _stream(items: Iterable[Any], extra: dict[str, Any], compress: bool) -> bytes:
    content = b"\n".join(map(_bytes, items))
    if not compress:
        return _framed(content if _is_plain(content) else content + b" ", extra)
    packed = zlib.compress(content)
    while not _is_plain(packed):
        content += b"\n"  # means nothing in any of our streams, but changes the checksum
        packed = zlib.compress(content)
    return _framed(packed, {**extra, "Filter": "/FlateDecode"})


def _bytes(item: Any) -> bytes:
    if isinstance(item, bytes):
        return item
    return item.data if isinstance(item, pydyf.Object) else str(item).encode("ascii")


def _is_plain(content: bytes) -> bool:
    return content[-1:] not in (b"\n", b"\r")


def _framed(content: bytes, extra: dict[str, Any]) -> bytes:
    head = pydyf.Dictionary({**extra, "Length": len(content)})
    return bytes(head.data) + b"\nstream\n" + content + b"\nendstream"
