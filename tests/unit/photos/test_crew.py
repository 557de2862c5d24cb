from collections.abc import Sequence
from threading import Event, Lock, Semaphore, current_thread
from typing import Any, cast

import pytest

from everyday.photos.crew import Crew
from everyday.photos.job import Job, Outcome, Want
from everyday.photos.storing import Storing
from everyday.photos.walk import Find
from tests.account import Died
from tests.builders import a_medium, an_entry, an_item


class Steps:
    """Storing without stores: each job wants its items; `fetch` waits until it is let go."""

    def __init__(self) -> None:
        self.let_go = Event()
        self.let_go.set()
        self.begun = Semaphore(0)
        self.fetching = 0
        self.most = 0
        self.threads: set[str] = set()
        self.lock = Lock()
        self.error: BaseException | None = None

    def prepare(self, job: Job) -> Sequence[Want]:
        return [Want(item) for item in job.medium.items]

    def fetch(self, job: Job, want: Want) -> None:
        with self.lock:
            self.fetching += 1
            self.most = max(self.most, self.fetching)
            self.threads.add(current_thread().name)
        self.begun.release()
        assert self.let_go.wait(10)
        with self.lock:
            self.fetching -= 1
        if self.error is not None:
            raise self.error

    def finish(self, job: Job) -> Outcome:
        return job.outcome(an_entry(job.medium.id))


class Work:
    def __init__(self, concurrency: int = 3) -> None:
        self.steps = Steps()
        self.settled: list[tuple[str, Outcome | None]] = []
        self.crew = Crew(
            cast(Storing, self.steps),
            lambda job, outcome: self.settled.append((job.medium.id, outcome)),
            concurrency=concurrency,
        )

    def lead(self, jobs: int) -> None:
        with self.crew:
            for number in range(jobs):
                self.crew.take(self.job(number))
            self.crew.drain()

    def job(self, number: int, items: int = 1, **changes: Any) -> Job:
        medium = a_medium(str(number), items=tuple(an_item(n) for n in range(1, items + 1)))
        return Job(medium=medium, entry=None, find=Find.NEW, walk="w", **changes)


def test_every_job_is_settled_once_with_its_outcome() -> None:
    work = Work()
    with work.crew:
        for number in range(200):
            work.crew.take(work.job(number, items=number % 4))
        work.crew.drain()
        assert sorted(int(id_) for id_, _ in work.settled) == list(range(200))
        assert all(outcome is not None for _, outcome in work.settled)
    assert work.steps.most <= 3


def test_a_carousels_files_come_side_by_side() -> None:
    work = Work(concurrency=3)
    work.steps.let_go.clear()
    with work.crew:
        work.crew.take(work.job(1, items=3))
        assert all(work.steps.begun.acquire(timeout=10) for _ in range(3))
        work.steps.let_go.set()
        work.crew.drain()
    assert len(work.steps.threads) == 3


def test_what_has_not_begun_is_dropped_after_a_stop_and_what_has_is_finished() -> None:
    work = Work(concurrency=1)
    work.steps.let_go.clear()
    with work.crew:
        for number in range(6):
            work.crew.take(work.job(number))
        assert work.steps.begun.acquire(timeout=10)
        work.crew.stop()
        work.steps.let_go.set()
        work.crew.drain()
    assert [id_ for id_, outcome in work.settled if outcome is not None] == ["0"]
    assert len(work.settled) == 6


def test_an_unforeseen_error_stays_with_its_medium() -> None:
    work = Work()
    work.steps.error = ZeroDivisionError("IGQ-secret")
    work.lead(1)
    outcome = work.settled[0][1]
    assert outcome is not None
    assert "ZeroDivisionError" in (outcome.reason or "")
    assert "IGQ-secret" not in (outcome.reason or "")


def test_the_end_of_the_process_reaches_the_thread_that_leads() -> None:
    work = Work()
    work.steps.error = Died()
    with pytest.raises(Died):
        work.lead(1000)
