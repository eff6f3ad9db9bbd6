"""Fixtures for the tests of what is sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.webhook_receiver import Receiver, receiver


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Receiver]:
    """A server that takes webhooks."""
    with receiver(tmp_path) as running:
        yield running
