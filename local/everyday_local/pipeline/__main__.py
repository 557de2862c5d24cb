"""`python -m everyday_local.pipeline`: run the deployed pipelines until told to end."""

import argparse
import json
import signal
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from botocore.config import Config

from everyday_local.aws import local_session
from everyday_local.ecs.bus import connected
from everyday_local.pipeline.actions import Actions
from everyday_local.pipeline.app import build_app
from everyday_local.pipeline.engine import Engine
from everyday_local.pipeline.events import Tell
from everyday_local.pipeline.jobs import Jobs
from everyday_local.pipeline.records import Records
from everyday_local.serving import served

# A function may take its fifteen minutes; a call that was made is never made again by botocore.
_CONFIG = Config(connect_timeout=5, read_timeout=930, retries={"total_max_attempts": 1})


def main() -> None:
    """Print one JSON line when ready; SIGTERM or Ctrl-C ends it."""
    parser = argparse.ArgumentParser(prog="everyday_local.pipeline", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="remember executions in this folder")
    parser.add_argument("--cloud", required=True, metavar="URL", help="the local AWS")
    asked = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if asked.state:
        asked.state.mkdir(parents=True, exist_ok=True)
    clients = partial(local_session(asked.cloud).client, config=_CONFIG)
    records, jobs = Records(asked.state / "executions.json" if asked.state else None), Jobs()
    with connected(asked.cloud) as bus:
        engine = Engine(clients("ssm"), Actions(clients, jobs), records, Tell(bus), lambda: datetime.now(UTC))
        with served(build_app(engine, jobs, records), port=asked.port) as url:
            print(json.dumps({"url": url}), flush=True)  # noqa: T201 - the line that callers wait for
            engine.watch(ended)


if __name__ == "__main__":
    main()
