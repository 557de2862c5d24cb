"""`python -m everyday_local.ghost serve|install|up`: the light blog, or a real Ghost 6."""

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path

from everyday.errors import EverydayError
from everyday_local.ghost.install import DEFAULT_DIR, install
from everyday_local.ghost.real import real_ghost
from everyday_local.ghost.server import running


def main() -> int:
    """Run one command; 0 when it went well, 1 with the reason on stderr when it did not."""
    arguments = _parser().parse_args()
    try:
        if arguments.command == "serve":
            _serve(arguments.state, arguments.port)
        elif arguments.command == "install":
            _install(arguments.dir)
        else:
            _up(arguments.dir, arguments.state or arguments.dir, arguments.port)
    except EverydayError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="everyday_local.ghost", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    light = commands.add_parser("serve", help="the light blog, on loopback, in the foreground")
    light.add_argument("--port", type=int, default=0, help="0 takes a free one")
    light.add_argument(
        "--state", type=Path, required=True, help="the folder of its posts, files and admin_key"
    )
    installing = commands.add_parser("install", help="install a real Ghost 6 from npm packages (0.9 GB)")
    installing.add_argument("dir", type=Path, nargs="?", default=DEFAULT_DIR)
    up = commands.add_parser("up", help="run the installed Ghost, on loopback, in the foreground")
    up.add_argument("dir", type=Path, nargs="?", default=DEFAULT_DIR)
    up.add_argument("--port", type=int, default=0, help="0 takes a free one")
    up.add_argument("--state", type=Path, help="the folder of its content and admin_key (default: DIR)")
    return parser


def _serve(state: Path, port: int) -> None:
    _end_on_signals()
    with running(state, port=port) as blog:
        _say({"url": blog.url, "admin_key_file": str(state / "admin_key")})
        threading.Event().wait()


def _install(folder: Path) -> None:
    began = time.monotonic()
    found = install(folder)
    _say({"ghost": str(found.ghost), "seconds": round(time.monotonic() - began, 1)})


def _up(folder: Path, state: Path, port: int) -> None:
    """Until a signal comes or Ghost ends; then nothing that was started is left."""
    ghost = install(folder)
    _end_on_signals()
    began = time.monotonic()
    with real_ghost(ghost, state, port=port) as blog:
        seconds = round(time.monotonic() - began, 1)
        files = {"admin_key_file": str(state / "admin_key"), "owner_file": str(state / "owner.json")}
        _say({"url": blog.url, **files, "seconds": seconds})
        blog.process.wait()
    raise EverydayError(f"Ghost ended by itself; its log is {state / 'ghost.log'}")


def _end_on_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))


def _say(document: object) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
