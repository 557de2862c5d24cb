"""What runs the containers of a task. The stand-in's agent asks; the engine tells what became of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from everyday_local.ecs.timeline import Timeline

RUN_SECONDS, EXIT_CODE, STOP_SECONDS = "STANDIN_SECONDS", "STANDIN_EXIT_CODE", "STANDIN_STOP_SECONDS"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
NOT_STARTED = ("CannotStartContainerError", "CannotPullContainerError")
KILLED = 137


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One container to run. `memory` is its hard limit in MiB, None when it has none."""

    task: str
    name: str
    image: str
    entry_point: Sequence[str]
    command: Sequence[str]
    environment: Mapping[str, str]
    memory: int | None
    stop_timeout: float


class Report(NamedTuple):
    """A container now runs (`exit_code` and `reason` None), or has ended."""

    task: str
    container: str
    running: bool
    exit_code: int | None = None
    reason: str | None = None


Tell = Callable[[Report], None]


class Engine(Protocol):
    """None of the methods waits for the containers. `tell` may be called from any thread."""

    def start(self, launch: Launch, tell: Tell) -> None:
        """Run it; tells once when it runs (unless it cannot), and once when it has ended."""
        ...

    def stop(self, task: str, container: str) -> None:
        """SIGTERM, and SIGKILL after its stop timeout. Nothing happens when it has ended."""
        ...

    def kill(self, task: str, container: str) -> None:
        """End it at once, and tell nothing more about it."""
        ...

    def close(self) -> None:
        """End everything."""
        ...


class ScriptedEngine:
    """Runs nothing: a container ends after the seconds its environment says, by the stand-in's clock.

    STANDIN_SECONDS (default 60), STANDIN_EXIT_CODE (default 0), STANDIN_STOP_SECONDS: how long it takes to
    end when it is told to (default 0; past its stop timeout it is killed, with exit code 137).
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._running: dict[tuple[str, str], tuple[Launch, Tell]] = {}

    def start(self, launch: Launch, tell: Tell) -> None:
        key = (launch.task, launch.name)
        self._running[key] = (launch, tell)
        tell(Report(launch.task, launch.name, running=True))
        code = int(launch.environment.get(EXIT_CODE, "0"))
        seconds = float(launch.environment.get(RUN_SECONDS, "60"))
        self._timeline.after(seconds, lambda: self._end(key, code))

    def stop(self, task: str, container: str) -> None:
        key = (task, container)
        if key not in self._running:
            return
        launch, _ = self._running[key]
        takes = float(launch.environment.get(STOP_SECONDS, "0"))
        late = takes > launch.stop_timeout
        self._timeline.after(min(takes, launch.stop_timeout), lambda: self._end(key, KILLED if late else 143))

    def kill(self, task: str, container: str) -> None:
        self._running.pop((task, container), None)

    def close(self) -> None:
        self._running.clear()

    def _end(self, key: tuple[str, str], code: int) -> None:
        if key in self._running:
            _, tell = self._running.pop(key)
            tell(Report(*key, running=False, exit_code=code))
