"""Write an account as Instagram's data export, in any of its layouts, streamed.

    write_export(sample().posts, Path("export.zip"), layouts=[Layout.CURRENT], parts=2)

`python -m everyday_local.instagram.export_writer export.zip` writes the sample account.
"""

import argparse
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import IO

from everyday.photos.model import Section
from everyday_local.instagram.account import File, Post
from everyday_local.instagram.export_layouts import Layout, describe, subtitles_path, to_json
from everyday_local.instagram.export_sinks import Sink, open_sinks
from everyday_local.instagram.gallery import Gallery
from everyday_local.instagram.sample import sample

__all__ = ["Layout", "media_path", "write_export"]

_FOLDERS = {
    Section.REEL: "reels",
    Section.STORY: "stories",
    Section.ARCHIVED: "archived_posts",
    Section.PROFILE: "profile",
}
_CHUNK = 256 * 1024


def write_export(
    posts: Iterable[Post],
    target: Path,
    *,
    gallery: Gallery | None = None,
    layouts: Sequence[Layout] = (Layout.CURRENT,),
    parts: int = 1,
    missing: Collection[str] = (),
    form: str = "jpg",
    single_as_object: bool = False,
) -> list[Path]:
    """Write the posts and their files; returns the parts. Memory does not grow with the export.

    `target` that ends in `.zip` is a ZIP file, any other a folder; several parts are named `<target>-1` …
    Files go to the parts in turn, lists to the first part (second layout: second part, …).
    `missing`: ids of files that are listed and left out. `form`: jpg, webp, heic or png.
    """
    paths, sinks = open_sinks(target, parts)
    turn = count()
    with ExitStack() as opened:
        for sink in sinks:
            opened.callback(sink.close)
        lists = [opened.enter_context(_Lists(layout, single_as_object, form)) for layout in layouts]
        for post in posts:
            for listed in lists:
                listed.add(post)
            for file in post.files:
                if file.id not in missing:
                    _add(sinks[next(turn) % parts], post, file, gallery or _GALLERY, form)
        written: set[str] = set()
        for number, listed in enumerate(lists):
            listed.write(sinks[number % parts], written)
    return paths


_GALLERY = Gallery(None)


def media_path(post: Post, file: File, form: str = "jpg") -> str:
    """Where an export keeps the file: a folder for the section and month, the id at the end of the name."""
    folder = _FOLDERS.get(post.section, "igtv" if post.igtv else "posts")
    kind = "mp4" if file.video else form
    return f"media/{folder}/{post.taken_at:%Y%m}/{file.seed}_n_{file.id}.{kind}"


def _add(sink: Sink, post: Post, file: File, gallery: Gallery, form: str) -> None:
    path = media_path(post, file, form)
    sink.add(path, gallery.blob(file, form=form).chunks())
    if file.video and post.section is Section.REEL:
        sink.add(subtitles_path(path), [b"1\n00:00:00,000 --> 00:00:04,000\n(waves)\n"], packed=True)


class _Lists:
    """The lists of one layout while they grow, in temporary files."""

    def __init__(self, layout: Layout, single_as_object: bool, form: str) -> None:
        self._layout, self._single_as_object, self._form = layout, single_as_object, form
        self._spools: dict[tuple[str, str], IO[bytes]] = {}
        self._opened = ExitStack()

    def __enter__(self) -> "_Lists":
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def add(self, post: Post) -> None:
        def path_of(file: File) -> str:
            return media_path(post, file, self._form)

        for entry in describe(post, self._layout, path_of, single_as_object=self._single_as_object):
            spool = self._spool((entry.document, entry.key))
            spool.write((b",\n" if spool.tell() else b"") + to_json(entry.element))

    def write(self, sink: Sink, already: set[str]) -> None:
        """Store the finished documents; those of one file stand under their keys.

        What stands in `already` is left out: two layouts differ in the posts and share the other lists.
        """
        documents: dict[str, dict[str, IO[bytes]]] = {}
        for (document, key), spool in self._spools.items():
            documents.setdefault(document, {})[key] = spool
        for document in sorted(documents.keys() - already):
            sink.add(document, _document(documents[document]), packed=True)
        already.update(documents)

    def _spool(self, place: tuple[str, str]) -> IO[bytes]:
        if place not in self._spools:
            spool = self._opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it is entered
            self._spools[place] = spool
        return self._spools[place]


def _document(lists: dict[str, IO[bytes]]) -> Iterator[bytes]:
    bare = list(lists) == [""]
    for number, (key, spool) in enumerate(lists.items()):
        yield b"[\n" if bare else b'%s\n"%s": [\n' % (b"," if number else b"{", key.encode())
        spool.seek(0)
        while chunk := spool.read(_CHUNK):
            yield chunk
        yield b"\n]"
    yield b"\n" if bare else b"}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the sample account as a data export.")
    parser.add_argument("target", type=Path, help="a .zip file, or a folder")
    parser.add_argument(
        "--layout", type=str.upper, choices=[layout.name for layout in Layout], default="CURRENT"
    )
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--form", choices=["jpg", "webp", "heic", "png"], default="jpg")
    asked = parser.parse_args()
    written = write_export(
        sample().posts, asked.target, layouts=[Layout[asked.layout]], parts=asked.parts, form=asked.form
    )
    print(*written, sep="\n")  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
