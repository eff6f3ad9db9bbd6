"""What the tests of the owner's pages share."""

import pytest

from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR


@pytest.fixture
def journey(client: PageClient) -> Journey:
    """An owner on the first page of questions."""
    journey = Journey(client, BATON_ON_THE_FLOOR.answers)
    journey.start()
    return journey
