"""QEMU's control channel: commands and events as lines of JSON over a socket."""

import json
import socket
from pathlib import Path
from threading import Lock
from typing import Any


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """One connection; safe to use by several threads. An answer comes within 20 s or never."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._deleted: set[str] = set()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("r")
        self._read()
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: Any) -> Any:
        """What the command returns. Raises QmpError."""
        with self._lock:
            self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
            while "return" not in (answer := self._read()):
                if "error" in answer:
                    raise QmpError(f"{command}: {answer['error']['desc']}")
                if answer.get("event") == "DEVICE_DELETED":
                    self._deleted.add(answer["data"].get("device", ""))
            return answer["return"]

    def deleted(self) -> set[str]:
        """The devices that the guest has let go since this was last asked."""
        self("query-status")
        found, self._deleted = self._deleted, set()
        return found

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def _read(self) -> dict[str, Any]:
        line = self._lines.readline()
        if not line:
            raise QmpError("QEMU is gone")
        answer: dict[str, Any] = json.loads(line)
        return answer
