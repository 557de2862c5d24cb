"""The digest of everything a release is made of: the same inputs make the same release."""

import hashlib
import os
from collections.abc import Mapping, Sequence

import msgspec

from everyday.ports import Progress, Silent
from everyday.record import Record
from everyday.site.keeping import RULES, published
from everyday.site.ports import Tree
from everyday.site.workers import ALONE_BYTES, batches_of, side_by_side

ENGINE = 1
"""Counts up whenever the same files and rules would be revved in another way."""

_WHOLE_BYTES = 2**22  # larger files are hashed as they are read


def digests(tree: Tree, *, progress: Progress = Silent()) -> dict[str, bytes]:  # noqa: B008 - it has no state
    """The SHA-256 of each file that is published, and of the files of rules, by path, sorted."""
    sizes = {path: size for path, size in tree.files().items() if published(path) or path in RULES}
    progress.begin("reading", len(sizes))
    batches = list(batches_of(sizes, sizes))

    def digest(batch: Sequence[str]) -> list[bytes]:
        return [_digest(tree, path, sizes[path]) for path in batch]

    alone = sum(sizes.values()) < ALONE_BYTES
    found: dict[str, bytes] = {}
    for number, made in side_by_side(digest, batches, 1 if alone else os.cpu_count() or 1):
        found.update(zip(batches[number], made, strict=True))
        for path in batches[number]:
            progress.step(path, size=sizes[path])
    return {path: found[path] for path in sizes}


def inputs(files: Mapping[str, bytes], rules: Record) -> str:
    """The digest of these files, given by `digests`, under these rules; hexadecimal."""
    made = hashlib.sha256(msgspec.json.encode([ENGINE, rules]))
    for path, digest in sorted(files.items()):
        made.update(b"\0%b\0%b" % (path.encode(), digest))
    return made.hexdigest()


def _digest(tree: Tree, path: str, size: int) -> bytes:
    if size <= _WHOLE_BYTES:
        return hashlib.sha256(tree.read(path)).digest()
    with tree.file(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
