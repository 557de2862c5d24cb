"""A worker that runs: what it says, and its end."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

END_SECONDS = 60


class Program:
    """A process that writes one JSON object a line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.said: list[dict[str, Any]] = []

    @property
    def events(self) -> list[str]:
        return [line["event"] for line in self.said]

    @property
    def done(self) -> list[str]:
        """The ids of the messages that it worked on."""
        return [line["message"] for line in self.said if line["event"] == "done"]

    @property
    def peak_mebibytes(self) -> int:
        """The most memory that the living process ever had."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        (kibibytes,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(kibibytes) // 1024

    def until(self, event: str) -> dict[str, Any]:
        """Wait until it says this."""
        for line in self._process.stdout or ():
            self.said.append(json.loads(line))
            if self.said[-1]["event"] == event:
                return self.said[-1]
        raise AssertionError(f"it ended without «{event}», having said {self.said}")

    def tell(self, signal_: signal.Signals) -> None:
        os.kill(self._process.pid, signal_)

    def end(self) -> int:
        """Wait for its end; its exit code."""
        rest, _ = self._process.communicate(timeout=END_SECONDS)
        self.said += map(json.loads, rest.splitlines())
        return self._process.returncode


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str], *, folder: Path | None = None
) -> Iterator[Program]:
    """It ends with the block at the latest. `folder` is where it works and may leave things."""
    with subprocess.Popen(
        command, env=dict(environment), cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Program(process)
        finally:
            process.kill()
