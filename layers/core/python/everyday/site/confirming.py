"""Looks at a site from outside until it answers with a release."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

from everyday.errors import EdgeUnavailable
from everyday.ports import Clock, TimeLeft
from everyday.site.manifest import objects_of
from everyday.site.model import Manifest, Release
from everyday.site.names import PAGES, source_of
from everyday.site.plan import quoted
from everyday.site.ports import Answer, Cdn, Visitor

_FIRST_SECONDS, _LONGEST_SECONDS = 0.5, 5.0
_INDEX = "index.html"


class Probe(NamedTuple):
    """Where to look, and the digest of what must be there; None: nothing is promised of the content."""

    path: str
    digest: bytes | None


def probe_of(manifest: Manifest, release: Release) -> Probe:
    """The best page to look at: one that came with this release, before others; the first one, then by name.
    Pure."""
    pages = [
        (
            release.number not in {first for first, _ in it.uses},
            _rank(source_of(key)),
            source_of(key),
            it.digest,
        )
        for key, it in objects_of(manifest, release.number)
        if key.startswith(PAGES) and source_of(key) != "404.html"  # whose answer is an error
    ]
    if not pages:
        return Probe("/", None)
    *_, path, digest = min(pages)
    return Probe(_address(path), bytes.fromhex(digest))


def _rank(path: str) -> int:
    return 0 if path == _INDEX else 1 if path.endswith(".html") else 2


def _address(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return "/" + quoted(folder + slash if name == _INDEX else path)


def shows(answer: Answer | None, probe: Probe, release_id: str) -> bool:
    """Whether this is the release. A redirect of the owner's is as good as the page it stands before."""
    if answer is None or answer.release != release_id:
        return False
    if answer.status in range(300, 400) or probe.digest is None:
        return True
    return answer.status == 200 and answer.digest == probe.digest


class Patience(NamedTuple):
    """How to wait: `jitter` gives numbers from 0 to 1."""

    clock: Clock
    sleep: Callable[[float], None]
    jitter: Callable[[], float]

    def turns(self, seconds: float, time_left: TimeLeft) -> Iterator[None]:
        """Yield at once, and then after growing pauses until the time is over."""
        end, pause = self.clock() + timedelta(seconds=seconds), _FIRST_SECONDS
        yield
        while self.clock() < end and time_left() > _LONGEST_SECONDS:
            self.sleep(pause * (0.5 + self.jitter() / 2))
            pause = min(_LONGEST_SECONDS, 2 * pause)
            yield


def answers_with(visitor: Visitor, probe: Probe, release: Release, *, preview: bool) -> bool:
    """Whether a visitor gets the release now."""
    answer = visitor.visit(probe.path, release=release.id if preview else None)
    return shows(answer, probe, release.id)


def is_invalidated(cdn: Cdn, invalidation_id: str | None) -> bool:
    """Whether old headers are gone from the caches; an answer that does not come is no."""
    try:
        return invalidation_id is None or cdn.invalidated(invalidation_id)
    except EdgeUnavailable:
        return False
