"""`python -m everyday_local.ecs`: serve the clusters until told to end."""

import argparse
import json
import signal
import threading

from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.history import History
from everyday_local.ecs.run import serving
from everyday_local.ecs.timeline import utc_now

_KEPT_IN_LOGS = 10_000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="everyday_local.ecs", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
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
    for text in instances:
        ec2_id, cpu, memory = text.split(":")
        ecs.add_instance(cluster, cpu=int(cpu), memory=int(memory), ec2_id=ec2_id)


def main() -> None:
    """Print one JSON line when ready; SIGTERM or Ctrl-C ends it."""
    arguments = _arguments()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ecs = Ecs(clock=utc_now, history=History(_KEPT_IN_LOGS))
    _furnish(ecs, arguments.cluster, arguments.instance)
    with serving(ecs, port=arguments.port) as url:
        print(json.dumps({"url": url}), flush=True)  # noqa: T201 - the line that callers wait for
        ended.wait()


if __name__ == "__main__":
    main()
