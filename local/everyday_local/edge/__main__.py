"""`python -m everyday_local.edge`: serve the sites of the local AWS until told to end."""

import argparse
import json
import signal
import threading
import time
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from everyday.adapters.aws import client_config
from everyday_local.aws import local_session
from everyday_local.edge.account import Account
from everyday_local.edge.app import build_app
from everyday_local.edge.functions import Functions
from everyday_local.edge.sites import Sites
from everyday_local.edge.stores import Stores
from everyday_local.serving import served


def main() -> None:
    """Print one JSON line when ready; SIGTERM or Ctrl-C ends it."""
    parser = argparse.ArgumentParser(prog="everyday_local.edge", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="keep the key-value stores in this folder")
    parser.add_argument("--cloud", required=True, metavar="URL", help="the local AWS")
    asked = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if asked.state:
        asked.state.mkdir(parents=True, exist_ok=True)
    clients = partial(local_session(asked.cloud).client, config=client_config(connections=40))
    with ExitStack() as stack:
        stores = stack.enter_context(closing(Stores(asked.state / "stores.db" if asked.state else None)))
        functions = stack.enter_context(closing(Functions()))
        account = Account(clients, time.monotonic)
        sites = Sites(account, functions, stores, time.monotonic)
        url = stack.enter_context(served(build_app(sites, stores, account), port=asked.port))
        print(json.dumps({"url": url}), flush=True)  # noqa: T201 - the line that callers wait for
        ended.wait()


if __name__ == "__main__":
    main()
