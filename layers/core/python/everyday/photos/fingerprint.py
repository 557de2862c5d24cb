"""Tells whether the owner edited a medium."""

import hashlib

import msgspec

from everyday.photos.model import Medium


def fingerprint(medium: Medium) -> str:
    """16 hex digits that change when, and only when, type, permalink, caption, an alternative text, or the
    items or their order change. Counters and signed addresses differ between two calls and do not count.
    """
    identity = (
        medium.media_type,
        medium.permalink,
        medium.caption,
        [(item.source_id, item.alt_text or "") for item in medium.items],
    )
    return hashlib.sha256(msgspec.json.encode(identity)).hexdigest()[:16]
