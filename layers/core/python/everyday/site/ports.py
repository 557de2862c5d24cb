"""What `site` needs from the outside. Adapters and fakes implement these."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from everyday.site.model import Headers


class Tree(Protocol):
    """The owner's folder."""

    def files(self) -> Mapping[str, int]:
        """The sizes of all files by path, sorted. Raises SiteRefused: a link out of the folder, a name that
        no address can have."""
        ...

    def read(self, path: str) -> bytes: ...

    def file(self, path: str) -> Path:
        """Where the file system has it, so that it can be sent without being read here."""
        ...


class Upload(NamedTuple):
    """An object to be stored. `body`: a file, or its bytes when they were rewritten (made when they are sent,
    not before). `digest` is the SHA-256 of the body: the bucket refuses anything else."""

    key: str
    body: Path | Callable[[], bytes]
    size: int
    digest: bytes
    headers: Headers


class ListedObject(NamedTuple):
    """What a listing says of an object."""

    key: str
    size: int
    tag: str


class Bucket(Protocol):
    """A site's versioned bucket. All raise BucketUnavailable."""

    def read(self, key: str) -> tuple[bytes, str] | None:
        """A document and its tag."""
        ...

    def write(self, key: str, document: bytes, *, tag: str | None) -> str:
        """Store a document if it still has this tag (None: if it is not there), and return its new tag.
        Raises SiteConflict. A reply that was lost is looked up: our own write is no conflict."""
        ...

    def upload(self, uploads: Iterable[Upload], done: Callable[[Upload], None]) -> None:
        """Store all, side by side; `done` is called for each from any thread. When one fails for good, no
        more are begun, and the error is raised after those that are under way have ended."""
        ...

    def change_headers(self, keys: Mapping[str, Headers], done: Callable[[str], None]) -> None:
        """Give stored objects other headers; their bytes stay."""
        ...

    def delete_older(self, keys: Mapping[str, datetime]) -> int:
        """Delete for good every version of these objects that was stored before the time given, and nothing
        that somebody stored since. How many objects are gone."""
        ...

    def listing(self, prefix: str) -> Iterator[ListedObject]: ...


class Pointer(Protocol):
    """The edge's key-value store: what the CloudFront Function reads. All raise EdgeUnavailable."""

    def get(self, key: str) -> str | None: ...

    def change(
        self,
        puts: Mapping[str, str],
        deletes: Sequence[str],
        *,
        pointer: tuple[str, int] | None,
        base: int = 0,
    ) -> bool:
        """Put and delete values, in steps when they are many; deleting what is not there is no error.

        `pointer`: the value of `live` with its number, written after all other puts and before any delete of
        a later step, and only if the number that is there (see `edge.changes_of`) is lower or this very value
        is there already; False if not, and then nothing is deleted either. The steps are one chain: when
        somebody else changes the store between two of them, all begins again with what is there then.

        Raises SiteConflict, and changes nothing, if the number that is there is lower than `base`: an earlier
        change never came to its end, and these puts alone would not be enough.
        """
        ...


class Cdn(Protocol):
    """The distribution's control plane. Raises EdgeUnavailable."""

    def invalidate(self, paths: Sequence[str], *, reference: str) -> str:
        """Begin an invalidation and return its id; the same reference begins it once."""
        ...

    def invalidated(self, invalidation_id: str) -> bool: ...


class Answer(NamedTuple):
    """What a visitor got. `release`: the id that the edge says; `digest`: of the body, decompressed."""

    status: int
    release: str | None
    digest: bytes


class Visitor(Protocol):
    """Somebody who looks at the site from outside."""

    def visit(self, path: str, *, release: str | None = None) -> Answer | None:
        """GET a path as the web would; of an unreleased `release` through its preview. None: no answer."""
        ...
