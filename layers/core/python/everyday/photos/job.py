"""One medium on its way into the archive, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from everyday.errors import EverydayError, MediumError
from everyday.photos.catalog import Entry, State
from everyday.photos.frontier import Mark
from everyday.photos.joining import Match, Verdict
from everyday.photos.model import Item, Medium, MissingFile, Origin, Sidecar, StoredFile
from everyday.photos.walk import Find

_NO_ADDRESS = {
    Origin.API: "Instagram gives no file for it (licensed sound, or a copyright claim)",
    Origin.EXPORT: "the export holds no file for it",
}


class Want(NamedTuple):
    """One file to fetch."""

    item: Item
    thumbnail: bool = False


class Outcome(NamedTuple):
    """What became of one medium. `entry` is as the catalog has it now, None when it could not be written.

    `files` and `size` (bytes) are what this run added. `reason` is None when all is well.
    """

    id: str
    find: Find
    entry: Entry | None
    files: int = 0
    size: int = 0
    reason: str | None = None
    errors: Sequence[EverydayError] = ()


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One medium on its way. Its files are fetched side by side: `lock` guards the lists and `left`, the
    number of files still to come; `asking` is held while the source is asked for fresh addresses.

    `page` is the page of the walk that listed it. `candidates` are entries of the other origin that may be
    the same post. `sidecar` and `tag` are what the archive had; the files it names in `lost` are gone.
    `dropped`: the run ended first, so nothing may be concluded.
    """

    medium: Medium
    entry: Entry | None
    find: Find
    walk: str
    page: Mark | None = None
    candidates: Sequence[Entry] = ()
    verdict: Verdict = Verdict(Match.NONE)  # noqa: RUF009 - immutable
    sidecar: Sidecar | None = None
    tag: str | None = None
    lost: frozenset[str] = frozenset()
    files: list[StoredFile] = field(default_factory=list)
    missing: list[MissingFile] = field(default_factory=list)
    errors: list[EverydayError] = field(default_factory=list)
    fresh: Medium | EverydayError | None = None
    left: int = 0
    dropped: bool = False
    lock: Lock = field(default_factory=Lock)
    asking: Lock = field(default_factory=Lock)

    @property
    def may_join(self) -> bool:
        """Whether it is still open if another entry stands for this one."""
        return self.find.calls_for_storing and (self.entry is None or self.entry.state is State.LISTED)

    @property
    def stands_aside(self) -> bool:
        """An export's medium that the API has too: only its description is kept."""
        joined = self.verdict.match is Match.SAME or (self.entry is not None and self.entry.same_as)
        return self.medium.origin is Origin.EXPORT and bool(joined)

    @property
    def reason(self) -> str | None:
        """Why the medium is not whole; None when it is."""
        if self.errors:
            return str(self.errors[0])
        return self.missing[0].reason if self.missing else None

    def wants(self) -> Sequence[Want]:
        """Files that the source offers and the archive lacks. Notes those that the source does not give."""
        files = self.sidecar.files if self.sidecar else ()
        there = {(file.position, file.thumbnail) for file in files if file.name not in self.lost}
        lacking = [item for item in self.medium.items if (item.position, False) not in there]
        why = _NO_ADDRESS[self.medium.origin]
        self.missing += [MissingFile(position=it.position, reason=why) for it in lacking if it.url is None]
        previews = [it for it in self.medium.items if (it.position, True) not in there]
        return (
            *(Want(item) for item in lacking if item.url is not None),
            *(Want(item, thumbnail=True) for item in previews if item.thumbnail_url is not None),
        )

    def has(self, file: StoredFile) -> None:
        with self.lock:
            self.files.append(file)

    def lacks(self, want: Want, error: EverydayError) -> None:
        """A file could not be stored. A preview that the source does not have is no loss."""
        if want.thumbnail and isinstance(error, MediumError):
            return
        with self.lock:
            self.errors.append(error)
            self.missing.append(MissingFile(position=want.item.position, reason=str(error)))

    def outcome(self, entry: Entry | None) -> Outcome:
        size = sum(file.size for file in self.files)
        errors = tuple(self.errors)
        return Outcome(self.medium.id, self.find, entry, len(self.files), size, self.reason, errors)
