"""The threads of a backup: one pool fetches files, another one reads and writes records.

Files of all media share one pool, so a carousel's pictures come side by side and a slow video holds up one
thread. Records have threads of their own, so that no download slot ever waits for the catalog.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition
from types import TracebackType
from typing import Any, Self

from everyday.errors import EverydayError
from everyday.photos.job import Job, Outcome, Want
from everyday.photos.storing import Storing

log = logging.getLogger(__name__)


class Crew:
    """Carries out jobs. At most `backlog` are under way: `take` waits for room, which bounds the memory.

    `settled` is called once for each job that was taken, from any thread, with None for a dropped one.
    """

    def __init__(
        self,
        storing: Storing,
        settled: Callable[[Job, Outcome | None], None],
        *,
        concurrency: int,
    ) -> None:
        self._storing = storing
        self._settled = settled
        # Enough work in hand to keep every thread busy while the next page is listed.
        self._backlog = 8 * concurrency
        self._fetchers = ThreadPoolExecutor(concurrency, thread_name_prefix="fetch")
        self._recorders = ThreadPoolExecutor(concurrency, thread_name_prefix="record")
        self._under_way = 0
        self._changed = Condition()
        self._stopped = False
        self._fatal: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way or self._fatal)
        self._fetchers.shutdown()
        self._recorders.shutdown()

    def take(self, job: Job) -> None:
        """Begin a job as soon as there is room."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self._backlog or self._fatal)
            self._raise_fatal()
            self._under_way += 1
        self._submit(self._recorders, self._prepare, job)

    def drain(self) -> None:
        """Wait until no job is under way."""
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way or self._fatal)
            self._raise_fatal()

    def stop(self) -> None:
        """Drop what has not begun; what is being fetched now is still finished."""
        self._stopped = True

    def _prepare(self, job: Job) -> None:
        try:
            wants = () if self._drops(job) else self._storing.prepare(job)
        except Exception as error:
            log.exception("a medium failed in an unforeseen way", extra={"medium": job.medium.id})
            job.errors.append(_unforeseen(error))
            wants = ()
        job.left = len(wants)
        if not wants:
            self._finish(job)
        for want in wants:
            self._submit(self._fetchers, self._fetch, job, want)

    def _fetch(self, job: Job, want: Want) -> None:
        try:
            if not self._drops(job):
                self._storing.fetch(job, want)
        except Exception as error:
            log.exception("a file failed in an unforeseen way", extra={"medium": job.medium.id})
            job.lacks(want, _unforeseen(error))
        with job.lock:
            job.left -= 1
            last = job.left == 0
        if last:
            self._submit(self._recorders, self._finish, job)

    def _finish(self, job: Job) -> None:
        try:
            outcome = None if job.dropped else self._storing.finish(job)
        except Exception as error:
            log.exception("a medium failed in an unforeseen way", extra={"medium": job.medium.id})
            job.errors.append(_unforeseen(error))
            outcome = job.outcome(None)
        try:
            self._settled(job, outcome)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def _drops(self, job: Job) -> bool:
        job.dropped = job.dropped or self._stopped
        return job.dropped

    def _submit(self, pool: ThreadPoolExecutor, step: Callable[..., None], *values: object) -> None:
        pool.submit(step, *values).add_done_callback(self._watch)

    def _watch(self, future: "Future[Any]") -> None:
        """What even the steps let through ends the run: nothing more is begun, and its leader is told."""
        if (error := future.exception()) is not None:
            with self._changed:
                self._fatal, self._stopped = error, True
                self._changed.notify_all()

    def _raise_fatal(self) -> None:
        if self._fatal is not None:
            raise self._fatal


def _unforeseen(error: Exception) -> EverydayError:
    return EverydayError(f"unforeseen: {type(error).__name__}; the log has the details")
