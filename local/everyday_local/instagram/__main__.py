"""`python -m everyday_local.instagram`: serve the account until told to end."""

import argparse
import json
import signal
import threading
from datetime import timedelta
from pathlib import Path

from everyday_local.instagram.account import Account
from everyday_local.instagram.control import ready
from everyday_local.instagram.run import serving
from everyday_local.instagram.sample import bulk
from everyday_local.instagram.standin import Standin


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="everyday_local.instagram", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="keep changes, tokens and pictures in this folder")
    parser.add_argument("--delay-ms", type=int, default=0, help="hold each answer back by this long")
    parser.add_argument(
        "--bulk", type=int, metavar="COUNT", help="that many equal media instead of the sample"
    )
    parser.add_argument("--bytes", type=int, default=200_000, help="size of each bulk file")
    parser.add_argument("--film", action="store_true", help="bulk media are films")
    return parser.parse_args()


def _account(arguments: argparse.Namespace) -> Account | None:
    if arguments.bulk is None:
        return None
    return bulk(arguments.bulk, size=arguments.bytes, film=arguments.film)


def main() -> None:
    """Print one JSON line when ready; SIGTERM or Ctrl-C ends it."""
    arguments = _arguments()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    standin = Standin(
        _account(arguments), state=arguments.state, delay=timedelta(milliseconds=arguments.delay_ms)
    )
    with serving(standin, port=arguments.port):
        print(json.dumps(ready(standin)), flush=True)  # noqa: T201 - the line that callers wait for
        ended.wait()


if __name__ == "__main__":
    main()
