"""Scheduler processes that can be killed at any call: `python -m tests.faults.jobs.crew` keeps them.

It imports everything once and forks a worker for each line of its input, `{"place": …, "seed": 3}`; a line
without a place ends all workers. A worker drains the queues with the deployed handlers, and kills itself with
SIGKILL at a call that its seed chooses; without a seed it lives. Tells `started <pid>`, `ended <pid>` when it
was killed, and `failed <pid>` when it ended otherwise. All end with its input.
"""

import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import boto3

from everyday.adapters.aws import client_config
from everyday.adapters.dynamo_ledger import DynamoLedger
from everyday.adapters.ecs import BotoEcs
from everyday.adapters.events_queue import SqsRebuilds
from everyday.adapters.jobs_queue import SqsDeadLetters, SqsWakes
from everyday.adapters.valkey.server import Server, connect
from everyday.adapters.valkey.state import ValkeyState
from everyday.errors import EverydayError
from everyday.jobs.answers import Asker
from everyday.jobs.ingest import Inbox, Intake
from everyday.jobs.issuing import Issuer
from everyday.jobs.plan import Rules
from everyday.jobs.scale import Scaling
from everyday.jobs.scheduling import Scheduler
from everyday.jobs.snapshot import Snapshotter
from everyday.jobs.tracking import Tracker
from functions.cluster_snapshot import handler as cluster_snapshot
from functions.job_ingest import handler as job_ingest
from functions.job_scheduler import handler as job_scheduler
from tests.functions.handling import AContext

CLUSTER = "default"
SPEED = 40
"""So many seconds of the system pass in one of ours: what waits for minutes is seen through in seconds."""

_SESSION = boto3.Session("test", "test", region_name="us-east-1")


class Place(NamedTuple):
    """Where everything is, and when its time began (seconds since 1970)."""

    aws: str
    ecs: str
    valkey: str
    table: str
    jobs: str
    wakes: str
    events: str
    letters: str
    began: float

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.began + (time.time() - self.began) * SPEED, UTC)

    def milliseconds(self) -> int:
        return round(self.now().timestamp() * 1000)


def client(service: str, url: str) -> Any:
    make: Any = _SESSION.client
    return make(service, endpoint_url=url, config=client_config(connections=16, hurried=True))


class Fuse:
    """Ends the process at the call with that number, before its effect or after it."""

    def __init__(self, seed: int | None) -> None:
        chance = random.Random(seed)
        self._left = chance.randint(8, 80) if seed is not None else -1
        self._after = chance.random() < 0.5

    def call(self, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        self._left -= 1
        if self._left == 0 and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = method(*args, **named)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


class Fused:
    """A port whose calls burn the fuse."""

    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port, self._fuse = port, fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        return lambda *args, **named: self._fuse.call(method, *args, **named)


class Worker:
    """All functions in one process, over the real adapters."""

    def __init__(self, place: Place, seed: int | None) -> None:
        self.sqs = client("sqs", place.aws)
        fuse = Fuse(seed)
        new_id = cache(lambda: random.Random(f"{os.getpid()} {time.time_ns()}"))

        def unique() -> str:
            return f"{new_id().getrandbits(128):032x}"

        def port(it: Any) -> Any:
            return Fused(it, fuse)

        ledger = port(DynamoLedger(client("dynamodb", place.aws), place.table))
        ecs = port(BotoEcs(client("ecs", place.ecs)))
        state = port(ValkeyState(Server(lambda: connect(place.valkey)), clock=place.milliseconds))
        wakes, letters = (
            port(SqsWakes(self.sqs, place.wakes)),
            port(SqsDeadLetters(self.sqs, place.letters)),
        )
        tracker = Tracker(ledger=ledger, ecs=ecs, clock=place.now)
        inbox = Inbox(
            ledger=ledger,
            definition=ecs.task_definition,
            wakes=wakes,
            dead_letters=letters,
            clock=place.now,
            new_id=unique,
            intake=Intake((CLUSTER,), ("everyday-*",), 21_600_000),
        )
        snapshotter = Snapshotter(tracker=tracker, state=state, wakes=wakes)
        scheduler = Scheduler(
            ledger=ledger,
            state=state,
            issuer=Issuer(asker=Asker(tracker=tracker, state=state, dead_letters=letters), new_id=unique),
            scaling=Scaling(None),
            wakes=wakes,
            rebuilds=port(SqsRebuilds(self.sqs, place.events)),
            clock=place.now,
            rules=Rules(),
            sleep=lambda _: None,
        )
        context = AContext(120)
        self.functions: Sequence[tuple[str, Callable[[Any], Mapping[str, Any]]]] = (
            (place.jobs, lambda event: job_ingest.handle(event, context, inbox=inbox)),
            (place.events, lambda event: cluster_snapshot.handle(event, None, snapshotter=snapshotter)),
            (place.wakes, lambda event: job_scheduler.handle(event, context, scheduler=scheduler)),
        )

    def run(self) -> None:
        while True:
            busy = [self.drain(url, handle) for url, handle in self.functions]
            if not any(busy):
                time.sleep(0.02)

    def drain(self, url: str, handle: Callable[[Any], Mapping[str, Any]]) -> bool:
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
        messages = answer.get("Messages", [])
        if messages:
            try:
                failed = {it["itemIdentifier"] for it in handle(_event(messages))["batchItemFailures"]}
            except EverydayError:
                return True
            for it in messages:
                if it["MessageId"] not in failed:
                    # On a slow machine it was delivered again meanwhile, and this handle is void.
                    with suppress(self.sqs.exceptions.ReceiptHandleIsInvalid):
                        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=it["ReceiptHandle"])
        return bool(messages)


def _event(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": it["MessageId"], "body": it["Body"], "attributes": it["Attributes"]}
            for it in messages
        ]
    }


def keep() -> None:
    """Fork, bury and tell, until there is nothing more to read; then end all."""
    for service in ("sqs", "dynamodb", "ecs"):
        client(service, "http://127.0.0.1:1")  # botocore reads its models once, before the forks
    alive: set[int] = set()
    _tell("ready", os.getpid())
    while True:
        if select.select([sys.stdin], [], [], 0.02)[0]:
            line = sys.stdin.readline()
            if not line:
                break
            asked = json.loads(line)
            if asked["place"]:
                alive.add(_forked(asked))
            else:
                _kill(alive)
        alive -= set(_ended(alive))
    _kill(alive)


def _kill(alive: set[int]) -> None:
    """Children that were not buried yet: nobody else can have their ids."""
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


def _forked(asked: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - handlers print their metrics
        Worker(Place(**asked["place"]), asked["seed"]).run()
    _tell("started", pid)
    return pid


def _ended(alive: set[int]) -> list[int]:
    found = [(pid, status) for each in alive for pid, status in [os.waitpid(each, os.WNOHANG)] if pid]
    for pid, status in found:
        _tell("ended" if os.WIFSIGNALED(status) else "failed", pid)
    return [pid for pid, _ in found]


def _tell(what: str, pid: int) -> None:
    print(what, pid, flush=True)  # noqa: T201 - this is how it answers


if __name__ == "__main__":
    keep()
