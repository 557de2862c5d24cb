"""One far end for all tests of real publishers, and three publishers that are ready."""

from collections.abc import Iterator

import pytest

from tests.faults.site.far_end import FarEnd, far_end, publishers
from tests.faults.site.publisher import Publisher


@pytest.fixture(scope="session")
def far() -> Iterator[FarEnd]:
    """As the test before left it."""
    with far_end() as end:
        yield end


@pytest.fixture(scope="session")
def crew(far: FarEnd) -> Iterator[list[Publisher]]:
    with publishers(far, 3) as found:
        yield found


@pytest.fixture
def end(far: FarEnd) -> FarEnd:
    """Without a site."""
    far.clear()
    return far
