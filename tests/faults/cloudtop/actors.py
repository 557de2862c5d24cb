"""Programs that wait, in a world whose time only moves when it is told to: one runs at a time."""

from collections.abc import Callable
from threading import Event, Thread

from everyday_local.ec2.world import World


class PowerCut(BaseException):
    """The program's machine ended while it waited."""


class Actor:
    """`program(sleep)` runs in a thread of its own; the world stands still while it does."""

    def __init__(self, world: World, program: Callable[[Callable[[float], None]], None]) -> None:
        self._world = world
        self._program = program
        self._go, self._paused = Event(), Event()
        self.over = False
        self._dead = False
        self.error: BaseException | None = None
        Thread(target=self._run, daemon=True).start()
        world.after(0, self._resume)

    def kill(self) -> None:
        """The program ends where it waits."""
        self._dead = True
        self._world.after(0, self._resume)

    def _resume(self) -> None:
        if self.over:
            return
        self._paused.clear()
        self._go.set()
        assert self._paused.wait(30), "a program of the simulation hangs"

    def _run(self) -> None:
        self._go.wait(60)
        self._go.clear()
        try:
            if not self._dead:
                self._program(self._sleep)
        except PowerCut:
            pass
        except BaseException as error:  # noqa: BLE001 - told by the test, in its own thread
            self.error = error
        self.over = True
        self._paused.set()

    def _sleep(self, seconds: float) -> None:
        self._world.after(max(seconds, 0.001), self._resume)
        self._paused.set()
        assert self._go.wait(600), "the simulation has ended"
        self._go.clear()
        if self._dead:
            raise PowerCut
