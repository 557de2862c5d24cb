"""Push a folder: one zip to the pipeline's bucket, and then look on until the pipeline has published it."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from everyday.errors import Unavailable
from everyday.ports import Progress
from everyday.record import Record

_LOOK_SECONDS = 1.0
_LOOKS = 2400
_CHUNK_BYTES = 2**20


class Execution(Protocol):
    """A run of the pipeline, in CodePipeline's words."""

    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...


class Action(Protocol):
    """A step of a run. `said`: what it told when it ended."""

    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def said(self) -> str: ...


class Pipeline(Protocol):
    """The site's pipeline. Raises EdgeUnavailable."""

    def started_by(self, version: str) -> Execution | None: ...
    def execution(self, execution_id: str) -> Execution: ...
    def actions(self, execution_id: str) -> Sequence[Action]: ...


class Uploads(Protocol):
    """The bucket that zips are pushed to. Raises BucketUnavailable."""

    def push(self, archive: Path, digest: bytes) -> str:
        """Store the zip with this SHA-256 and return its version."""
        ...

    def holds(self, digest: bytes) -> str | None:
        """The version that is newest, if it has this SHA-256."""
        ...


class PushState(StrEnum):
    """How it stands. FOLLOWED by a newer push: that one publishes. UNKNOWN: nobody looked to the end."""

    PUBLISHED = "published"
    FAILED = "failed"
    FOLLOWED = "followed"
    UNKNOWN = "unknown"


_ENDED = {
    "Succeeded": PushState.PUBLISHED,
    "Failed": PushState.FAILED,
    "Stopped": PushState.FAILED,
    "Cancelled": PushState.FAILED,
    "Superseded": PushState.FOLLOWED,
}


class Pushed(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What became of a push. `said`: the last step's own words, the reason of a failure."""

    site: str
    version: str
    size: int
    state: PushState
    execution: str = ""
    said: str = ""


class Pusher(NamedTuple):
    """Pushes to one site. `sleep` waits some seconds."""

    site: str
    uploads: Uploads
    pipeline: Pipeline
    sleep: Callable[[float], None]

    def push(self, archive: Path) -> Pushed:
        """Upload a zip; the pipeline sees it by itself."""
        version = self.uploads.push(archive, _digest(archive))
        return Pushed(site=self.site, version=version, size=archive.stat().st_size, state=PushState.UNKNOWN)

    def known(self, archive: Path) -> Pushed | None:
        """How it stands with the newest push, if it was of this very zip; None if it was of another one, and
        when the pipeline has not heard of it."""
        version = self.uploads.holds(_digest(archive))
        execution = self.pipeline.started_by(version) if version else None
        if version is None or execution is None:
            return None
        pushed = Pushed(site=self.site, version=version, size=archive.stat().st_size, state=PushState.UNKNOWN)
        ended = execution.status in _ENDED
        return _ended(pushed, execution, self.pipeline.actions(execution.id)) if ended else pushed

    def follow(self, pushed: Pushed, progress: Progress) -> Pushed:
        """Look on until the pipeline has ended, for 40 minutes at most. A look that gets no answer is one
        look less."""
        told: set[str] = set()
        for execution, actions in self._looks(pushed.version):
            for action in actions:
                if action.status == "Succeeded" and action.name not in told:
                    told.add(action.name)
                    progress.step(action.name.lower())
            if execution.status in _ENDED:
                return _ended(pushed, execution, actions)
        return pushed

    def _looks(self, version: str) -> Iterator[tuple[Execution, Sequence[Action]]]:
        """The run as it is now, about once a second."""
        known: Execution | None = None
        for _ in range(_LOOKS):
            with suppress(Unavailable):
                known = self.pipeline.execution(known.id) if known else self.pipeline.started_by(version)
                if known:
                    yield known, self.pipeline.actions(known.id)
            self.sleep(_LOOK_SECONDS)


def _ended(pushed: Pushed, execution: Execution, actions: Sequence[Action]) -> Pushed:
    return Pushed(
        site=pushed.site,
        version=pushed.version,
        size=pushed.size,
        state=_ENDED[execution.status],
        execution=execution.id,
        said=next((action.said for action in reversed(actions) if action.said), ""),
    )


def _digest(archive: Path) -> bytes:
    digest = hashlib.sha256()
    with archive.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.digest()
