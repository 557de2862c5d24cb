"""Proves that the archive still holds what was put into it, by reading every byte again."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import msgspec

from everyday.errors import ArchiveUnavailable, MediumMissing, MediumUnreadable
from everyday.photos import archive as names
from everyday.photos.model import Sidecar, StoredFile
from everyday.photos.ports import Archive
from everyday.photos.reading import (
    CONCURRENCY,
    Folder,
    folders,
    hash_of,
    read_post,
    read_sidecar,
    side_by_side,
)
from everyday.ports import Progress, Silent


class Problem(StrEnum):
    """What can be wrong with an object.

    MISSING: a sidecar lists it, or it is the sidecar. CORRUPT: its bytes are not those that were stored.
    UNREADABLE: a document that cannot be decoded. UNCHECKED: the archive did not give it just now.
    ORPHAN: no sidecar lists it; a backup that is under way, or was cut off, leaves such files for a while.
    """

    MISSING = "missing"
    CORRUPT = "corrupt"
    UNREADABLE = "unreadable"
    UNCHECKED = "unchecked"
    ORPHAN = "orphan"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as it should be."""

    problem: Problem
    key: str
    reason: str


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked; `size` in bytes. `incomplete` counts media whose source never gave all files."""

    media: int = 0
    files: int = 0
    size: int = 0
    incomplete: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is lost. Orphans are no loss."""
        return all(it.problem is Problem.ORPHAN for it in self.findings)


class _Checked(NamedTuple):
    id: str
    media: int
    files: int
    size: int
    incomplete: bool
    findings: list[Finding]


def verify(
    archive: Archive, *, progress: Progress | None = None, concurrency: int = CONCURRENCY
) -> VerifyReport:
    """Check the whole archive, `concurrency` media side by side.

    Raises ArchiveUnavailable when the archive cannot be listed.
    """
    progress = progress or Silent()
    progress.begin("verify", None)
    media = files = size = incomplete = 0
    findings: list[Finding] = []
    for checked in side_by_side(
        lambda folder: _check(archive, folder), folders(archive), concurrency=concurrency
    ):
        progress.step(checked.id, size=checked.size)
        media += checked.media
        files += checked.files
        size += checked.size
        incomplete += checked.incomplete
        findings += checked.findings
    return VerifyReport(media=media, files=files, size=size, incomplete=incomplete, findings=tuple(findings))


def _check(archive: Archive, folder: Folder) -> _Checked:
    if folder.id is None:
        strays = [Finding(Problem.ORPHAN, key, "belongs to no medium") for key in folder.sizes]
        return _Checked("", 0, 0, 0, False, strays)
    try:
        sidecar = read_sidecar(archive, folder.id)
    except MediumMissing:
        finding = _finding(Problem.MISSING, folder.id, names.SIDECAR, "the files beside it are not described")
        return _Checked(folder.id, 0, 0, 0, False, [finding])
    except MediumUnreadable as error:
        finding = _finding(Problem.UNREADABLE, folder.id, names.SIDECAR, str(error))
        return _Checked(folder.id, 1, 0, 0, False, [finding])
    except ArchiveUnavailable as error:
        finding = _finding(Problem.UNCHECKED, folder.id, names.SIDECAR, str(error))
        return _Checked(folder.id, 1, 0, 0, False, [finding])
    findings = [it for file in sidecar.files if (it := _check_file(archive, folder, file))]
    findings += _check_rest(archive, folder, sidecar)
    size = sum(file.size for file in sidecar.files)
    return _Checked(folder.id, 1, len(sidecar.files), size, bool(sidecar.missing), findings)


def _check_file(archive: Archive, folder: Folder, file: StoredFile) -> Finding | None:
    id_ = folder.id or ""
    size = folder.sizes.get(file.name)
    if size is None:
        return _finding(Problem.MISSING, id_, file.name, f"{file.size} bytes are gone")
    if size != file.size:
        return _finding(Problem.CORRUPT, id_, file.name, f"{size} bytes, {file.size} were stored")
    try:
        with archive.open(names.file_key(id_, file.name)) as body:
            found = hash_of(body.chunks)
    except MediumMissing as error:
        return _finding(Problem.MISSING, id_, file.name, str(error))
    except ArchiveUnavailable as error:
        return _finding(Problem.UNCHECKED, id_, file.name, str(error))
    if found != file.sha256:
        return _finding(Problem.CORRUPT, id_, file.name, f"SHA-256 {found}, {file.sha256} was stored")
    return None


def _check_rest(archive: Archive, folder: Folder, sidecar: Sidecar) -> Iterator[Finding]:
    id_ = folder.id or ""
    for name in folder.sizes.keys() - {names.SIDECAR, names.POST, *(file.name for file in sidecar.files)}:
        yield _finding(Problem.ORPHAN, id_, name, f"{names.SIDECAR} does not list it")
    if names.POST in folder.sizes:
        try:
            read_post(archive, id_)
        except MediumUnreadable as error:
            yield _finding(Problem.UNREADABLE, id_, names.POST, str(error))
        except (ArchiveUnavailable, MediumMissing) as error:
            yield _finding(Problem.UNCHECKED, id_, names.POST, str(error))


def _finding(problem: Problem, medium_id: str, name: str, reason: str) -> Finding:
    return Finding(problem, names.file_key(medium_id, name), reason)
