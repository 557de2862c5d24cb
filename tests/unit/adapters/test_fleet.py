"""An Auto Scaling group grows by what the queue would fill, and never twice for the same."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from everyday.adapters.fleet import AutoScalingFleet
from everyday.errors import FleetUnavailable
from everyday.jobs.model import Amount, Demand

TYPES = {
    "c7g.large": {"vcpus": 2, "memory": 4096, "architecture": "arm64"},
    "m7g.large": {"vcpus": 2, "memory": 8192, "architecture": "arm64"},
    "g5.xlarge": {"vcpus": 4, "memory": 16384, "architecture": "x86_64", "gpus": 1},
}


class Aws:
    """Answers as Auto Scaling and EC2 do, for one group."""

    def __init__(self, *types: str, most: int = 4) -> None:
        self.types, self.most, self.desired = types, most, 0
        self.instances: list[str] = []
        self.calls: list[str] = []
        self.error: Exception | None = None

    def describe_auto_scaling_groups(self, AutoScalingGroupNames: list[str]) -> dict[str, Any]:
        self._called("describe")
        overrides = [{"InstanceType": name} for name in self.types]
        group = {
            "AutoScalingGroupName": "group",
            "DesiredCapacity": self.desired,
            "MaxSize": self.most,
            "MixedInstancesPolicy": {"LaunchTemplate": {"Overrides": overrides}},
            "Instances": [{"InstanceId": each, "InstanceType": "c7g.large"} for each in self.instances],
        }
        return {"AutoScalingGroups": [group] if AutoScalingGroupNames == ["group"] else []}

    def set_desired_capacity(
        self, *, AutoScalingGroupName: str, DesiredCapacity: int, HonorCooldown: bool
    ) -> None:
        self._called("set")
        self.desired = DesiredCapacity

    def describe_instance_types(self, InstanceTypes: list[str]) -> dict[str, Any]:
        self._called("types")
        return {"InstanceTypes": [_told(name) for name in InstanceTypes]}

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.error:
            raise self.error


def _told(name: str) -> dict[str, Any]:
    each = TYPES[name]
    told = {
        "InstanceType": name,
        "VCpuInfo": {"DefaultVCpus": each["vcpus"]},
        "MemoryInfo": {"SizeInMiB": each["memory"]},
        "ProcessorInfo": {"SupportedArchitectures": [each["architecture"]]},
    }
    return {**told, "GpuInfo": {"Gpus": [{"Count": each["gpus"]}]}} if "gpus" in each else told


def a_fleet(aws: Aws, seconds: list[float] | None = None) -> AutoScalingFleet:
    clock = seconds or [0.0]
    client: Any = aws
    return AutoScalingFleet(client, lambda: aws, {"own": "group"}, clock=lambda: clock[0])


def test_what_could_be_launched_is_the_least_of_the_types() -> None:
    fleet = a_fleet(Aws("c7g.large", "m7g.large"))
    offer = Demand(Amount(2048, 3973, 0), attributes=("ecs.cpu-architecture=arm64", "ecs.os-type=linux"))
    assert fleet.shapes("own", joined={}) == [("group", offer, 4)]
    assert fleet.shapes("other", joined={}) == []


def test_types_that_differ_promise_no_architecture_and_no_gpu() -> None:
    ((_, offer, _),) = a_fleet(Aws("c7g.large", "g5.xlarge")).shapes("own", joined={})
    assert (offer.amount.gpu, offer.attributes) == (0, ("ecs.os-type=linux",))
    ((_, offer, _),) = a_fleet(Aws("g5.xlarge")).shapes("own", joined={})
    assert offer.amount.gpu == 1


def test_what_has_joined_says_how_much_memory_is_really_there() -> None:
    aws = Aws("c7g.large")
    aws.instances = ["i-1"]
    joined = {"i-1": Amount(2048, 3796), "i-9": Amount(9999, 99999)}
    ((_, offer, more),) = a_fleet(aws).shapes("own", joined=joined)
    assert (offer.amount, more) == (Amount(2048, 3796), 3)


def test_growing_counts_from_what_has_joined_so_asking_again_changes_nothing() -> None:
    aws, seconds = Aws("c7g.large"), [0.0]
    fleet = a_fleet(aws, seconds)
    for _ in range(3):
        fleet.grow("own", {"group": 2}, joined={})
    assert (aws.desired, aws.calls.count("set")) == (2, 1)
    aws.instances = ["i-1", "i-2"]
    seconds[0] = 60.0
    fleet.grow("own", {"group": 1}, joined={"i-1": Amount()})
    assert aws.desired == 2
    fleet.grow("own", {"group": 1}, joined={"i-1": Amount(), "i-2": Amount()})
    assert aws.desired == 3


def test_a_group_never_grows_beyond_its_maximum_nor_shrinks() -> None:
    aws = Aws("c7g.large", most=3)
    a_fleet(aws).grow("own", {"group": 9}, joined={})
    assert aws.desired == 3
    a_fleet(aws).grow("own", {"group": 1}, joined={})
    assert aws.desired == 3


def test_a_group_is_looked_at_once_in_half_a_minute_and_its_types_once() -> None:
    aws, seconds = Aws("c7g.large"), [0.0]
    fleet = a_fleet(aws, seconds)
    for now in (0.0, 10.0, 29.0, 31.0):
        seconds[0] = now
        fleet.shapes("own", joined={})
    assert aws.calls == ["describe", "types", "describe"]


def test_silence_is_told_as_such() -> None:
    aws = Aws("c7g.large")
    aws.error = ClientError({"Error": {"Code": "InternalFailure"}}, "DescribeAutoScalingGroups")
    with pytest.raises(FleetUnavailable, match="InternalFailure"):
        a_fleet(aws).shapes("own", joined={})


@pytest.mark.parametrize("types", [(), ("c7g.large",)])
def test_a_group_that_says_too_little_is_unavailable_not_empty(types: tuple[str, ...]) -> None:
    aws = Aws(*types)
    client: Any = aws
    name = "group" if not types else "gone"
    with pytest.raises(FleetUnavailable):
        AutoScalingFleet(client, lambda: aws, {"own": name}).shapes("own", joined={})
