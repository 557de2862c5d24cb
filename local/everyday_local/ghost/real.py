"""Runs a real Ghost 6 on loopback: SQLite, development mode, mail stubbed. Not for production."""

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from everyday.errors import BlogUnavailable
from everyday_local.ghost.install import Installed
from everyday_local.ghost.private import write_private
from everyday_local.ports import any_free

_OWNER_EMAIL = "owner@example.com"
_BOOT_SECONDS = 240.0
_CALL_SECONDS = 60.0

# Ghost asks for better-sqlite3, which would have to be compiled; libsql has its interface and comes compiled.
# Its standard input is a pipe that ends when we do, however we end: then Ghost ends too.
_PRELOAD = """\
const Module = require('module');
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) =>
  resolve.call(Module, request === 'better-sqlite3' ? %s : request, ...rest);
if (require('worker_threads').isMainThread) {
  process.stdin.on('end', () => process.exit(0)).resume();
}
"""


@dataclass(frozen=True)
class RealBlog:
    """A running Ghost: its address, its Admin API key, and the process."""

    url: str
    admin_key: str = field(repr=False)
    process: "subprocess.Popen[bytes]"


@contextmanager
def real_ghost(ghost: Installed, state: Path, *, port: int = 0) -> Iterator[RealBlog]:
    """Start Ghost with its content in `state`, set its owner up, and end it afterwards.

    `port` 0 takes a free one. Raises BlogUnavailable with the end of its log when it does not come up.
    """
    port = port or any_free()
    url = f"http://127.0.0.1:{port}"
    _prepare(ghost, state)
    process = _start(ghost, state, url, port)
    try:
        _wait(url, process, state)
        yield RealBlog(url, _admin_key(url, state), process)
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _prepare(ghost: Installed, state: Path) -> None:
    state.mkdir(parents=True, exist_ok=True)
    content = state.absolute() / "content"
    if not content.exists():
        shutil.copytree(ghost.ghost / "content", content)
    (state / "preload.js").write_text(_PRELOAD % json.dumps(str(ghost.driver)))


def _configuration(state: Path, url: str, port: int) -> dict[str, str]:
    """Ghost reads `a__b` in its environment as `a.b`, so an installed Ghost is never written to."""
    content = state.absolute() / "content"
    return {
        "NODE_ENV": "development",
        "NODE_OPTIONS": f"--require {json.dumps(str(state.absolute() / 'preload.js'))}",
        "url": url,
        "server__host": "127.0.0.1",
        "server__port": str(port),
        "database__client": "better-sqlite3",
        "database__connection__filename": str(content / "data" / "ghost.db"),
        "paths__contentPath": f"{content}/",
        "mail__transport": "stub",
        # A sign-in from a new device would otherwise want a code from an e-mail that nobody sends.
        "security__staffDeviceVerification": "false",
        "privacy__useUpdateCheck": "false",
        "privacy__useGravatar": "false",
        "privacy__useRpcPing": "false",
        "logging__level": "error",
        "logging__transports": '["stdout"]',
    }


def _start(ghost: Installed, state: Path, url: str, port: int) -> "subprocess.Popen[bytes]":
    with (state / "ghost.log").open("wb") as log:
        return subprocess.Popen(
            [str(ghost.node), "index.js"],
            cwd=ghost.ghost,
            env={**os.environ, **_configuration(state, url, port)},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _wait(url: str, process: "subprocess.Popen[bytes]", state: Path) -> None:
    until = time.monotonic() + _BOOT_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            if requests.get(f"{url}/ghost/api/admin/site/", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.25)
    log = (state / "ghost.log").read_text(encoding="utf-8", errors="replace")
    raise BlogUnavailable(f"Ghost did not come up on {url}:\n{log[-2000:]}")


def _admin_key(url: str, state: Path) -> str:
    """The key of our integration; the first start sets the owner up and makes one.

    Both steps can be repeated after a crash between them: the owner's password is written down first.
    """
    kept = state / "admin_key"
    if kept.is_file():
        return kept.read_text().strip()
    owner = _owner(state)
    admin = f"{url}/ghost/api/admin"
    with requests.Session() as session:
        session.headers["Origin"] = url
        if not _call(session, "GET", f"{admin}/authentication/setup/")["setup"][0]["status"]:
            _call(session, "POST", f"{admin}/authentication/setup/", {"setup": [owner]})
        login = {"username": owner["email"], "password": owner["password"]}
        _call(session, "POST", f"{admin}/session/", login)
        made = _call(
            session,
            "POST",
            f"{admin}/integrations/?include=api_keys",
            {"integrations": [{"name": "everyday"}]},
        )
    keys = made["integrations"][0]["api_keys"]
    key: str = next(each["secret"] for each in keys if each["type"] == "admin")
    write_private(kept, key)
    return key


def _owner(state: Path) -> dict[str, str]:
    path = state / "owner.json"
    if not path.is_file():
        owner = {
            "name": "Owner",
            "email": _OWNER_EMAIL,
            "password": secrets.token_urlsafe(24),
            "blogTitle": "everyday",
        }
        write_private(path, json.dumps(owner))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def _call(session: requests.Session, method: str, url: str, body: dict[str, Any] | None = None) -> Any:
    answer = session.request(method, url, json=body, timeout=_CALL_SECONDS)
    if not answer.ok:
        raise BlogUnavailable(f"Ghost's set-up failed at {url}: {answer.status_code} {answer.text[:500]}")
    return answer.json() if "json" in answer.headers.get("content-type", "") else None
