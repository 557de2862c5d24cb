"""What a task needs, what an instance has, and the rule by which ECS adds a task's containers up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# What the ECS-optimized AMI's agent reserves for itself when it registers: ssh, docker and the agent.
AGENT_PORTS = frozenset({22, 2375, 2376, 51678, 51679})


@dataclass(frozen=True, kw_only=True)
class Demand:
    """CPU units, MiB, host ports, GPUs, and network interfaces (`awsvpc` takes one)."""

    cpu: int = 0
    memory: int = 0
    tcp: frozenset[int] = frozenset()
    udp: frozenset[int] = frozenset()
    gpus: int = 0
    enis: int = 0


@dataclass
class Stock:
    """What an instance was registered with, and what of it is free. `gpus` are their ids."""

    cpu: int
    memory: int
    gpus: tuple[str, ...] = ()
    enis: int = 2
    reserved_tcp: frozenset[int] = AGENT_PORTS
    reserved_udp: frozenset[int] = frozenset()
    free_cpu: int = field(init=False)
    free_memory: int = field(init=False)
    free_gpus: list[str] = field(init=False)
    free_enis: int = field(init=False)
    used_tcp: set[int] = field(init=False)
    used_udp: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.free_cpu, self.free_memory, self.free_enis = self.cpu, self.memory, self.enis
        self.free_gpus = list(self.gpus)
        self.used_tcp, self.used_udp = set(self.reserved_tcp), set(self.reserved_udp)

    def lacking(self, demand: Demand) -> str | None:
        """The first thing there is too little of, as ECS names it in a failure; None when it fits."""
        short = {
            "RESOURCE:CPU": demand.cpu > self.free_cpu,
            "RESOURCE:MEMORY": demand.memory > self.free_memory,
            "RESOURCE:PORTS": bool(demand.tcp & self.used_tcp or demand.udp & self.used_udp),
            "RESOURCE:GPU": demand.gpus > len(self.free_gpus),
            "RESOURCE:ENI": demand.enis > self.free_enis,
        }
        return next((reason for reason, lacks in short.items() if lacks), None)

    def take(self, demand: Demand) -> list[str]:
        """Allocate what fits; returns the ids of its GPUs."""
        self.free_cpu -= demand.cpu
        self.free_memory -= demand.memory
        self.free_enis -= demand.enis
        self.used_tcp |= demand.tcp
        self.used_udp |= demand.udp
        gpus, self.free_gpus = self.free_gpus[: demand.gpus], self.free_gpus[demand.gpus :]
        return gpus

    def give_back(self, demand: Demand, gpus: Sequence[str]) -> None:
        self.free_cpu += demand.cpu
        self.free_memory += demand.memory
        self.free_enis += demand.enis
        self.used_tcp -= demand.tcp
        self.used_udp -= demand.udp
        self.free_gpus = [gpu for gpu in self.gpus if gpu in {*self.free_gpus, *gpus}]

    def registered(self) -> list[dict[str, Any]]:
        """`registeredResources`: the ports are those that the agent took."""
        return _described(self.cpu, self.memory, self.reserved_tcp, self.reserved_udp, self.gpus)

    def remaining(self) -> list[dict[str, Any]]:
        """`remainingResources`: CPU, MEMORY and GPU are what is free, the ports are what is taken."""
        return _described(self.free_cpu, self.free_memory, self.used_tcp, self.used_udp, self.free_gpus)


def _described(
    cpu: int, memory: int, tcp: set[int] | frozenset[int], udp: set[int] | frozenset[int], gpus: Sequence[str]
) -> list[dict[str, Any]]:
    described = [
        _amount("CPU", cpu),
        _amount("MEMORY", memory),
        _names("PORTS", [str(port) for port in sorted(tcp)]),
        _names("PORTS_UDP", [str(port) for port in sorted(udp)]),
    ]
    return [*described, _names("GPU", list(gpus))] if gpus else described


def _amount(name: str, value: int) -> dict[str, Any]:
    return {"name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": value}


def _names(name: str, values: list[str]) -> dict[str, Any]:
    told = {"name": name, "type": "STRINGSET", "doubleValue": 0.0, "longValue": 0, "integerValue": 0}
    return {**told, "stringSetValue": values}


def stock_of(resources: Sequence[Mapping[str, Any]]) -> Stock:
    """The stock of an agent's `totalResources`; CPU and MEMORY are zero when it does not say."""
    by_name = {resource["name"]: resource for resource in resources}
    amounts = {name: int(by_name.get(name, {}).get("integerValue", 0)) for name in ("CPU", "MEMORY")}
    named = {name: by_name.get(name, {}).get("stringSetValue", []) for name in ("PORTS", "PORTS_UDP", "GPU")}
    return Stock(
        cpu=amounts["CPU"],
        memory=amounts["MEMORY"],
        gpus=tuple(named["GPU"]),
        reserved_tcp=frozenset(map(int, named["PORTS"])) or AGENT_PORTS,
        reserved_udp=frozenset(map(int, named["PORTS_UDP"])),
    )


def demand_of(definition: Mapping[str, Any], overrides: Mapping[str, Any]) -> Demand:
    """What ECS takes from an instance for a task.

    CPU and memory of the task if it has them, else summed over its containers: memoryReservation before
    memory, and no CPU when none is said. Host ports count in the network modes host and bridge.
    """
    mode = definition.get("networkMode", "bridge")
    containers = overridden(definition, overrides)
    cpu = overrides.get("cpu") or definition.get("cpu")
    memory = overrides.get("memory") or definition.get("memory")
    ports = [port for each in containers for port in each.get("portMappings", [])] if _on_host(mode) else []
    return Demand(
        cpu=cpu_units(cpu) if cpu else sum(each.get("cpu", 0) for each in containers),
        memory=mebibytes(memory) if memory else sum(map(_reserved, containers)),
        tcp=frozenset(_host_ports(ports, "tcp", mode)),
        udp=frozenset(_host_ports(ports, "udp", mode)),
        gpus=sum(_gpus(each) for each in containers),
        enis=1 if mode == "awsvpc" else 0,
    )


def overridden(definition: Mapping[str, Any], overrides: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The container definitions with the overrides of a call laid over them."""
    by_name = {each["name"]: each for each in overrides.get("containerOverrides", []) if "name" in each}
    return [_laid_over(each, by_name.get(each["name"], {})) for each in definition["containerDefinitions"]]


def _laid_over(container: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    environment = {each["name"]: each["value"] for each in container.get("environment", [])}
    environment |= {each["name"]: each["value"] for each in override.get("environment", [])}
    pairs = [{"name": name, "value": value} for name, value in environment.items()]
    return {**container, **override, "environment": pairs}


def _reserved(container: Mapping[str, Any]) -> int:
    return int(container.get("memoryReservation") or container.get("memory") or 0)


def _gpus(container: Mapping[str, Any]) -> int:
    needed = container.get("resourceRequirements", [])
    return sum(int(each["value"]) for each in needed if each["type"] == "GPU")


def _on_host(mode: str) -> bool:
    return mode in {"host", "bridge"}


def _host_ports(mappings: Sequence[Mapping[str, Any]], protocol: str, mode: str) -> list[int]:
    """Fixed ports only: for port 0 the container runtime finds a free one, which ECS does not count."""
    mine = [each for each in mappings if each.get("protocol", "tcp") == protocol]
    ports = [each.get("hostPort") or (each["containerPort"] if mode == "host" else 0) for each in mine]
    return [port for port in ports if port]


def cpu_units(text: str) -> int:
    """`256`, `1 vCPU` or `.25 vcpu` in CPU units. Raises ValueError."""
    words = text.lower().split()
    if len(words) == 2 and words[1] == "vcpu":
        return round(float(words[0]) * 1024)
    return int(text)


def mebibytes(text: str) -> int:
    """`512`, `1 GB` or `1GB` in MiB. Raises ValueError."""
    lower = text.lower().strip()
    if lower.endswith("gb"):
        return round(float(lower[:-2]) * 1024)
    return int(lower)
