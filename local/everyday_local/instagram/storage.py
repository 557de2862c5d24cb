"""Small JSON documents on disk, replaced whole or not at all."""

import os
from pathlib import Path
from typing import TypeVar

import msgspec

Document = TypeVar("Document")


def load(path: Path | None, kind: type[Document]) -> Document | None:
    """The document, or None when there is no file (or no path)."""
    if path is None or not path.exists():
        return None
    return msgspec.json.decode(path.read_bytes(), type=kind)


def save(path: Path | None, document: object) -> None:
    """Write the document; nothing happens without a path."""
    if path is not None:
        write(path, msgspec.json.format(msgspec.json.encode(document)))


def write(path: Path, content: bytes) -> None:
    """Write a file so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
    part.write_bytes(content)
    part.replace(path)
