"""A multipart/form-data body (RFC 7578) that is read from disk while it is sent."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_CHUNK = 256 * 1024
_UNSAFE = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class FilePart(NamedTuple):
    """One file of a form: the field it fills, the name it is given, and where it is."""

    field: str
    name: str
    path: str
    content_type: str


class Multipart:
    """The body of a form with files; its length is known before, and it can be sent more than once.

    At most 256 KiB of it are in memory at a time.
    """

    def __init__(self, fields: Mapping[str, str], files: Sequence[FilePart]) -> None:
        self._boundary = secrets.token_hex(16)
        self._fields = b"".join(
            self._head(f'name="{name.translate(_UNSAFE)}"') + value.encode() + b"\r\n"
            for name, value in fields.items()
        )
        self._files = [(self._file_head(part), part.path) for part in files]
        self._end = f"--{self._boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self._boundary}"

    def __len__(self) -> int:
        files = sum(len(head) + Path(path).stat().st_size + 2 for head, path in self._files)
        return len(self._fields) + files + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        yield self._fields
        for head, path in self._files:
            yield head
            with Path(path).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
            yield b"\r\n"
        yield self._end

    def _head(self, disposition: str, *more: str) -> bytes:
        lines = (f"--{self._boundary}", f"Content-Disposition: form-data; {disposition}", *more, "", "")
        return "\r\n".join(lines).encode()

    def _file_head(self, part: FilePart) -> bytes:
        disposition = f'name="{part.field}"; filename="{part.name.translate(_UNSAFE)}"'
        return self._head(disposition, f"Content-Type: {part.content_type}")
