"""Makes the catalog again from the archive, so that a lost catalog costs no picture and no second post."""

from collections.abc import Container, Sequence
from datetime import datetime
from itertools import islice

import msgspec
from msgspec.structs import replace

from everyday.errors import CatalogConflict, MediumError
from everyday.photos import archive as names
from everyday.photos.archive import PostRecord
from everyday.photos.catalog import Entry, State
from everyday.photos.joining import Match, Verdict
from everyday.photos.journal import Journal, earliest
from everyday.photos.model import Origin, Sidecar
from everyday.photos.ports import Archive, Catalog
from everyday.photos.reading import (
    CONCURRENCY,
    Failure,
    Folder,
    folders,
    read_post,
    read_sidecar,
    side_by_side,
)
from everyday.photos.transitions import gone, holding, stored
from everyday.ports import Progress, Silent

_BATCH = 100
_UNMATCHED = Verdict(Match.NONE)
_NO_WALK = ""


class RebuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """`written` entries were made, `kept` ones were there. The next backup stores anew what failed."""

    media: int
    written: int
    kept: int
    failed: tuple[Failure, ...] = ()


def rebuild(
    archive: Archive,
    catalog: Catalog,
    *,
    post_since: datetime | None = None,
    progress: Progress | None = None,
    concurrency: int = CONCURRENCY,
) -> RebuildReport:
    """Make the entries that the catalog lacks; those it has know more, and stay.

    `post_since`: media taken earlier are not to be posted. Raises ArchiveUnavailable and
    CatalogUnavailable; then run it again.
    """
    progress = progress or Silent()
    progress.begin("rebuild", None)
    kept = 0
    made: list[Entry | Failure] = []
    found = (folder for folder in folders(archive) if folder.id is not None)
    while batch := {folder.id or "": folder for folder in islice(found, _BATCH)}:
        known = catalog.get_many(list(batch))
        lacking = [folder for id_, folder in batch.items() if id_ not in known]
        for result in side_by_side(
            lambda it: _make(archive, catalog, it, post_since), lacking, concurrency=concurrency
        ):
            if result is None:
                kept += 1
            else:
                made.append(result)
        kept += len(known)
        for id_ in batch:
            progress.step(id_)
    entries = [it for it in made if isinstance(it, Entry)]
    failed = tuple(it for it in made if isinstance(it, Failure))
    _note_run(catalog, entries)
    return RebuildReport(media=kept + len(made), written=len(entries), kept=kept, failed=failed)


def _make(
    archive: Archive, catalog: Catalog, folder: Folder, since: datetime | None
) -> Entry | Failure | None:
    """Make one entry; None when somebody else just did."""
    id_ = folder.id or ""
    try:
        sidecar = read_sidecar(archive, id_)
        record = read_post(archive, id_) if names.POST in folder.sizes else None
        return catalog.put(entry_of(sidecar, record, there=folder.sizes.keys(), post_since=since))
    except MediumError as error:
        return Failure(names.folder(id_), str(error))
    except CatalogConflict:
        return None


def entry_of(
    sidecar: Sidecar, record: PostRecord | None, *, there: Container[str], post_since: datetime | None
) -> Entry:
    """The entry that the archive's documents describe; `there` are the names of the files beside them."""
    files = [file for file in sidecar.files if file.name in there]
    size = sum(file.size for file in files)
    held = holding(sidecar.medium, _UNMATCHED, sidecar, post_since=post_since)
    entry = stored(None, sidecar.medium, held, files=len(files), size=size, walk=_NO_WALK)
    if reason := _lack(sidecar, there):
        # Due at once: when it was to be tried again is not in the archive.
        entry = replace(entry, state=State.LISTED, reason=reason, same_as=None, retry_at=sidecar.archived_at)
    if record:
        state = State.EDITED if _edited_since(sidecar, record) else State.POSTED
        entry = replace(entry, state=state, reason=None, post=record.post, uploads=record.uploads)
    entry = replace(entry, seen=None)
    return gone(entry, at=sidecar.gone_at) if sidecar.gone_at else entry


def _lack(sidecar: Sidecar, there: Container[str]) -> str | None:
    """Why the medium is not whole, or None."""
    if sidecar.missing:
        return sidecar.missing[0].reason
    gone_files = [file.name for file in sidecar.files if file.name not in there]
    return f"{gone_files[0]} is no longer in the archive" if gone_files else None


def _edited_since(sidecar: Sidecar, record: PostRecord) -> bool:
    """Whether the owner edited the medium after the blog had it. Ghost 6.65: `updated_at` is ISO 8601."""
    try:
        written = datetime.fromisoformat(record.post.updated_at)
    except ValueError:
        return False
    return any(revision.until > written for revision in sidecar.revisions)


def _note_run(catalog: Catalog, entries: Sequence[Entry]) -> None:
    """Leave for the next backup what it would otherwise know from its own runs."""
    journal = Journal(catalog)
    journal.retried(earliest(journal.state.retry_at, *(entry.retry_at for entry in entries)))
    if any(entry.origin is Origin.EXPORT for entry in entries):
        journal.exported()
