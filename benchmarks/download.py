"""A PDF that is ready, handed out: beside a file of its size that the same app serves."""

from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask, Response, send_file

from benchmarks.measure import Row, cpu_per_call
from benchmarks.pages import request
from consult.storage import documents
from consult.storage.leads import leads
from tests.support.apps import make_app, services_of
from tests.support.results import submit_check

SIZE = 85_000
"""Bytes of a full report."""

AIM = 2.0


def rows() -> list[Row]:
    """CPU of a download, against a static file of the same size."""
    with TemporaryDirectory() as folder:
        app = make_app(Path(folder), contact_before="nothing")
        path = _a_ready_pdf(app)
        file = Path(folder, "report.pdf")
        file.write_bytes(bytes(SIZE))

        @app.get("/static-file")
        def static_file() -> Response:
            return send_file(file)

        floor = "static file of its size"
        cost = cpu_per_call({"ours": request(app, path), floor: request(app, "/static-file")})
    return [Row("a ready PDF, download", cost["ours"], "µs", floor, cost[floor], AIM)]


def _a_ready_pdf(app: Flask) -> str:
    result = submit_check(app)
    with services_of(app).database.writing() as session:
        lead = leads.by_result_token(session, result.rpartition("/")[2])
        if lead is None:
            raise RuntimeError("the result is gone")
        documents.put(session, lead.id, documents.REPORT, lead.report_revision, bytes(SIZE))
    return f"{result}/report.pdf"
