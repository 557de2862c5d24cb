"""Small stories that end by themselves: a world, and what happens in it, one step after the other."""

from collections.abc import Callable, Sequence

from everyday.jobs.model import State
from everyday_local.ecs.events import Weather
from everyday_local.ecs.faults import Effect, Fault
from tests.faults.jobs.world import Functions, World, a_world

Step = Callable[[Functions], None]
Scene = Callable[[], tuple[World, Sequence[Step]]]


def one_job() -> tuple[World, Sequence[Step]]:
    world = a_world()
    world.send("a")
    return world, [world.turn, world.later(40), world.turn]


def identical_jobs() -> tuple[World, Sequence[Step]]:
    """Three fit and share a call; the fourth has its turn when they have stopped."""
    world = a_world(300)
    for name in "abcd":
        world.send(name)
    return world, [world.turn, world.later(40), world.turn, world.later(40), world.turn]


def a_retry() -> tuple[World, Sequence[Step]]:
    world = a_world()
    world.send("a", exit_code=3, retries=1, expect=State.FAILED)
    return world, [world.turn, world.later(40), world.turn, world.later(40), world.turn]


def a_running_job_is_cancelled() -> tuple[World, Sequence[Step]]:
    world = a_world(100)
    world.send("a", seconds=50_000)
    world.send("b")
    return world, [world.turn, world.cancel("a"), world.turn, world.later(40), world.turn]


def a_waiting_job_is_cancelled() -> tuple[World, Sequence[Step]]:
    world = a_world(100)
    world.send("a")
    world.send("b")
    return world, [world.turn, world.cancel("b"), world.turn, world.later(40), world.turn]


def out_of_time() -> tuple[World, Sequence[Step]]:
    world = a_world()
    world.send("a", seconds=50_000, timeout_seconds=60, expect=State.TIMED_OUT)
    return world, [world.turn, world.later(70), _tick(world)]


def a_group() -> tuple[World, Sequence[Step]]:
    """Two at once on two instances, once somebody else has ended."""
    world = a_world(100, 100)
    world.send("a")
    for name in ("g1", "g2"):
        world.send(name, group={"id": "g", "size": 2})
    return world, [world.turn, world.later(40), world.turn, world.later(40), world.turn]


def an_array() -> tuple[World, Sequence[Step]]:
    world = a_world(200)
    world.send("a", array=3)
    return world, [world.turn, world.later(40), world.turn, world.later(40), world.turn]


def a_dependency() -> tuple[World, Sequence[Step]]:
    world = a_world()
    world.send("b", depends_on=["a"])
    world.send("a")
    world.send("d", depends_on=["c"], expect=State.CANCELLED)
    world.send("c", exit_code=1, expect=State.FAILED)
    return world, [world.turn, world.later(40), world.turn, world.later(40), world.turn]


def an_instance_is_lost() -> tuple[World, Sequence[Step]]:
    world = a_world(100)
    first = next(iter(world.aws.world.instances.values()))
    world.disturbed = True
    world.send("a")
    return world, [
        world.turn,
        lambda _: world.aws.terminate(first),
        lambda _: (world.instance(100), None)[1],
        world.turn,
        world.later(40),
        world.turn,
    ]


def a_lost_state() -> tuple[World, Sequence[Step]]:
    """The store is empty while one job runs and one waits; the next pass notices."""
    world = a_world(100)
    world.send("a")
    world.send("b")

    def wipe(_: Functions) -> None:
        world.state.wipe()
        world.send("c")

    ends = [step for _ in range(3) for step in (world.later(40), world.turn)]
    return world, [world.turn, wipe, world.turn, *ends]


def an_answer_is_lost() -> tuple[World, Sequence[Step]]:
    """ECS starts three tasks and nobody hears of it; the call is made again when it is due."""
    world = a_world()
    for name in "abc":
        world.send(name, seconds=900)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST))
    world.aws.weather(Weather(lose_next=12))
    return world, [world.turn, world.later(300), _wake(world), world.later(700), _tick(world)]


def a_token_is_too_old() -> tuple[World, Sequence[Step]]:
    """The same, and nobody looks for more than a day: another call would start them again."""
    world = a_world()
    for name in "abc":
        world.send(name, seconds=100_000)
    world.aws.faults.plant(Fault(on="RunTask", do=Effect.LOST))
    world.aws.weather(Weather(lose_next=12))
    return world, [world.turn, world.later(90_000), _wake(world), world.later(12_000), _tick(world)]


def ecs_refuses() -> tuple[World, Sequence[Step]]:
    """Somebody else took the room, and the event that told it was lost."""
    world = a_world(100)
    instance = next(iter(world.aws.world.instances.values()))
    world.aws.weather(Weather(lose_next=4))
    world.aws.place_foreign(instance, cpu=0, memory=50, seconds=60)
    world.disturbed = True
    world.send("a")
    return world, [world.turn, world.later(70), world.turn, world.later(40), world.turn]


def _tick(world: World, *, reading: bool = True) -> Step:
    def tick(cuts: Functions) -> None:
        world.tick(reading=reading)
        world.turn(cuts)

    return tick


def _wake(world: World) -> Step:
    return _tick(world, reading=False)


def never() -> tuple[World, Sequence[Step]]:
    """What no instance could hold, what nobody can read, and a good one between them."""
    world = a_world()
    world.send("a", memory=5_000, expect=State.REJECTED)
    world.send("b")
    world.send("c", task_definition="everyday-unknown", expect=State.REJECTED)
    return world, [world.turn, world.later(40), world.turn]


SCENES: dict[str, Scene] = {
    "one job": one_job,
    "identical jobs": identical_jobs,
    "a retry": a_retry,
    "a running job is cancelled": a_running_job_is_cancelled,
    "a waiting job is cancelled": a_waiting_job_is_cancelled,
    "out of time": out_of_time,
    "a group": a_group,
    "an array": an_array,
    "a dependency": a_dependency,
    "an instance is lost": an_instance_is_lost,
    "a lost state": a_lost_state,
    "an answer is lost": an_answer_is_lost,
    "a token is too old": a_token_is_too_old,
    "ecs refuses": ecs_refuses,
    "never": never,
}
