"""Runs CloudFront Functions as they are deployed, in one Node process."""

import json
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from everyday_local.errors import LocalError

RUNNER = Path(__file__).with_name("runner.js")

LARGEST = 10_240
"""Bytes that CloudFront takes of one function (its quotas)."""

_SECONDS = 5.0

Read = Callable[[str], str | None]
"""A value of the key-value store; None when the key is not there."""


class FunctionFailed(Exception):
    """The function threw, returned nothing, or took too long; the message is its own."""


class Functions:
    """One call at a time; a call that hangs costs its process, and the next gets a new one."""

    def __init__(self, node: str = "node", *, seconds: float = _SECONDS) -> None:
        self._command = [node, str(RUNNER)]
        self.seconds = seconds
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()

    def run(self, code: str, event: Mapping[str, Any], read: Read) -> dict[str, Any]:
        """What the function's handler returns. Raises FunctionFailed."""
        if len(code.encode()) > LARGEST:
            raise FunctionFailed(f"the function has more than {LARGEST} bytes")
        with self._turn:
            process = self._started()
            watch = threading.Timer(self.seconds, process.kill)
            watch.start()
            try:
                return _call(process, code, event, read)
            except (OSError, EOFError) as error:
                self._end()
                raise FunctionFailed(
                    f"the function took more than {self.seconds:.0f} s, or Node ended"
                ) from error
            finally:
                watch.cancel()

    def close(self) -> None:
        with self._turn:
            self._end()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            try:
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
                )
            except OSError as error:
                raise LocalError(f"Node cannot be started: {error}; install it and try again") from error
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            with suppress(OSError):
                self._process.communicate()
            self._process = None


def _call(
    process: "subprocess.Popen[str]", code: str, event: Mapping[str, Any], read: Read
) -> dict[str, Any]:
    _say(process, {"code": code, "event": event})
    while True:
        answer = _heard(process)
        if "method" in answer:
            _say(process, _read(answer["method"], answer["key"], read))
        elif isinstance(answer.get("returned"), dict):
            returned: dict[str, Any] = answer["returned"]
            return returned
        else:
            raise FunctionFailed(str(answer.get("error", "the function returned nothing")))


def _read(method: str, key: str, read: Read) -> dict[str, object]:
    value = read(key)
    if method == "exists":
        return {"value": value is not None}
    return {"error": f"the key {key} does not exist"} if value is None else {"value": value}


def _say(process: "subprocess.Popen[str]", document: Mapping[str, object]) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    process.stdin.write(json.dumps(document) + "\n")
    process.stdin.flush()


def _heard(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    line = process.stdout.readline()
    if not line:
        raise EOFError
    document: dict[str, Any] = json.loads(line)
    return document
