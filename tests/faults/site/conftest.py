"""One far end for all tests of real publishers, and three publishers that are ready."""

from collections.abc import Iterator

import pytest

from tests.faults.site.far_end import FarEnd, far_end, publishers
from tests.faults.site.publisher import Publisher


@pytest.fixture(scope="session")
def _far_end() -> Iterator[FarEnd]:
    with far_end() as end:
        yield end


@pytest.fixture(scope="session")
def crew(_far_end: FarEnd) -> Iterator[list[Publisher]]:
    with publishers(_far_end, 3) as found:
        yield found


@pytest.fixture
def end(_far_end: FarEnd) -> FarEnd:
    _far_end.clear()
    return _far_end
