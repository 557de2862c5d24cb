"""Finds the entries that may be the same post as media of the other origin."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from everyday.photos.catalog import Entry, State
from everyday.photos.joining import WINDOW
from everyday.photos.model import Medium, Origin
from everyday.photos.ports import Catalog
from everyday.photos.records import known
from everyday.photos.walk import windows

_GAP = timedelta(days=30)
"""Times nearer than this are looked up together: a page of a listing mostly takes one or two look-ups."""

Near = Mapping[str, Sequence[Entry]]
"""Candidates by medium id."""


def nearby(catalog: Catalog, media: Sequence[Medium]) -> Near:
    """For each medium, by id: entries of the other origin taken within WINDOW of it, and the one its file's
    name hints at. Raises CatalogUnavailable."""
    spans = windows((it.taken_at for it in media), reach=WINDOW, gap=_GAP)
    around = [entry for first, last in spans for entry in catalog.timeline(since=first, until=last)]
    hints = sorted({it.hint for it in media if it.hint})
    hinted = known(catalog, hints)
    return {it.id: _candidates(it, around, hinted.get(it.hint or "")) for it in media}


def _candidates(medium: Medium, around: Sequence[Entry], hinted: Entry | None) -> Sequence[Entry]:
    near = [entry for entry in around if abs(entry.taken_at - medium.taken_at) <= WINDOW]
    found = {entry.id: entry for entry in (*near, *([hinted] if hinted else [])) if _open_to(entry, medium)}
    return list(found.values())


def _open_to(entry: Entry, medium: Medium) -> bool:
    """Whether the entry can stand for the medium: not when it stands aside for it, and not when it is an
    exported copy that is not posted itself, for another's sake or for a doubt."""
    if entry.origin == medium.origin or entry.same_as == medium.id:
        return False
    return entry.origin is Origin.API or (entry.same_as is None and entry.state is not State.PARKED)
