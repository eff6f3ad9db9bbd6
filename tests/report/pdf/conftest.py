"""A renderer for the tests of a file."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from consult.report.pdf.renderer import Renderer


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    """A renderer for most tests here, which leave it working: to start one takes a second."""
    with closing(Renderer(timeout=30, memory_mb=400)) as made:
        yield made
