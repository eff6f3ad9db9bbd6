"""What the tests of the owner's pages share."""

import pytest

from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR


@pytest.fixture
def journey(client: PageClient) -> Journey:
    """An owner who said what brings them, on the first page that has to be answered."""
    journey = Journey(client, BATON_ON_THE_FLOOR.answers)
    journey.start()
    journey.skip_to("who")
    return journey
