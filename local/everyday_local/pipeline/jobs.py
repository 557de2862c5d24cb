"""Jobs of Lambda actions: begun by the stand-in, answered by the function through PutJobSuccessResult or
PutJobFailureResult, as CodePipeline's own are."""

from collections.abc import Mapping
from threading import Condition
from typing import NamedTuple
from uuid import uuid4


class JobNotFound(Exception):
    """No job of that id waits for an answer."""


class Result(NamedTuple):
    """What a function answered. `continuation`: it wants to be called again with this."""

    ok: bool
    message: str = ""
    external_id: str = ""
    continuation: str = ""
    variables: Mapping[str, str] = {}


class Jobs:
    """Answers on their way from the wire to the action that waits for them."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._open: dict[str, Result | None] = {}

    def begin(self) -> str:
        """A new job's id."""
        job_id = str(uuid4())
        with self._changed:
            self._open[job_id] = None
        return job_id

    def answer(self, job_id: str, result: Result) -> None:
        """Raises JobNotFound. A second answer to the same job is refused, as CodePipeline does."""
        with self._changed:
            if self._open.get(job_id, result) is not None:
                raise JobNotFound(job_id)
            self._open[job_id] = result
            self._changed.notify_all()

    def wait(self, job_id: str, seconds: float) -> Result | None:
        """The answer, None if there was none in time. The job is closed then."""
        with self._changed:
            self._changed.wait_for(lambda: self._open[job_id] is not None, seconds)
            return self._open.pop(job_id)
