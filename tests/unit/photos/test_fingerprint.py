from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from everyday.photos.fingerprint import fingerprint
from everyday.photos.model import MediaType
from tests.builders import a_medium, an_item

ONE, TWO = an_item(1, source_id="1"), an_item(2, source_id="2")
ALBUM = a_medium(media_type=MediaType.CAROUSEL_ALBUM, items=(ONE, TWO))


@pytest.mark.parametrize(
    "change",
    [
        {"caption": "another"},
        {"permalink": "https://www.instagram.com/p/Other/"},
        {"media_type": MediaType.VIDEO},
        {"items": (TWO, ONE)},
        {"items": (ONE,)},
        {"items": (ONE, an_item(2, source_id="3"))},
        {"items": (ONE, an_item(2, source_id="2", alt_text="a lake"))},
    ],
)
def test_an_edit_changes_it(change: dict[str, Any]) -> None:
    assert fingerprint(replace(ALBUM, **change)) != fingerprint(ALBUM)


@given(st.text(), st.integers(), st.none() | st.text())
def test_counters_and_addresses_never_change_it(url: str, likes: int, thumbnail: str | None) -> None:
    items = (replace(ONE, url=url, thumbnail_url=thumbnail), TWO)
    assert fingerprint(replace(ALBUM, items=items, said={"like_count": likes})) == fingerprint(ALBUM)


def test_it_is_16_hex_digits() -> None:
    assert len(fingerprint(ALBUM)) == 16
    assert int(fingerprint(ALBUM), 16) >= 0
