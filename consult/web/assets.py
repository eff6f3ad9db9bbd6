"""Style sheets and pictures: their addresses carry a hash of the content, so they can be kept."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, redirect
from werkzeug.wrappers import Response


def install(app: Flask) -> None:
    """Give templates `static_url('css/site.css')`, the address of a file under `static/`."""
    folder = Path(app.static_folder or "")

    @cache
    def static_url(name: str) -> str:
        fingerprint = hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]
        return f"{app.static_url_path}/{name}?v={fingerprint}"

    @app.get("/favicon.ico")
    def favicon() -> Response:
        # Browsers ask for it by this name beside a PDF, which cannot name its own.
        return redirect(static_url("icons/favicon.svg"), 301)

    app.jinja_env.globals["static_url"] = static_url
