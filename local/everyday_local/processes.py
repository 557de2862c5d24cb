"""Starts processes, remembers them in files, and ends them: whole groups, and nothing that is not ours."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Lock, current_thread, main_thread
from typing import NamedTuple

from everyday_local import identity
from everyday_local.errors import LocalError, PortTaken
from everyday_local.folder import PROJECT, Folder
from everyday_local.ports import claimed, unused
from everyday_local.records import Records
from everyday_local.service import Record, Service

_TAIL_LINES = 15
_LOOK_SECONDS = 0.05
_WATCH_SECONDS = 0.5
_GRACE_SECONDS = 15.0
_KILL_SECONDS = 5.0


class Child(NamedTuple):
    """A process that this object started."""

    record: Record
    process: "subprocess.Popen[bytes]"


class Processes:
    """The processes of one folder, whoever started them."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._records = Records(folder)
        self._children: dict[str, Child] = {}
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
            for record in self._records.all()
            if (seen := alive.get(record.pid)) and seen.started == record.started
        }

    def start(self, service: Service) -> Record:
        """Start the service and wait until it serves. Raises LocalError with the end of its log."""
        with claimed(service.port) as ours:
            if not ours or not unused(service.port):
                # Else somebody else's answers would be taken for ours.
                raise _taken(service)
            environment = {**service.environment, **service.switches}
            child = self._launch(service.name, service.command, environment, service=service)
            self._wait_ready(service, child)
            return child.record

    def run(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, seconds: float
    ) -> None:
        """Run a program to its end. Raises LocalError with the end of its log when it fails or hangs."""
        child = self._launch(name, command, environment)
        try:
            status = child.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._end([child.record])
            raise self._failure(name, f"`{name}` took longer than {seconds:.0f} s") from None
        self._forget(child.record)
        if status:
            raise self._failure(name, f"`{name}` failed with status {status}")

    def end(self, names: Iterable[str]) -> list[str]:
        """End these processes with their children, politely and then by force; the names of what lived."""
        wanted = set(names)
        return self._end([record for record in self._records.all() if record.name in wanted])

    def end_all(self) -> list[str]:
        """End everything that was ever started in this folder and still lives."""
        return self._end(self._records.all())

    def close(self) -> None:
        """Start nothing more, and end what this object started: that, even where its record is lost, and
        nothing that somebody else started in its place."""
        with self._launching:
            self._closed = True
        with _undisturbed():
            self._end([child.record for child in list(self._children.values())])

    def watch(self) -> None:
        """Wait until somebody ends what this object started. Raises LocalError when one ends by itself."""
        while self._children:
            for name, (record, process) in self._children.items():
                if process.poll() is not None:
                    if self._records.holds(record):
                        status = process.returncode
                        raise self._failure(name, f"{record.title} ended by itself with status {status}")
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
    ) -> Child:
        with self._launching, self.folder.log(name).open("wb") as log:
            if self._closed:
                raise LocalError(f"{name} is not started any more: local mode is ending")
            try:
                process = subprocess.Popen(
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
            child = self._children[name] = Child(_record(name, process.pid, service), process)
            self._records.write(child.record)
            return child

    def _end(self, records: Sequence[Record]) -> list[str]:
        lived = [record for record in records if self._signal(record, signal.SIGTERM)]
        left = self._wait_gone(lived, _GRACE_SECONDS)
        for record in left:
            # Seen a moment ago and never empty since, so the group's id is still ours.
            with suppress(ProcessLookupError):
                os.killpg(record.pid, signal.SIGKILL)
        self._wait_gone(left, _KILL_SECONDS)
        for record in records:
            self._forget(record)
        return [record.name for record in lived]

    def _wait_ready(self, service: Service, child: Child) -> None:
        deadline = time.monotonic() + service.start_seconds
        while not service.ready() or child.process.poll() is not None:
            if child.process.poll() is not None:
                raise self._ended_at_start(service)
            if time.monotonic() > deadline:
                seconds = service.start_seconds
                raise self._failure(service.name, f"{service.title} did not answer in {seconds:.0f} s")
            time.sleep(_LOOK_SECONDS)

    def _ended_at_start(self, service: Service) -> LocalError:
        """Why: mostly because somebody else was quicker to listen on its port, and may even answer there."""
        if not unused(service.port):
            return _taken(service)
        return self._failure(service.name, f"{service.title} ended while it started")

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
            child.process.poll()
        return any(seen.group == record.pid for seen in identity.living().values())

    def _forget(self, record: Record) -> None:
        self._records.forget(record)
        child = self._children.get(record.name)
        if child and child.record == record:
            del self._children[record.name]

    def _failure(self, name: str, what: str) -> LocalError:
        log = self.folder.log(name)
        return LocalError(f"{what}. The end of {log}:\n{self.tail(name) or '    (it is empty)'}")


def _taken(service: Service) -> PortTaken:
    return PortTaken(f"port {service.port} was just taken by another program; run it again")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """An impatient second Ctrl-C would leave processes behind; ending takes at most 20 seconds anyway."""
    if current_thread() is not main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _record(name: str, pid: int, service: Service | None) -> Record:
    seen = identity.living().get(pid)
    return Record(
        name=name,
        title=service.title if service else name,
        pid=pid,
        started=seen.started if seen else "",
        port=service.port if service else 0,
        address=service.address if service else "",
        digest=service.digest if service else "",
    )
