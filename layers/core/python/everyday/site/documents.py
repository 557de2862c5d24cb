"""The manifest in its bucket: read, written on condition, tried again when somebody was faster."""

import logging
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from everyday.errors import SiteConflict
from everyday.site.manifest import decode, encode
from everyday.site.model import Manifest
from everyday.site.names import MANIFEST
from everyday.site.ports import Bucket

log = logging.getLogger(__name__)

_ATTEMPTS = 5
_Done = TypeVar("_Done")


class Held(NamedTuple):
    """A manifest as it is in the bucket; `tag` None: there is none yet."""

    manifest: Manifest
    tag: str | None


class Manifests:
    """The manifest of one site. Raises BucketUnavailable; SiteRefused for one that cannot be read."""

    def __init__(self, site: str, bucket: Bucket) -> None:
        self._site, self._bucket = site, bucket

    def read(self) -> Held:
        found = self._bucket.read(MANIFEST)
        return Held(decode(found[0]), found[1]) if found else Held(Manifest(site=self._site), None)

    def write(self, new: Manifest, old: Held) -> Held:
        """Raises SiteConflict when somebody wrote since `old` was read."""
        return Held(new, self._bucket.write(MANIFEST, encode(new), tag=old.tag))

    def tried(self, attempt: Callable[[], _Done]) -> _Done:
        """Make an attempt that reads and writes, and again while others are faster. Raises SiteConflict."""
        for _ in range(_ATTEMPTS):
            try:
                return attempt()
            except SiteConflict:
                log.info("another publisher was faster", extra={"site": self._site})
        raise SiteConflict(
            f"others published {self._site} {_ATTEMPTS} times while this was under way, and nothing of it is "
            "published; find out who they are, and try again"
        )
