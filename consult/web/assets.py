"""Style sheets and pictures: their addresses carry a hash of the content, so they can be kept."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask


def install(app: Flask) -> None:
    """Make `url_for('static', …)` add the hash of the file it points to."""
    folder = Path(app.static_folder or "")

    @cache
    def fingerprint(name: str) -> str:
        file = folder / name
        return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else ""

    @app.url_defaults
    def add_fingerprint(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", fingerprint(values["filename"]))
