"""Writes the archive as a plain folder that a person can use without this program.

2024/2024-05-01 Morning light (17900000000000001)/1.jpg, caption.txt
index.html    every picture by date, for a browser
index.json    the same for a program
"""

import os
import re
from collections.abc import Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from everyday.errors import ArchiveUnavailable, MediumError, MediumUnreadable, SettingsError
from everyday.photos import archive as names
from everyday.photos.model import Sidecar, StoredFile
from everyday.photos.plain_folder import folder_name, index_html, index_json
from everyday.photos.ports import Archive
from everyday.photos.reading import (
    CONCURRENCY,
    Failure,
    folders,
    read_sidecar,
    side_by_side,
)
from everyday.ports import Progress, Silent

_PARTIAL = ".partial"
_OURS = re.compile(r"\((?P<id>[A-Za-z0-9_-]+)\)")


class RestoreReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was written, or would be in a dry run: `files` and `size` (bytes) are new, `kept` were there."""

    media: int
    files: int
    kept: int
    size: int
    folders: tuple[str, ...]
    failed: tuple[Failure, ...] = ()


class _Restored(NamedTuple):
    """One medium in the target; `sidecar` None when there is nothing of it to restore."""

    id: str
    folder: str
    sidecar: Sidecar | None
    files: int
    kept: int
    size: int
    failed: list[Failure]


def restore(
    archive: Archive,
    target: Path,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
    concurrency: int = CONCURRENCY,
) -> RestoreReport:
    """Write what the target lacks, each file checked against its hash. Safe to run again after any cut.

    A file in the target that differs from the archive is reported and never overwritten. Raises
    ArchiveUnavailable when the archive cannot be listed, SettingsError when the target cannot be written.
    """
    progress = progress or Silent()
    progress.begin("restore", None)
    known = _known_folders(target)
    ids = (it.id for it in folders(archive) if it.id and names.SIDECAR in it.sizes)
    restored: list[_Restored] = []
    for one in side_by_side(
        lambda id_: _Restoring(archive, target, known, dry_run).run(id_), ids, concurrency=concurrency
    ):
        progress.step(one.folder or one.id, size=one.size)
        restored.append(one)
    if not dry_run:
        _write_index(target, restored)
    return RestoreReport(
        media=sum(one.sidecar is not None for one in restored),
        files=sum(one.files for one in restored),
        kept=sum(one.kept for one in restored),
        size=sum(one.size for one in restored),
        folders=tuple(one.folder for one in restored if one.folder),
        failed=tuple(failure for one in restored for failure in one.failed),
    )


class _Restoring(NamedTuple):
    archive: Archive
    target: Path
    known: Mapping[str, str]
    dry_run: bool

    def run(self, medium_id: str) -> _Restored:
        try:
            sidecar = read_sidecar(self.archive, medium_id)
        except (MediumError, ArchiveUnavailable) as error:
            return _Restored(
                medium_id, "", None, 0, 0, 0, [Failure(names.sidecar_key(medium_id), str(error))]
            )
        if sidecar.same_as and not sidecar.files:
            # Only the description of a medium whose pictures lie in another one's folder.
            return _Restored(medium_id, "", None, 0, 0, 0, [])
        # An edited caption would name another folder; the one that is there already goes on.
        folder = self.known.get(medium_id) or folder_name(sidecar.medium)
        failed: list[Failure] = []
        written = kept = size = 0
        for file in sidecar.files:
            try:
                is_new = self._bring(medium_id, folder, file, sidecar.medium.taken_at.timestamp())
            except (MediumError, ArchiveUnavailable, OSError) as error:
                failed.append(Failure(f"{folder}/{file.name}", str(error)))
                continue
            written += is_new
            kept += not is_new
            size += file.size * is_new
        failed += self._write_caption(folder, sidecar)
        return _Restored(medium_id, folder, sidecar, written, kept, size, failed)

    def _bring(self, medium_id: str, folder: str, file: StoredFile, taken_at: float) -> bool:
        """Write one file; False when it is there."""
        path = self.target / folder / file.name
        if path.exists():
            _expect_same(path, file)
            return False
        if not self.dry_run:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._copy(names.file_key(medium_id, file.name), file, path)
            os.utime(path, (taken_at, taken_at))
        return True

    def _copy(self, key: str, file: StoredFile, path: Path) -> None:
        partial = path.with_name(path.name + _PARTIAL)
        digest = sha256()
        try:
            with self.archive.open(key) as body, partial.open("wb") as out:
                for chunk in body.chunks:
                    digest.update(chunk)
                    out.write(chunk)
            if digest.hexdigest() != file.sha256:
                raise MediumUnreadable("its bytes in the archive are not those that were stored")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _write_caption(self, folder: str, sidecar: Sidecar) -> list[Failure]:
        if self.dry_run or not sidecar.medium.caption:
            return []
        try:
            _write(self.target / folder / "caption.txt", f"{sidecar.medium.caption}\n")
        except OSError as error:
            return [Failure(f"{folder}/caption.txt", str(error))]
        return []


def _expect_same(path: Path, file: StoredFile) -> None:
    with path.open("rb") as there:
        if path.stat().st_size == file.size and file_digest(there, "sha256").hexdigest() == file.sha256:
            return
    raise MediumUnreadable("another file of that name is there; move it away to have the original restored")


def _known_folders(target: Path) -> dict[str, str]:
    """The folders of an earlier restore: medium id to `<year>/<name>`."""
    found = {}
    for path in sorted(target.glob("[0-9]*/*)")):
        match = _OURS.fullmatch(path.name[path.name.rfind("(") :])
        if match and path.is_dir():
            found[match["id"]] = path.relative_to(target).as_posix()
    return found


def _write_index(target: Path, restored: list[_Restored]) -> None:
    there = [(one.folder, one.sidecar) for one in restored if one.sidecar]
    there.sort(key=lambda pair: (pair[1].medium.taken_at, pair[1].medium.id), reverse=True)
    try:
        _write(target / "index.json", index_json(there))
        _write(target / "index.html", index_html(there))
    except OSError as error:
        raise SettingsError(f"{target} cannot be written: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + _PARTIAL)
    partial.write_text(text, encoding="utf-8", errors="replace")
    partial.replace(path)
