"""What a video file says besides its pictures and sound: found, and overwritten where it stands.

An MP4 file (ISO/IEC 14496-12) is a tree of boxes: a 32-bit size, four letters, then content; size 1 means
that a 64-bit size follows, size 0 that the box reaches to the end of the file. Sample tables point into the
file by absolute offset, so nothing may move: a box that does not serve playback becomes a `free` box of the
same size, with zeroed content. Which boxes stay is a list of what is known, not of what is feared.
"""

import struct
from collections.abc import Iterator
from itertools import islice, pairwise, repeat
from pathlib import Path
from typing import BinaryIO, NamedTuple

from everyday.errors import BlogRejected

_PLAYED = {
    b"": b"ftyp styp moov moof mdat sidx ssix mfra pdin",
    b"moov": b"mvhd iods trak mvex",
    b"trak": b"tkhd tref edts mdia",
    b"mdia": b"mdhd elng hdlr minf",
    b"minf": b"vmhd smhd nmhd sthd hdlr dinf stbl",
    b"stbl": b"stsd stts ctts cslg stsc stsz stz2 stco co64 stss stsh stdp sdtp sbgp sgpd subs saiz saio",
    b"mvex": b"mehd trex",
    b"moof": b"mfhd traf",
    b"traf": b"tfhd tfdt trun sdtp sbgp sgpd subs saiz saio senc",
}
_KEPT = {parent: frozenset(names.split()) for parent, names in _PLAYED.items()}
_MAX_BOXES = 20_000
_MAX_TABLE = 16 << 20  # a table of a metadata track, in bytes
_MAX_SAMPLES = 4_000_000
_CHUNK = 1 << 20
_ZEROS = bytes(_CHUNK)


class Size(NamedTuple):
    """How a video is shown: pixels after rotation, whole seconds; None where the file does not say."""

    width: int | None
    height: int | None
    seconds: int | None


class _Box(NamedTuple):
    kind: bytes
    start: int
    content: int
    end: int


def neutralise(path: Path) -> Size:
    """Overwrite everything in the MP4 file that is neither picture nor sound, and say how it is shown.

    Location, XMP, user data, handler names, unused space and timed metadata tracks (a camera's GPS log) are
    zeroed; sizes and offsets stay, memory is bounded. Raises BlogRejected for what is not a sound MP4 file.
    """
    with path.open("r+b") as file:
        cleaner = _Cleaner(file, path.stat().st_size)
        cleaner.clean()
        return cleaner.size()


class _Cleaner:
    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._length = length
        self._boxes = 0
        self._tracks: list[_Box] = []
        self._movie: _Box | None = None

    def clean(self) -> None:
        whole = _Box(b"", 0, 0, self._length)
        top = list(self._children(whole))
        if not top or top[0].kind != b"ftyp" or [box.kind for box in top].count(b"moov") != 1:
            raise BlogRejected("this is no MP4 video: it does not begin with ftyp, or has no single moov")
        self._movie = next(box for box in top if box.kind == b"moov")
        self._clean_inside(whole)
        for track in self._tracks:
            if self._handler(track) not in {b"vide", b"soun"}:
                if any(box.kind == b"moof" for box in top):
                    raise BlogRejected("the video keeps metadata in fragments, where it cannot be removed")
                self._blank_samples(track)
                self._blank(track)

    def size(self) -> Size:
        """Of the first picture track."""
        tracks = (track for track in self._tracks if self._handler(track) == b"vide")
        width, height = next(map(self._shown, tracks), (0, 0))
        return Size(width or None, height or None, self._seconds())

    def _clean_inside(self, parent: _Box) -> None:
        for box in self._children(parent):
            if box.kind not in _KEPT[parent.kind]:
                self._blank(box)
            elif box.kind in _KEPT:
                self._clean_inside(box)
            elif box.kind == b"hdlr":
                self._zero(min(box.content + 24, box.end), box.end)  # its name, free text
            if box.kind == b"trak":
                self._tracks.append(box)

    def _children(self, parent: _Box) -> Iterator[_Box]:
        at = parent.content
        while parent.end - at >= 8:
            box = self._box(at, parent)
            yield box
            at = box.end
        self._zero(at, parent.end)

    def _box(self, at: int, parent: _Box) -> _Box:
        self._boxes += 1
        head = self._read(at, 16)
        size, kind, content = int.from_bytes(head[:4]), head[4:8], at + 8
        if size == 1:
            size, content = int.from_bytes(head[8:16]), at + 16
        elif size == 0 and parent.kind == b"":
            size = parent.end - at
        if not content <= at + size <= parent.end or self._boxes > _MAX_BOXES:
            raise BlogRejected(f"the video is damaged: the box at byte {at} cannot be {size} bytes long")
        return _Box(kind, at, content, at + size)

    def _blank(self, box: _Box) -> None:
        self._file.seek(box.start + 4)
        self._file.write(b"free")
        self._zero(box.content, box.end)

    def _zero(self, start: int, end: int) -> None:
        self._file.seek(start)
        for at in range(start, end, _CHUNK):
            self._file.write(_ZEROS[: min(_CHUNK, end - at)])

    def _read(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        return self._file.read(size)

    def _find(self, parent: _Box, *path: bytes) -> _Box | None:
        found = next((box for box in self._children(parent) if box.kind == path[0]), None)
        return self._find(found, *path[1:]) if found and path[1:] else found

    def _content(self, parent: _Box, *path: bytes) -> bytes:
        box = self._find(parent, *path)
        if box is None or box.end - box.content > _MAX_TABLE:
            return b""
        return self._read(box.content, box.end - box.content)

    def _handler(self, track: _Box) -> bytes:
        return self._content(track, b"mdia", b"hdlr")[8:12]

    def _blank_samples(self, track: _Box) -> None:
        table = self._find(track, b"mdia", b"minf", b"stbl")
        if table is None:
            return
        sizes = _sizes(self._content(table, b"stsz"))
        counts = _per_chunk(self._content(table, b"stsc"))
        offsets = _listed(self._content(table, b"stco"), ">I") or _listed(self._content(table, b"co64"), ">Q")
        left = self._length  # what is blanked in all, so that overlapping chunks cannot cost hours
        for offset, count in zip(offsets, counts, strict=False):
            length = sum(islice(sizes, count))
            left -= length
            if left < 0 or offset + length > self._length:
                raise BlogRejected("the video is damaged: its metadata track is larger than the file")
            self._zero(offset, offset + length)

    def _shown(self, track: _Box) -> tuple[int, int]:
        header = self._content(track, b"tkhd")
        fixed = header[-44:]  # nine numbers of the matrix, then width and height as 16.16
        if len(fixed) < 44:
            return 0, 0
        turned = not any(fixed[0:4]) and any(fixed[4:8])
        width, height = int.from_bytes(fixed[36:38]), int.from_bytes(fixed[40:42])
        return (height, width) if turned else (width, height)

    def _seconds(self) -> int | None:
        header = self._content(self._movie, b"mvhd") if self._movie else b""
        long = header[:1] == b"\x01"
        scale = int.from_bytes(header[20:24] if long else header[12:16])
        length = int.from_bytes(header[24:32] if long else header[16:20])
        return round(length / scale) if scale else None


def _listed(table: bytes, form: str) -> list[int]:
    """The numbers of a table that begins with flags and a count."""
    rows = table[8 : 8 + int.from_bytes(table[4:8]) * struct.calcsize(form)]
    return [row[0] for row in _rows(form, rows)]


def _rows(form: str, data: bytes) -> Iterator[tuple[int, ...]]:
    return struct.iter_unpack(form, data[: len(data) - len(data) % struct.calcsize(form)])


def _sizes(table: bytes) -> Iterator[int]:
    """Each sample's size: one for all, or a list."""
    same, count = int.from_bytes(table[4:8]), int.from_bytes(table[8:12])
    if count > _MAX_SAMPLES:
        raise BlogRejected("the video is damaged: its metadata track has too many samples")
    return repeat(same, count) if same else (row[0] for row in _rows(">I", table[12 : 12 + 4 * count]))


def _per_chunk(table: bytes) -> Iterator[int]:
    """How many samples each chunk has, without end: the table says it for runs of chunks."""
    runs = list(_rows(">III", table[8 : 8 + int.from_bytes(table[4:8]) * 12]))
    for (first, samples, _), (after, _, _) in pairwise(runs):
        yield from repeat(samples, max(0, after - first))
    if runs:
        yield from repeat(runs[-1][1])
