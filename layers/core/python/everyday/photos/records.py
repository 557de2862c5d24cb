"""Writes sidecars and entries against the version that was read, and reads again when somebody was faster."""

from collections.abc import Callable, Mapping, Sequence

from everyday.errors import ArchiveConflict, ArchiveUnavailable, CatalogConflict, CatalogUnavailable
from everyday.photos.archive import decode_sidecar, encode, sidecar_key
from everyday.photos.catalog import Entry
from everyday.photos.model import Sidecar
from everyday.photos.ports import Archive, Catalog

_TRIES = 8
_KEYS = 100  # as many as the catalog reads at once

Description = tuple[Sidecar | None, str | None]
"""A sidecar and its tag, as the archive has them."""


def known(catalog: Catalog, ids: Sequence[str]) -> Mapping[str, Entry]:
    """The entries of any number of media. Raises CatalogUnavailable."""
    found: dict[str, Entry] = {}
    for start in range(0, len(ids), _KEYS):
        found.update(catalog.get_many(ids[start : start + _KEYS]))
    return found


class Records:
    """What is known of each medium: `media.json` in the archive and the entry in the catalog.

    A change is a pure function of what is there (None: nothing); it gives None to change nothing, and is
    decided again when another writer was faster.
    """

    def __init__(self, archive: Archive, catalog: Catalog) -> None:
        self._archive = archive
        self._catalog = catalog

    def describe(self, medium_id: str) -> Description:
        """Raises ArchiveUnavailable, MediumUnreadable."""
        found = self._archive.read(sidecar_key(medium_id))
        return (decode_sidecar(found[0]), found[1]) if found else (None, None)

    def rewrite(
        self,
        medium_id: str,
        change: Callable[[Sidecar | None], Sidecar | None],
        *,
        known: Description = (None, None),
    ) -> Sidecar | None:
        """Change the sidecar, `known` being what was read. Raises ArchiveUnavailable, MediumUnreadable."""
        sidecar, tag = known
        for _ in range(_TRIES):
            new = change(sidecar)
            if new is None or new == sidecar:
                return new
            try:
                self._archive.write(sidecar_key(medium_id), encode(new), tag=tag)
            except ArchiveConflict:
                sidecar, tag = self.describe(medium_id)
            else:
                return new
        raise ArchiveUnavailable(f"{sidecar_key(medium_id)}: other writers were always faster")

    def record(
        self, medium_id: str, change: Callable[[Entry | None], Entry | None], *, known: Entry | None
    ) -> Entry | None:
        """Change the entry, `known` being what was read of it. Raises CatalogUnavailable."""
        entry = known
        for _ in range(_TRIES):
            new = change(entry)
            if new is None or new == entry:
                return new
            try:
                return self._catalog.put(new)
            except CatalogConflict:
                entry = self._catalog.get_many([medium_id]).get(medium_id)
        raise CatalogUnavailable(f"the entry of {medium_id}: other writers were always faster")
