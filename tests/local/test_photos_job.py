"""What local mode counts, and when it stops waiting."""

from datetime import timedelta

import pytest

from everyday.photos.catalog import State
from everyday.photos.model import BlogPost
from everyday_local.photos_job import Count, count
from tests.builders import NOW, an_entry

POST = BlogPost(id="1", url="http://b/1", slug="ig-1", status="published", updated_at="x", rev="0" * 12)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": State.LISTED}, Count(media=1, archived=0, posted=0, busy=1)),
        ({"state": State.STORED}, Count(media=1, archived=1, posted=0, busy=1)),
        ({"state": State.POSTING}, Count(media=1, archived=1, posted=0, busy=1)),
        ({"state": State.POSTED, "post": POST}, Count(media=1, archived=1, posted=1, busy=0)),
        ({"state": State.EDITED, "post": POST}, Count(media=1, archived=1, posted=1, busy=1)),
        ({"state": State.KEPT}, Count(media=1, archived=1, posted=0, busy=0)),
        ({"state": State.PARKED}, Count(media=1, archived=1, posted=0, busy=0)),
        (
            {"state": State.LISTED, "retry_at": NOW + timedelta(hours=1)},
            Count(media=1, archived=0, posted=0, busy=0),
        ),
        ({"state": State.LISTED, "retry_at": NOW}, Count(media=1, archived=0, posted=0, busy=1)),
    ],
)
def test_an_entry_counts_where_it_stands(changes, expected) -> None:
    assert count([an_entry(**changes)], now=NOW) == expected


def test_an_empty_catalog_is_not_busy() -> None:
    assert count([], now=NOW) == Count(0, 0, 0, 0)
