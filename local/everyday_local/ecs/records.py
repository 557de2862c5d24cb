"""What the stand-in keeps of each cluster, container instance, task definition and task."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from everyday_local.ecs.resources import Demand, Stock

AGENT_VERSION = "1.89.2"


class Names(NamedTuple):
    """Whose resources these are; makes their ARNs, in the form that names the cluster."""

    region: str = "us-east-1"
    account: str = "000000000000"

    def arn(self, *path: str) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:{'/'.join(path)}"


@dataclass(kw_only=True)
class Cluster:
    name: str
    arn: str
    status: str = "ACTIVE"
    tags: list[dict[str, str]] = field(default_factory=list)
    settings: list[dict[str, str]] = field(default_factory=list)


@dataclass(kw_only=True)
class Instance:
    """A container instance. `live` are the tasks on it that are not STOPPED, in the order of placement."""

    arn: str
    id: str
    cluster: Cluster
    ec2_id: str
    stock: Stock
    attributes: dict[str, str | None]
    registered_at: datetime
    status: str = "ACTIVE"
    connected: bool = True
    version: int = 0
    tags: list[dict[str, str]] = field(default_factory=list)
    live: dict[str, "Task"] = field(default_factory=dict)
    unreported: list[Any] = field(default_factory=list)


@dataclass(kw_only=True)
class Definition:
    """A revision of a task definition; `content` is what Describe tells of it."""

    family: str
    revision: int
    arn: str
    content: dict[str, Any]
    tags: list[dict[str, str]] = field(default_factory=list)

    @property
    def active(self) -> bool:
        return bool(self.content["status"] == "ACTIVE")


@dataclass(kw_only=True)
class Container:
    """One container of a task. `launch` is its definition with the overrides laid over it."""

    name: str
    arn: str
    launch: dict[str, Any]
    status: str = "PENDING"
    exit_code: int | None = None
    reason: str | None = None
    runtime_id: str | None = None
    gpu_ids: list[str] = field(default_factory=list)

    @property
    def essential(self) -> bool:
        return bool(self.launch.get("essential", True))


@dataclass(kw_only=True)
class Task:
    """A task. `order` is its place among all that were ever placed; `stop_order` that of its stop.

    `ready`: its agent knows of it. `begun`: its containers were told to start.
    """

    arn: str
    id: str
    cluster: Cluster
    instance: Instance
    definition: Definition
    demand: Demand
    overrides: dict[str, Any]
    containers: list[Container]
    group: str
    started_by: str | None
    created_at: datetime
    order: int
    tags: list[dict[str, str]] = field(default_factory=list)
    managed: bool = False
    status: str = "PENDING"
    desired: str = "RUNNING"
    version: int = 0
    ready: bool = False
    begun: bool = False
    stop_order: int | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    times: dict[str, datetime] = field(default_factory=dict)
    gpu_ids: list[str] = field(default_factory=list)

    @property
    def live(self) -> bool:
        return self.status != "STOPPED"
