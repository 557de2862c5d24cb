"""Brings into the bucket what a release needs, before anybody is told of it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from everyday.errors import BucketUnavailable
from everyday.ports import Clock, Progress, TimeLeft
from everyday.site.model import Headers, Output
from everyday.site.names import ASSETS
from everyday.site.plan import Plan, Wanted
from everyday.site.ports import Bucket, Tree, Upload
from everyday.site.rewrite import content

_TRUSTED = timedelta(minutes=30)
_RESERVE_SECONDS = 30.0


class Storing:
    """The uploads of one publication. It remembers them, so that planning again after another publisher's
    write does not send them again; but for no longer than `retention` allows."""

    def __init__(
        self, bucket: Bucket, tree: Tree, clock: Clock, progress: Progress, time_left: TimeLeft
    ) -> None:
        self._bucket, self._tree = bucket, tree
        self._clock, self._progress, self._time_left = clock, progress, time_left
        self._stored: dict[str, Headers] = {}
        self._since: datetime | None = None

    def begin(self) -> None:
        """A manifest was read, and what follows is planned against it."""
        now = self._clock()
        if self._since is None or now - self._since > _TRUSTED:
            self._since, self._stored = now, {}

    def store(self, plan: Plan, goal: Mapping[str, Wanted]) -> None:
        """Assets, then pages, then other headers. Raises BucketUnavailable, also when the time is up."""
        wanted = [key for key in plan.uploads if self._stored.get(key) != goal[key].headers]
        assets = [key for key in wanted if key.startswith(ASSETS)]
        pages = [key for key in wanted if not key.startswith(ASSETS)]
        for what, keys in (("assets", assets), ("pages", pages)):
            if keys:
                self._send(what, {key: goal[key] for key in keys})
        if plan.headers:
            self._progress.begin("headers", len(plan.headers))
            self._bucket.change_headers(plan.headers, self._progress.step)

    def _send(self, what: str, goal: Mapping[str, Wanted]) -> None:
        self._progress.begin(what, len(goal))
        self._bucket.upload(self._uploads(goal), self._done)
        left = [key for key in goal if key not in self._stored]
        if left:
            raise BucketUnavailable(
                f"time is up with {len(left)} of {len(goal)} {what} not stored. Nothing is published, the "
                "site stands as it was. Publish from a machine that nobody stops, or in smaller steps"
            )

    def _uploads(self, goal: Mapping[str, Wanted]) -> Iterator[Upload]:
        for key, (output, headers) in goal.items():
            if self._time_left() < _RESERVE_SECONDS:
                return
            yield Upload(key, self._body(output), output.size, output.digest, headers)

    def _body(self, output: Output) -> Path | Callable[[], bytes]:
        if output.edits:
            return lambda: content(self._tree, output)
        return self._tree.file(output.source)

    def _done(self, upload: Upload) -> None:
        self._stored[upload.key] = upload.headers
        self._progress.step(upload.key, size=upload.size)
