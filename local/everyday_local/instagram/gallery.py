"""The bytes of the account's files: painted when first asked for, then kept in a folder."""

import struct
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from everyday_local.instagram.account import FILM, File
from everyday_local.instagram.pictures import Place, encode, paint
from everyday_local.instagram.storage import write

FILM_SEEDS = {"waves": 4, "city": 11, "sea": 7}
# Without a folder, what was painted is kept for this process: at most some 30 MB for the sample account.
_PAINTED: dict[str, bytes] = {}
_CHUNK = bytes(256 * 1024)
_SEGMENT = 65_533  # the most that one JPEG comment holds


class Blob(NamedTuple):
    """A file as its first bytes and the number of zeros that follow them."""

    head: bytes
    zeros: int = 0

    @property
    def size(self) -> int:
        return len(self.head) + self.zeros

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, in pieces of a bounded size."""
        end = self.size if end is None else end
        if start < len(self.head):
            yield self.head[start:end]
        left = end - max(start, len(self.head))
        while left > 0:
            yield _CHUNK[:left]
            left -= len(_CHUNK)


class Gallery:
    """Gives each file's bytes; paintings are kept in `folder` (None: in this process)."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def blob(self, file: File, *, thumbnail: bool = False, form: str = "jpg") -> Blob:
        """The same bytes for the same file, always. `form` is the picture's file extension."""
        if file.video and not thumbnail:
            return _film(file)
        picture = self._picture(file, form)
        padded = file.pad_to and form == "jpg" and not file.video
        return Blob(_pad_jpeg(picture, file) if padded else picture)

    def ready(self, file: File, *, thumbnail: bool = False) -> bool:
        """Whether `blob` has nothing to paint, so that it answers at once."""
        if file.video and not thumbnail:
            return True
        name = _request(file, "jpg").name
        return name in _PAINTED if self._folder is None else (self._folder / name).exists()

    def _picture(self, file: File, form: str) -> bytes:
        request = _request(file, form)
        if self._folder is None:
            if request.name not in _PAINTED:
                _PAINTED[request.name] = _paint(request)
            return _PAINTED[request.name]
        path = self._folder / request.name
        if not path.exists():
            write(path, _paint(request))
        return path.read_bytes()


class _Request(NamedTuple):
    scene: str
    seed: int
    size: tuple[int, int]
    place: Place | None
    sideways: bool
    form: str

    @property
    def name(self) -> str:
        where = "-{}-{}".format(*self.place) if self.place else ""
        return f"{self.scene}-{self.seed}-{self.size[0]}x{self.size[1]}{where}.{self.form}"


def _request(file: File, form: str) -> _Request:
    scene = file.scene.removeprefix(FILM)
    seed = FILM_SEEDS[scene] if file.video else file.seed
    return _Request(scene, seed, (file.width, file.height), file.place, file.sideways, form)


def _paint(request: _Request) -> bytes:
    picture = paint(request.scene, seed=request.seed, size=request.size)
    return encode(picture, form=request.form, place=request.place, sideways=request.sideways)


@cache
def _stock(name: str) -> bytes:
    return (files(__package__) / "videos" / f"{name}.mp4").read_bytes()


def _film(file: File) -> Blob:
    """One of our films; a `free` box with the file's id makes the bytes of each file its own."""
    stock, label = _stock(file.scene.removeprefix(FILM)), file.id.encode()
    head = stock + struct.pack(">I4s", 8 + len(label), b"free") + label
    zeros = max(0, file.pad_to - len(head) - 16)
    # A size of 1 announces the 64-bit size that boxes over 4 GiB need.
    return Blob(head + struct.pack(">I4sQ", 1, b"free", 16 + zeros) if zeros else head, zeros)


def _pad_jpeg(picture: bytes, file: File) -> bytes:
    """The picture with comments after its first marker, up to the file's size and its own for each id."""
    label = file.id.encode()
    wanted = max(file.pad_to - len(picture), 4 + len(label))
    parts = []
    while wanted > 0:
        length = min(wanted - 4, _SEGMENT)
        if 0 < wanted - 4 - length < 4:
            length -= 4  # what is left must hold a comment's own four bytes
        parts.append(struct.pack(">2sH", b"\xff\xfe", length + 2) + label.ljust(length, b" ")[:length])
        wanted -= 4 + length
    return picture[:2] + b"".join(parts) + picture[2:]
