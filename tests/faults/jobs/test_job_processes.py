"""Several scheduler processes over a real Valkey, a shared ledger and ECS over HTTP, killed at any call.

Each process runs all functions with the real adapters and ends itself by SIGKILL at a call that its seed
chooses; others take its place, until at last nobody is killed any more. Time runs fast for all of them alike.
"""

import json
import queue
import random
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from everyday.adapters.dynamo_ledger import DynamoLedger
from everyday.adapters.jobs_queue import SqsJobs
from everyday.jobs.model import Amount, Job, State
from everyday.jobs.simulator.history import broken
from everyday_local.ecs.app import build_app
from everyday_local.ecs.ecs import Ecs
from everyday_local.serving import served
from everyday_local.throwaway import make_ledger
from tests.faults.jobs.crew import CLUSTER, Place, client
from tests.faults.jobs.notes import owner_by
from tests.faults.jobs.verdict import happened, unaccounted
from tests.valkeys import Valkey, a_valkey

pytestmark = pytest.mark.xdist_group("scheduler processes")

ROOT = Path(__file__).parents[3]
WORKERS = 3
TROUBLE_SECONDS, MOST_TROUBLE_SECONDS, CALM_SECONDS = 9.0, 20.0, 35.0
KILLS = 9
HIDDEN_SECONDS = 2


class Crew:
    """Worker processes. `killed` counts those that ended."""

    def __init__(self, keeper: "subprocess.Popen[str]", place: Place, chance: random.Random) -> None:
        self._keeper, self._place, self._chance = keeper, place, chance
        self.alive: set[int] = set()
        self.killed = 0

    def fill(self, *, mortal: bool) -> None:
        """Have as many as there should be; `mortal` ones end themselves before long."""
        self.listen()
        for _ in range(WORKERS - len(self.alive)):
            seed = self._chance.getrandbits(32) if mortal else None
            self._ask({"place": self._place._asdict(), "seed": seed})
            self.listen(until="started")

    def kill_all(self) -> None:
        self._ask({"place": None})
        while self.alive:
            self.listen(until="ended")

    def listen(self, until: str | None = None) -> None:
        """Take in what the keeper told; with `until` wait for such a line."""
        assert self._keeper.stdout
        while until or select.select([self._keeper.stdout], [], [], 0)[0]:
            what, pid = self._keeper.stdout.readline().split()
            if what == "started":
                self.alive.add(int(pid))
            assert what != "failed", "a worker ended by an error of its own; its trace is on stderr"
            if what == "ended":
                self.alive.discard(int(pid))
                self.killed += 1
            if what == until:
                return

    def _ask(self, what: Mapping[str, Any]) -> None:
        assert self._keeper.stdin
        self._keeper.stdin.write(json.dumps(what) + "\n")
        self._keeper.stdin.flush()


@contextmanager
def a_crew(place: Place, chance: random.Random) -> Iterator[Crew]:
    command = [sys.executable, "-m", "tests.faults.jobs.crew"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as keeper:
        try:
            crew = Crew(keeper, place, chance)
            crew.listen(until="ready")
            yield crew
        finally:
            assert keeper.stdin
            keeper.stdin.close()
            keeper.wait(20)


class System:
    """Everything but the workers: queues, ledger, ECS, and the way of its events."""

    def __init__(self, aws: str, valkey: Valkey, stack: ExitStack) -> None:
        self.sqs, dynamodb, name = client("sqs", aws), client("dynamodb", aws), f"jobs-{uuid4().hex[:8]}"
        make_ledger(dynamodb, name)
        self.valkey, self.ledger = valkey, DynamoLedger(dynamodb, name)
        urls = {it: self._queue(f"{name}-{it}") for it in ("jobs", "events", "letters")}
        wakes = self._queue(f"{name}-wakes.fifo", FifoQueue="true")
        began = time.time()
        place = Place(aws, "", valkey.url, name, urls["jobs"], wakes, urls["events"], urls["letters"], began)
        self.aws = Ecs(clock=place.now, seed=5)
        self.aws.throttle.scale = 0
        self._told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.aws.events.sinks.append(self._told.put)
        self.aws.add_cluster(CLUSTER)
        container = {"name": "main", "image": "image", "cpu": 0, "memory": 100}
        asked = {"family": "everyday-work", "containerDefinitions": [container]}
        self.aws.call("RegisterTaskDefinition", asked)
        made = [self.aws.add_instance(CLUSTER, cpu=1024, memory=500) for _ in range(3)]
        self.registered = {it.arn: Amount(1024, 500) for it in made}
        self.place = place._replace(ecs=stack.enter_context(served(build_app(self.aws))))
        self.expected: list[str] = []
        self._ticks = 0

    def submit(self, *messages: Mapping[str, Any]) -> None:
        bodies = []
        for number, each in enumerate(messages):
            environment = [{"name": "STANDIN_SECONDS", "value": str(20 + 10 * (number % 4))}]
            overrides = {"containerOverrides": [{"environment": environment}]}
            bodies.append(json.dumps({"task_definition": "everyday-work", "overrides": overrides, **each}))
            self.expected.append(each["id"])
            self.expected += [f"{each['id']}/{index}" for index in range(each.get("array", 0))]
        SqsJobs(self.sqs, self.place.jobs).submit(bodies)

    def step(self) -> None:
        """What goes on by itself: time, events, the clock's wakes and readings."""
        self.aws.settle()
        while not self._told.empty():
            self.sqs.send_message(QueueUrl=self.place.events, MessageBody=json.dumps(self._told.get()))
        self._ticks += 1
        if self._ticks % 5 == 0:
            tick = f"tick {self._ticks}"
            self.sqs.send_message(
                QueueUrl=self.place.wakes,
                MessageBody=json.dumps({"cluster": CLUSTER, "tick": tick}),
                MessageGroupId=CLUSTER,
                MessageDeduplicationId=tick.replace(" ", "-"),
            )
        if self._ticks % 20 == 0:
            self.sqs.send_message(QueueUrl=self.place.events, MessageBody=json.dumps({"reconcile": CLUSTER}))

    def jobs(self) -> Mapping[str, Job]:
        return self.ledger.get_many(self.expected)

    def done(self) -> bool:
        found = self.jobs()
        return len(found) == len(self.expected) and all(it.outcome.final for it in found.values())

    def wrong(self) -> list[str]:
        jobs = {it.id: it for it in self.jobs().values()}
        single = {job_id: it for job_id, it in jobs.items() if it.size is None}
        owners = {it.task: (it.id, it.attempt) for it in single.values() if it.task}
        history = happened(
            self.aws.history.transitions,
            lambda task, call, siblings: owner_by(task, call, siblings, owners, self.ledger.call),
            submitted={job_id: it.enqueued_at for job_id, it in single.items()},
            ended={job_id: it.finished_at or 0 for job_id, it in single.items()},
        )
        demands = {job_id: it.demand.amount for job_id, it in single.items()}
        return [
            *broken(history, self.registered, demands),
            *unaccounted(self.ledger, CLUSTER, self.expected, final=True),
            *(f"{it.id} is {it.outcome}: {it.reason}" for it in jobs.values() if it.outcome is not _GOOD),
        ]

    def _queue(self, name: str, **attributes: str) -> str:
        hidden = {"VisibilityTimeout": str(HIDDEN_SECONDS)}
        answer = self.sqs.create_queue(QueueName=name, Attributes={**hidden, **attributes})
        url: str = answer["QueueUrl"]
        return url


_GOOD = State.SUCCEEDED


def work() -> Sequence[Mapping[str, Any]]:
    """Jobs of every kind that succeed."""
    return [
        *({"id": f"job{number}", "class": "high" if number % 3 else "low"} for number in range(24)),
        *({"id": f"g{number}", "group": {"id": "g", "size": 3}} for number in range(3)),
        {"id": "array", "array": 4},
        {"id": "after", "depends_on": ["job0", "array"]},
    ]


Trouble = Callable[[System, Crew], None]


def _hung(system: System, _: Crew) -> None:
    system.valkey.hang()
    threading.Timer(1.2, system.valkey.go_on).start()


def _killed(system: System, _: Crew) -> None:
    system.valkey.kill()
    system.valkey.start()


def _wiped(system: System, _: Crew) -> None:
    system.valkey.admin.flushall()


def _all_at_once(_: System, crew: Crew) -> None:
    crew.kill_all()


@pytest.mark.parametrize(
    ("seed", "troubles"),
    [(1, [_all_at_once, _all_at_once]), (2, [_hung, _killed, _wiped])],
    ids=["processes", "processes and the state"],
)
def test_processes_killed_at_any_call_lose_no_job_and_start_none_twice(
    seed: int, troubles: Sequence[Trouble], ministack: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        system = System(ministack, stack.enter_context(a_valkey(tmp_path / "valkey")), stack)
        crew = stack.enter_context(a_crew(system.place, random.Random(seed)))
        system.submit(*work())
        began = time.monotonic()
        due = [began + TROUBLE_SECONDS * (n + 1) / (len(troubles) + 1) for n in range(len(troubles))]
        while time.monotonic() < began + (TROUBLE_SECONDS if crew.killed >= KILLS else MOST_TROUBLE_SECONDS):
            crew.fill(mortal=True)
            if due and time.monotonic() >= due[0]:
                troubles[len(troubles) - len(due)](system, crew)
                due.pop(0)
            system.step()
            time.sleep(0.05)
        crew.kill_all()
        killed = crew.killed
        calm_until = time.monotonic() + CALM_SECONDS
        while not system.done() and time.monotonic() < calm_until:
            crew.fill(mortal=False)
            system.step()
            time.sleep(0.05)
        assert system.wrong() == []
        assert killed > WORKERS, "hardly anybody was killed"
