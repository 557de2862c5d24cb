"""Small values for tests: `a_medium()` gives a whole one, keywords change what the test is about."""

from datetime import UTC, datetime
from typing import Any

from everyday.photos.catalog import Entry, State
from everyday.photos.model import Item, MediaType, Medium, Origin, Section

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
TAKEN = datetime(2024, 5, 1, 8, 25, 28, tzinfo=UTC)


def an_item(position: int = 1, **changes: Any) -> Item:
    url = f"https://scontent.cdninstagram.com/{position}.jpg"
    return Item(**{"position": position, "url": url, **changes})


def a_medium(medium_id: str = "17900000000000001", **changes: Any) -> Medium:
    whole: dict[str, Any] = {
        "id": medium_id,
        "origin": Origin.API,
        "section": Section.POST,
        "media_type": MediaType.IMAGE,
        "taken_at": TAKEN,
        "items": (an_item(),),
        "caption": "Morning light\n#sunrise",
        "permalink": "https://www.instagram.com/p/AbC1x/",
        "username": "sample",
    }
    return Medium(**{**whole, **changes})


def an_entry(medium_id: str = "17900000000000001", **changes: Any) -> Entry:
    whole: dict[str, Any] = {
        "id": medium_id,
        "origin": Origin.API,
        "section": Section.POST,
        "media_type": MediaType.IMAGE,
        "taken_at": TAKEN,
        "state": State.LISTED,
        "fingerprint": "f1",
    }
    return Entry(**{**whole, **changes})
