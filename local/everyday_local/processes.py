"""Starts processes, remembers them in files, and ends them: whole groups, and nothing that is not ours."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

import msgspec

from everyday_local import identity
from everyday_local.errors import LocalError
from everyday_local.folder import PROJECT, Folder
from everyday_local.ports import is_free
from everyday_local.service import Record, Service

_TAIL_LINES = 15
_LOOK_SECONDS = 0.05
_WATCH_SECONDS = 0.5
_KILL_SECONDS = 5.0


class Processes:
    """The processes of one folder, whoever started them."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._launching = Lock()
        self._closed = False

    @property
    def own(self) -> list[str]:
        """What this object started and did not end."""
        return list(self._children)

    def running(self) -> dict[str, Record]:
        """What was started and still lives, by name."""
        alive = identity.living()
        return {
            record.name: record
            for record in self._records()
            if (seen := alive.get(record.pid)) and seen.started == record.started
        }

    def start(self, service: Service) -> Record:
        """Start the service and wait until it serves. Raises LocalError with the end of its log."""
        if not is_free(service.port):
            # Else somebody else's answers would be taken for ours.
            raise LocalError(f"port {service.port} was just taken by another program; run it again")
        environment = {**service.environment, **service.switches}
        record = self._launch(service.name, service.command, environment, service=service)
        self._wait_ready(service)
        return record

    def run(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, seconds: float
    ) -> None:
        """Run a program to its end. Raises LocalError with the end of its log when it fails or hangs."""
        self._launch(name, command, environment)
        try:
            status = self._children[name].wait(seconds)
        except subprocess.TimeoutExpired:
            self.end([name])
            raise self._failure(name, f"`{name}` took longer than {seconds:.0f} s") from None
        self._children.pop(name)
        self._forget(name)
        if status:
            raise self._failure(name, f"`{name}` failed with status {status}")

    def end(self, names: Iterable[str], *, grace_seconds: float = 15.0) -> list[str]:
        """End these processes with their children, politely and then by force; the names of what lived."""
        wanted = set(names)
        records = [record for record in self._records() if record.name in wanted]
        lived = [record for record in records if self._signal(record, signal.SIGTERM)]
        left = self._wait_gone(lived, grace_seconds)
        for record in left:
            # Seen a moment ago and never empty since, so the group's id is still ours.
            with suppress(ProcessLookupError):
                os.killpg(record.pid, signal.SIGKILL)
        self._wait_gone(left, _KILL_SECONDS)
        for record in records:
            self._forget(record.name)
            self._children.pop(record.name, None)
        return [record.name for record in lived]

    def end_all(self) -> list[str]:
        """End everything that was ever started in this folder and still lives."""
        return self.end([record.name for record in self._records()])

    def close(self) -> None:
        """Start nothing more, and end what this object started."""
        with self._launching:
            self._closed = True
        self.end(list(self._children))

    def watch(self) -> None:
        """Wait until somebody ends what this object started. Raises LocalError when one ends by itself."""
        while self._children:
            for name, child in self._children.items():
                if child.poll() is not None:
                    if self._file(name).exists():
                        raise self._failure(name, f"{name} ended by itself with status {child.returncode}")
                    return
            time.sleep(_WATCH_SECONDS)

    def tail(self, name: str) -> str:
        """The last lines of a process's log."""
        try:
            lines = self.folder.log(name).read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(f"    {line[:300]}" for line in lines[-_TAIL_LINES:])

    def _launch(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        service: Service | None = None,
    ) -> Record:
        with self._launching, self.folder.log(name).open("wb") as log:
            if self._closed:
                raise LocalError(f"{name} is not started any more: local mode is ending")
            try:
                child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=dict(environment),
                    cwd=PROJECT,
                    # A group of its own: Ctrl-C reaches only us, and we can end it with all its children.
                    start_new_session=True,
                )
            except OSError as error:
                raise LocalError(f"{name} cannot be started: {error}; run `make run` again") from error
            self._children[name] = child
            return self._remember(name, child.pid, service)

    def _remember(self, name: str, pid: int, service: Service | None) -> Record:
        seen = identity.living().get(pid)
        record = Record(
            name=name,
            title=service.title if service else name,
            pid=pid,
            started=seen.started if seen else "",
            port=service.port if service else 0,
            address=service.address if service else "",
            digest=service.digest if service else "",
        )
        aside = self._file(name).with_suffix(".new")
        aside.write_bytes(msgspec.json.encode(record))
        aside.replace(self._file(name))
        return record

    def _records(self) -> list[Record]:
        found = []
        for file in sorted(self.folder.sub("run").glob("*.json")):
            try:
                found.append(msgspec.json.decode(file.read_bytes(), type=Record))
            except (OSError, msgspec.DecodeError):
                continue  # ended by somebody else at this moment, or written by another version
        return found

    def _wait_ready(self, service: Service) -> None:
        deadline = time.monotonic() + service.start_seconds
        while not service.ready():
            if self._children[service.name].poll() is not None:
                raise self._failure(service.name, f"{service.title} ended while it started")
            if time.monotonic() > deadline:
                seconds = service.start_seconds
                raise self._failure(service.name, f"{service.title} did not answer in {seconds:.0f} s")
            time.sleep(_LOOK_SECONDS)

    def _signal(self, record: Record, number: signal.Signals) -> bool:
        """Send the signal to what is left of the group; whether there was anything."""
        leader = identity.living().get(record.pid)
        try:
            if leader and leader.started == record.started:
                os.killpg(record.pid, number)
                return True
            orphans = [] if leader else identity.members(record.pid, self.folder.path)
            for pid in orphans:
                os.kill(pid, number)
        except ProcessLookupError:
            return False
        return bool(orphans)

    def _wait_gone(self, records: Sequence[Record], seconds: float) -> list[Record]:
        deadline = time.monotonic() + seconds
        left = list(records)
        while left := [record for record in left if self._left(record)]:
            if time.monotonic() > deadline:
                break
            time.sleep(_LOOK_SECONDS)
        return left

    def _left(self, record: Record) -> bool:
        child = self._children.get(record.name)
        if child is not None:
            child.poll()
        return any(seen.group == record.pid for seen in identity.living().values())

    def _forget(self, name: str) -> None:
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.folder.sub("run") / f"{name}.json"

    def _failure(self, name: str, what: str) -> LocalError:
        log = self.folder.log(name)
        return LocalError(f"{what}. The end of {log}:\n{self.tail(name) or '    (it is empty)'}")
