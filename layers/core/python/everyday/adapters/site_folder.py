"""A site in a folder of this machine."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from everyday.errors import SiteRefused
from everyday.site.keeping import litter

LONGEST_BYTES = 1_000
"""S3's keys have room for 1,024 bytes; the folder that we store a file in and the hash take up to 18."""


class FolderTree:
    """A Tree: what `root` held when it was first asked. A link to a file of the folder is that file.

    Raises SiteRefused for what cannot be published: a link that leads out of the folder, nowhere or to a
    folder, what is no file, and names that no address can have.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def files(self) -> Mapping[str, int]:
        return self._files

    def read(self, path: str) -> bytes:
        with _translated(path), self.file(path).open("rb", buffering=0) as file:
            return file.read()

    def file(self, path: str) -> Path:
        return self._root / path

    @cached_property
    def _files(self) -> Mapping[str, int]:
        if not self._root.is_dir():
            raise SiteRefused(f"{self._root} is no folder: name the one that holds the site's files")
        return dict(sorted(_walk(self._root.resolve())))


def _walk(root: Path) -> Iterator[tuple[str, int]]:
    folders = [""]
    while folders:
        folder = folders.pop()
        with _translated(folder or "."), os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}{entry.name}"
                if litter(entry.name) and path != ".well-known":
                    continue
                _check_name(path)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{path}/")
                else:
                    yield path, _size(root, path, entry)


def _size(root: Path, path: str, entry: os.DirEntry[str]) -> int:
    if entry.is_symlink():
        target = Path(os.path.realpath(entry.path))
        if not target.is_relative_to(root):
            raise SiteRefused(f"{path} is a link that leads out of the folder: put the file itself there")
        if not target.exists():
            raise SiteRefused(f"{path} is a link that leads nowhere: remove it")
        if target.is_dir():
            raise SiteRefused(f"{path} is a link to a folder: put the folder itself there")
    if not entry.is_file():
        raise SiteRefused(f"{path} is no file: only files and folders can be published")
    return entry.stat().st_size


def _check_name(path: str) -> None:
    try:
        length = len(path.encode())
    except UnicodeEncodeError:
        raise SiteRefused(f"{path!a} is not UTF-8: rename it, no address can have this name") from None
    if any(character < " " or character == "\x7f" for character in path):
        raise SiteRefused(f"{path!a} has a control character in its name: rename it")
    if length > LONGEST_BYTES:
        raise SiteRefused(f"{path[:80]}… has a path of {length} bytes: {LONGEST_BYTES} fit")


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SiteRefused(f"{path} cannot be read: {error.strerror or type(error).__name__}") from error
