"""A rendering process, looked at from outside."""

import os

from consult.report.pdf.renderer import (
    Renderer,
)

HELLO = "<!doctype html><html lang=en><title>Hello</title><h1>Hello</h1>"


def process_of(renderer: Renderer) -> int:
    assert renderer._running is not None
    return renderer._running.process.pid


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
