"""A stage of `jobs` in memory: its queue takes jobs in at once, its clock moves when somebody waits."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from msgspec.structs import replace

from everyday.adapters.memory_ledger import MemoryLedger
from everyday.jobs.board import Board, BoardInstance, BoardWait
from everyday.jobs.desk import Desk
from everyday.jobs.ingest import Inbox, Intake
from everyday.jobs.life import claimed, confirmed, started, stopped
from everyday.jobs.messages import parse_jobs
from everyday.jobs.model import Amount, Demand, Job, JobClass, Overrides, Task
from everyday.jobs.plan import Why
from everyday_cli import jobs_stores
from tests.job_builders import ENQUEUED, TASK, a_definition, a_job, a_task

INSTANCE = "i-0a1b2c3d4e5f60718"


class Known(NamedTuple):
    """The settings that the commands read."""

    clusters: tuple[str, ...] = ("main", "other")


class Stage:
    """`now` in milliseconds; `sent` are the bodies; `then` is called in the place of every wait."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.now = ENQUEUED + 60_000
        self.sent: list[str] = []
        self.dead: list[str] = []
        self.woken: list[str] = []
        self.then: Callable[[], None] = lambda: None
        self.inbox = Inbox(
            ledger=self.ledger,
            definition=lambda name: a_definition() if name == "everyday-work" else None,
            wakes=self,
            dead_letters=self,
            clock=self.clock,
            new_id=lambda: "id",
            intake=Intake(Known().clusters, ("everyday-*",), 3_600_000),
        )

    def clock(self) -> Any:
        return datetime.fromtimestamp(self.now / 1000, UTC)

    def wake(self, cluster: str, wake_id: str, *, fresh: Sequence[str] = ()) -> None:
        self.woken.append(cluster)

    def put(self, body: str, reason: str, *, job_id: str | None = None) -> None:
        self.dead.append(reason)

    def submit(self, bodies: Sequence[str]) -> Sequence[str]:
        self.sent += bodies
        records = [
            {
                "messageId": f"m{number}",
                "body": body,
                "attributes": {"SentTimestamp": str(self.now + number)},
            }
            for number, body in enumerate(bodies)
        ]
        assert self.inbox.take(parse_jobs({"Records": records}), lambda: 900.0) == []
        return [record["messageId"] for record in records]

    def add(self, *jobs: Job) -> None:
        for job in jobs:
            self.ledger.add(job, Overrides())

    def job(self, job_id: str) -> Job:
        return self.ledger.jobs[job_id]

    def start(self, job_id: str) -> None:
        """Its task runs."""
        call = {"instance": f"{TASK}-instance", "ec2_id": INSTANCE, "call": f"{job_id}/1", "token": "t"}
        placing = self.ledger.put(claimed(self.job(job_id), **call, deadline=self.now + 60_000, now=self.now))
        running = confirmed(placing, TASK, now=self.now)
        self.ledger.put(started(running, at=self.now))

    def end(self, job_id: str, exit_code: int = 0, **task: Any) -> None:
        """Its task stops."""
        told: Task = a_task(status="STOPPED", exit_code=exit_code, stopped_at=self.now, **task)
        self.ledger.put(stopped(self.job(job_id), told, now=self.now))

    def board(self, **changes: Any) -> None:
        """What the last pass said: one instance of 512 MiB, kept for a job; why the others wait."""
        instance = BoardInstance(
            ec2_id=INSTANCE,
            arn="arn",
            registered=Amount(cpu=1024, memory=512),
            free=Amount(cpu=924, memory=112),
            tasks=4,
            reserved_for="big",
            expected_at=ENQUEUED + 600_000,
        )
        wait = BoardWait(
            amount=Amount(memory=200),
            why=Why.NO_ROOM,
            text="needs 200 MiB on one instance; the largest free is 112 MiB",
        )
        board = Board(
            cluster="main",
            at=self.now - 5_000,
            waiting=2,
            instances_total=1,
            instances=(instance,),
            waits=(wait,),
            waits_of={"big": 0, "small": 0},
        )
        self.ledger.put_board(replace(board, **changes))


def filled() -> Stage:
    """One job runs, one has ended, one failed; two wait, one of them is held; and an array."""
    stage = Stage()
    stage.add(
        a_job("runs", job_class=JobClass.HIGH),
        a_job("done"),
        a_job("broken"),
        a_job("big", job_class=JobClass.HIGH, demand=Demand(Amount(memory=200)), rank=ENQUEUED - 5),
        a_job("small", job_class=JobClass.LOW, queue="media", rank=ENQUEUED + 5),
        a_job("later", depends_on=("runs", "nobody"), held=True),
        a_job("many", size=2),
        a_job("many/0", parent="many", index=0),
        a_job("many/1", parent="many", index=1),
    )
    for each in ("runs", "done", "broken", "many/0"):
        stage.start(each)
    stage.now += 5_000
    stage.end("done")
    stage.end("many/0")
    stage.end("broken", 3, stopped_reason="Essential container in task exited")
    stage.board()
    return stage


class MemoryTarget(jobs_stores.Target):
    """A Target over the stage of the running test."""

    world: Stage

    @cached_property
    def stage(self) -> Any:
        raise AssertionError("no stage is asked for here")

    @cached_property
    def settings(self) -> Any:
        return Known()

    @cached_property
    def ledger(self) -> Any:
        return self.world.ledger

    @cached_property
    def desk(self) -> Any:
        return Desk(self.world.ledger, self.world, self.world.clock, lambda: "id")

    @cached_property
    def queue(self) -> Any:
        return self.world

    def now(self) -> int:
        return self.world.now

    def pause(self, seconds: float) -> None:
        self.world.now += round(seconds * 1000)
        self.world.then()
