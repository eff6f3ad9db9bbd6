"""A site for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.support.every_route import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("every"))
    yield made
    made.world.close()
