"""Containers as containers: Podman runs the image of each."""

import json
from collections.abc import Sequence

from everyday_local.ecs.engine import Launch
from everyday_local.ecs.nursery import Order
from everyday_local.ecs.processes import Wrap, inherited

_OF_PODMAN = ("XDG_RUNTIME_DIR", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "CONTAINERS_REGISTRIES_CONF")
# podman-run(1), exit status.
_REFUSALS = {
    125: "CannotPullContainerError: podman could not run the image; the log of the container says why",
    126: "CannotStartContainerError: the command cannot be run",
    127: "CannotStartContainerError: the command was not found in the image",
}


def containers(podman: Sequence[str] = ("podman",)) -> Wrap:
    """Runs each container with this command on the network of the host, held to its memory by the kernel.

    SIGTERM reaches the container through the client, which is its process here; whatever becomes of the
    client, the container is removed after it. Memory is not held where Podman may not use control groups.
    """

    def wrap(launch: Launch) -> Order:
        name = f"ecs-{launch.task.rpartition('/')[2]}-{launch.name}"
        return Order(
            command=[*podman, "run", *_options(launch, name), launch.image, *launch.command],
            # Podman hands on by name, so that no value is in the list of processes.
            environment=inherited(*_OF_PODMAN) | dict(launch.environment),
            cleanup=[*podman, "rm", "--force", "--ignore", "--time=0", name],
            refusals=_REFUSALS,
        )

    return wrap


def _options(launch: Launch, name: str) -> list[str]:
    memory = f"--memory={launch.memory}m"
    limits = [memory, memory.replace("--memory", "--memory-swap")] if launch.memory else []
    point = [f"--entrypoint={json.dumps(list(launch.entry_point))}"] if launch.entry_point else []
    told = [f"--env={name}" for name in launch.environment]
    return [f"--name={name}", "--network=host", *limits, *point, *told]
