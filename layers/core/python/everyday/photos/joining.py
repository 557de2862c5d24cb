"""Joins media that the data export and the API both know, though the export names no id and no permalink.

A false join would keep a picture off the blog; a missed one would post it twice. So what is certain is
joined, what is merely likely is left to the owner.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from enum import IntEnum
from typing import NamedTuple

from everyday.photos.catalog import Entry, State
from everyday.photos.model import Medium

WINDOW = timedelta(seconds=120)
"""How far apart two descriptions of one medium may be. Export: a post is stamped after its media."""

_SAME_MOMENT = timedelta(seconds=5)


class Match(IntEnum):
    """How sure we are that two descriptions are of one medium."""

    NONE = 0
    WEAK = 1
    SAME = 2


class Verdict(NamedTuple):
    """The best match: with which entry, and why."""

    match: Match
    entry_id: str | None = None
    reason: str = ""


def match(medium: Medium, candidates: Sequence[Entry]) -> Verdict:
    """Compare a medium with entries of the other origin. Works both ways.

    Candidates are the entries taken within WINDOW of the medium and, for an export's medium, the entry whose
    id is its `hint`. Only what may be posted is compared: a story never stands for a post.
    SAME: keep the later one, it is already there. WEAK: never post it without the owner.
    """
    if not medium.section.postable:
        return Verdict(Match.NONE)
    verdicts = [
        (_judged(medium, entry), -abs(entry.taken_at - medium.taken_at))
        for entry in candidates
        if entry.origin != medium.origin and entry.section.postable and not _waits_for_owner(entry)
    ]
    best = max(verdicts, key=lambda pair: (pair[0].match, pair[1], pair[0].entry_id or ""), default=None)
    return best[0] if best else Verdict(Match.NONE)


def caption_hash(caption: str) -> str:
    """The same for captions that differ only in white space, Unicode form or `@`, which the API may drop.

    16 hex digits; "" for an empty caption.
    """
    plain = " ".join(unicodedata.normalize("NFC", caption).replace("@", "").split())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:16] if plain else ""


def _waits_for_owner(entry: Entry) -> bool:
    # Two that park because of each other would both stay off the blog; one that is parked keeps none away.
    return entry.state is State.PARKED and entry.post is None


def _judged(medium: Medium, entry: Entry) -> Verdict:
    near = abs(entry.taken_at - medium.taken_at) <= WINDOW
    told = caption_hash(medium.caption)
    agreed = entry.caption_hash == told
    hinted = medium.hint == entry.id or entry.hint == medium.id
    if hinted and (near or (agreed and told)):
        return Verdict(Match.SAME, entry.id, f"its file's name, and time or caption, are those of {entry.id}")
    if near and agreed and (told or _one_moment(medium, entry)):
        return Verdict(Match.SAME, entry.id, f"time and caption are those of {entry.id}")
    if near:
        return Verdict(
            Match.WEAK, entry.id, f"taken within two minutes of {entry.id}, with another caption or none"
        )
    if hinted:
        return Verdict(
            Match.WEAK, entry.id, f"its file's name says {entry.id}, time and caption say otherwise"
        )
    return Verdict(Match.NONE)


def _one_moment(medium: Medium, entry: Entry) -> bool:
    # Without captions only the time speaks, so it must be all but equal.
    return medium.media_type == entry.media_type and abs(entry.taken_at - medium.taken_at) <= _SAME_MOMENT
