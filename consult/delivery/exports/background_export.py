"""An export too long to wait for: made by the worker, kept in the database in pieces.

There, and not in a folder, because the worker and the pages may be on two machines, and because
what is deleted from the database is deleted from its file as well.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import parse_qs

from consult.delivery.exports.columns import columns
from consult.delivery.exports.csv_file import csv_pieces
from consult.delivery.exports.temp_folder import scratch_folder
from consult.delivery.exports.xlsx_file import write_xlsx
from consult.delivery.outbox import Job
from consult.delivery.worker import Effect, nothing
from consult.storage.db.database import Database, Session
from consult.storage.exports import exports
from consult.storage.exports.export_rows import ExportedLead, found_in_turn
from consult.storage.exports.exports import Export
from consult.storage.search.lead_filter import LeadSearch, Viewer

_PART_BYTES = 512 * 1024
_SOME_LEADS = 1_000


class _Withdrawn(Exception):
    """Nobody wants the export any more: it was deleted, or a lead was."""


RecordWriter = Callable[[Export], bytes]
"""From an export of one lead to the PDF of everything that is held about its owner."""


def make_export(
    database: Database, scratch: Path, zone: tzinfo, record: RecordWriter, job: Job
) -> Effect:
    """Make the file of an export, and say now and then how far it is.

    `zone` is the agency's: the days of a filter are days there.
    """
    export_id: int = job.payload["export_id"]
    with database.writing() as session:
        export = exports.get(session, export_id)
        if export is None or export.state != "making":
            return nothing  # withdrawn, or another worker has made it while this one was held up
        exports.start_over(session, export_id)
    making = _Making(database, export, zone, record)
    try:
        making.write(scratch)
    except _Withdrawn:
        return nothing

    def finish(session: Session) -> None:
        exports.finish(session, export_id, making.done)

    return finish


def unpacked(database: Database, export_id: int) -> Iterator[bytes]:
    """The file of an export, as it was made, in pieces.

    Raises EOFError when it is withdrawn meanwhile: half a table must not look like a whole one.
    """
    opener = zlib.decompressobj()
    for part in exports.parts(database, export_id):
        yield opener.decompress(part)
    yield opener.flush()
    if not opener.eof:
        raise EOFError(f"export {export_id} was withdrawn while it was fetched")


class _Making:
    """The file of one export on its way into the database."""

    def __init__(
        self, database: Database, export: Export, zone: tzinfo, record: RecordWriter
    ) -> None:
        self.done = 0
        self._database = database
        self._export = export
        self._record = record
        self._viewer = Viewer(export.by_id, zone)
        self._noted = 0
        self._packer = zlib.compressobj()
        self._packed = bytearray()
        self._parts = 0

    def write(self, scratch: Path) -> None:
        """Make the whole file. Raises _Withdrawn as soon as it is not wanted any more."""
        if self._export.lead_id is not None:
            self._add(self._record(self._export))
            self.done = 1
        elif self._export.format == "csv":
            for piece in csv_pieces(columns(self._viewer.zone), self._bundles()):
                self._add(piece)
        else:
            with scratch_folder(scratch) as folder, TemporaryFile(dir=folder) as whole:
                write_xlsx(whole, folder, columns(self._viewer.zone), self._bundles())
                whole.seek(0)
                while piece := whole.read(_PART_BYTES):
                    self._add(piece)
        self._packed += self._packer.flush()
        self._keep()

    def _bundles(self) -> Iterator[Sequence[ExportedLead]]:
        query = parse_qs(self._export.query)
        for leads in found_in_turn(self._database, LeadSearch.from_query(query), self._viewer):
            yield leads
            self.done += len(leads)
            if self.done - self._noted >= _SOME_LEADS:
                self._note_progress()

    def _note_progress(self) -> None:
        with self._database.writing() as session:
            wanted = exports.note_progress(session, self._export.id, self.done)
        if not wanted:
            raise _Withdrawn
        self._noted = self.done

    def _add(self, piece: bytes) -> None:
        self._packed += self._packer.compress(piece)
        if len(self._packed) >= _PART_BYTES:
            self._keep()

    def _keep(self) -> None:
        with self._database.writing() as session:
            content = bytes(self._packed)
            wanted = exports.add_part(session, self._export.id, self._parts, content)
        if not wanted:
            raise _Withdrawn
        self._packed.clear()
        self._parts += 1
