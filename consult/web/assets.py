"""Style sheets, fonts and pictures: addresses that carry their content's hash, so they can be kept."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, url_for


def install(app: Flask) -> None:
    """Give templates `asset('css/app.css')`, the address of a file under `static/`."""
    folder = Path(app.static_folder or "")

    @cache
    def fingerprint(name: str) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]

    def asset(name: str) -> str:
        return url_for("static", filename=name, v=fingerprint(name))

    app.jinja_env.globals["asset"] = asset
