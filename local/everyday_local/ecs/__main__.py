"""`python -m everyday_local.ecs`: serve the clusters until told to end."""

import argparse
import json
import signal
import threading
from contextlib import ExitStack, closing
from pathlib import Path

from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.history import History
from everyday_local.ecs.podman import containers
from everyday_local.ecs.processes import ProcessEngine
from everyday_local.ecs.records import Names
from everyday_local.ecs.run import serving
from everyday_local.ecs.saved import Store
from everyday_local.ecs.timeline import utc_now
from everyday_local.ministack import REGION

_KEPT_IN_LOGS = 10_000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="everyday_local.ecs", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--state", type=Path, help="keep everything but the containers in this folder, and their output"
    )
    parser.add_argument("--events", metavar="URL", help="send state changes to the EventBridge there")
    parser.add_argument(
        "--engine",
        choices=["process", "podman"],
        default="process",
        help="run containers as plain processes (their image is not pulled) or with Podman",
    )
    parser.add_argument("--cluster", default="default", help="the cluster that is there from the beginning")
    parser.add_argument(
        "--instance",
        action="append",
        default=[],
        metavar="ID:CPU:MEMORY",
        help="an instance of it: EC2 instance id, CPU units, MiB; may be given several times",
    )
    return parser.parse_args()


def _furnish(ecs: Ecs, cluster: str, instances: list[str]) -> None:
    ecs.add_cluster(cluster)
    known = {each.ec2_id for each in ecs.world.instances.values() if each.status != "INACTIVE"}
    for ec2_id, cpu, memory in (text.split(":") for text in instances):
        if ec2_id in known:
            continue
        ecs.add_instance(cluster, cpu=int(cpu), memory=int(memory), ec2_id=ec2_id)


def main() -> None:
    """Print one JSON line when ready; SIGTERM or Ctrl-C ends it."""
    arguments = _arguments()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    logs = journal = None
    if arguments.state:
        arguments.state.mkdir(parents=True, exist_ok=True)
        logs, journal = arguments.state / "logs", arguments.state / "operations.jsonl"
    wrap = containers() if arguments.engine == "podman" else None
    ecs = Ecs(
        clock=utc_now,
        engine=lambda _: ProcessEngine(logs, wrap=wrap),
        names=Names(region=REGION),
        history=History(_KEPT_IN_LOGS, journal=journal),
    )
    with ExitStack() as stack:
        if arguments.events:
            from everyday_local.ecs.bus import connected  # boto3 takes longer to load than all the rest

            ecs.events.sinks.append(stack.enter_context(connected(arguments.events)))
        if arguments.state:
            store = stack.enter_context(closing(Store(arguments.state / "ecs.db")))
            ecs.keep_in(store)
        _furnish(ecs, arguments.cluster, arguments.instance)
        url = stack.enter_context(serving(ecs, port=arguments.port))
        print(json.dumps({"url": url}), flush=True)  # noqa: T201 - the line that callers wait for
        ended.wait()


if __name__ == "__main__":
    main()
