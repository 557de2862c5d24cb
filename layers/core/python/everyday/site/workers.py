"""Work on batches side by side, on all processors.

Forked processes that answer through pipes: a pool needs shared memory, which AWS Lambda does not have.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from everyday.errors import SiteError

Batch = TypeVar("Batch")
Result = TypeVar("Result")

ALONE_BYTES = 2**21
"""A smaller site is read sooner than a process is made."""

_BATCH_BYTES = 2**20
_BATCH_FILES = 200
_STOP = -1
_GRACE_SECONDS = 5.0


def side_by_side(
    work: Callable[[Batch], Result], batches: Sequence[Batch], workers: int
) -> Iterator[tuple[int, Result]]:
    """The results with the numbers of their batches, in any order. What `work` raises is raised here.
    Raises SiteError when a process dies. With one worker everything is done in this process."""
    if workers < 2 or len(batches) < 2:
        yield from ((number, work(batch)) for number, batch in enumerate(batches))
        return
    crew = _Crew(work, batches)
    try:
        for _ in range(min(workers, len(batches))):
            crew.hire()
        yield from crew.results()
    finally:
        crew.dismiss()


def batches_of(paths: Iterable[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Batches of about the same work; the largest files come first, so that nobody ends alone with one."""
    batch: list[str] = []
    size = 0
    for path in sorted(paths, key=lambda path: (-sizes[path], path)):
        batch.append(path)
        size += sizes[path]
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Crew(Generic[Batch, Result]):
    def __init__(self, work: Callable[[Batch], Result], batches: Sequence[Batch]) -> None:
        self._work, self._batches = work, batches
        self._left = iter(range(len(batches)))
        self._context = multiprocessing.get_context("fork")
        self._members: dict[Connection, multiprocessing.context.ForkProcess] = {}
        self._busy: set[Connection] = set()

    def hire(self) -> None:
        ours, theirs = self._context.Pipe()
        # The child inherits our ends of all pipes; while it holds one, its sibling would not see us die.
        inherited = [*self._members, ours]
        process = self._context.Process(
            target=_serve, args=(theirs, inherited, self._work, self._batches), daemon=True
        )
        process.start()
        theirs.close()
        self._members[ours] = process
        self._give(ours)

    def results(self) -> Iterator[tuple[int, Result]]:
        while self._busy:
            for ready in wait(list(self._busy)):
                assert isinstance(ready, Connection)  # noqa: S101 - for mypy: nothing else was waited for
                number, result, error = self._answer(ready)
                if error is not None:
                    raise error
                self._give(ready)
                yield number, result

    def dismiss(self) -> None:
        for process in self._members.values():
            process.terminate()
        for ours, process in self._members.items():
            process.join(_GRACE_SECONDS)
            ours.close()

    def _give(self, member: Connection) -> None:
        number = next(self._left, _STOP)
        if number == _STOP:
            self._busy.discard(member)
        else:
            self._busy.add(member)
        try:
            member.send(number)
        except OSError:
            raise self._dead(member) from None

    def _answer(self, member: Connection) -> "tuple[int, Result, Exception | None]":
        try:
            answer: tuple[int, Result, Exception | None] = member.recv()
        except (EOFError, OSError):
            raise self._dead(member) from None
        return answer

    def _dead(self, member: Connection) -> SiteError:
        process = self._members[member]
        process.join(_GRACE_SECONDS)
        return SiteError(
            f"a process that read the site ended with exit code {process.exitcode}: "
            "if it ran out of memory, give it more; then begin again"
        )


def _serve(
    pipe: Connection,
    inherited: Sequence[Connection],
    work: Callable[[Batch], Result],
    batches: Sequence[Batch],
) -> None:
    """The life of a child: it ends when it is told to, and when its parent is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and dismisses us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for connection in inherited:
        connection.close()
    try:
        while (number := pipe.recv()) != _STOP:
            pipe.send(_done(number, work, batches[number]))
    except (EOFError, OSError):
        os._exit(1)
    os._exit(0)  # without the parent's exit handlers, and what it has not yet written


def _done(
    number: int, work: Callable[[Batch], Result], batch: Batch
) -> "tuple[int, Result | None, Exception | None]":
    try:
        return number, work(batch), None
    except Exception as error:  # noqa: BLE001 - the parent raises it
        return number, None, error
