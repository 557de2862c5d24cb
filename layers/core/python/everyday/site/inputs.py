"""The digest of everything a release is made of: the same inputs make the same release."""

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec

from everyday.ports import Progress, Silent
from everyday.record import Record
from everyday.site.keeping import RULES, published
from everyday.site.ports import Tree

ENGINE = 1
"""Counts up whenever the same files and rules would be revved in another way."""

_WHOLE_BYTES = 2**22  # larger files are hashed as they are read


def digests(tree: Tree, *, progress: Progress = Silent()) -> dict[str, bytes]:  # noqa: B008 - it has no state
    """The SHA-256 of each file that is published, and of the files of rules, by path, sorted."""
    files = {path: size for path, size in tree.files().items() if published(path) or path in RULES}
    progress.begin("reading", len(files))

    def digest(file: tuple[str, int]) -> bytes:
        path, size = file
        made = _large(tree, path) if size > _WHOLE_BYTES else hashlib.sha256(tree.read(path)).digest()
        progress.step(path, size=size)
        return made

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return dict(zip(files, threads.map(digest, files.items()), strict=True))


def inputs(files: Mapping[str, bytes], rules: Record) -> str:
    """The digest of these files, given by `digests`, under these rules; hexadecimal."""
    made = hashlib.sha256(msgspec.json.encode([ENGINE, rules]))
    for path, digest in sorted(files.items()):
        made.update(b"\0%b\0%b" % (path.encode(), digest))
    return made.hexdigest()


def _large(tree: Tree, path: str) -> bytes:
    with tree.file(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
