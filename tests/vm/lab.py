"""Where machines live and die: QEMU, the region around them, and the table they write to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any

from everyday.cloudtop.names import HOME_TAG, LEASE, REPORT
from tests.vm.hypervisor import QemuHypervisor
from tests.vm.machine import HOST, VirtualMachine
from tests.vm.region import Region, serving
from tools.make_vm_image import ROOT, VmImage

VOLUME = "vol-0123456789abcdef0"
TABLE = "cloudtop"


class Lab:
    """One CloudTop outside EC2. `port`: where its region answers, set before the first launch."""

    def __init__(self, image: VmImage, folder: Path, dynamodb: Any, tags: dict[str, str]) -> None:
        self._dynamodb = dynamodb
        self.hypervisor = QemuHypervisor(image, folder, self._settings)
        self.region = Region(self.hypervisor, VOLUME, {HOME_TAG: "yes", **tags})
        self.port = 0
        self.hypervisor.made(VOLUME, size_gib=1, snapshot=None)

    @property
    def bytes(self) -> Path:
        """The volume's."""
        return self.hypervisor.file(VOLUME)

    def launch(self, instance: str) -> VirtualMachine:
        """A running machine; its boot has only begun."""
        self.region.launch(instance, user_data())
        return self.hypervisor.machines[instance]

    def end(self, instance: str) -> None:
        """Cut the instance's power; then do as the keeper does: take the lease from who is terminated."""
        self.region.end(instance)
        if self.lease() == instance:
            self._dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": LEASE}})

    def lease(self) -> str | None:
        """The instance that holds it."""
        item = self._item(LEASE)
        return item["holder"]["S"] if item and "holder" in item else None

    def report(self) -> dict[str, str]:
        """The machine's last: instance, stage, at, detail."""
        item = self._item(REPORT) or {}
        return {key: value["S"] for key, value in item.items() if "S" in value}

    def wait_for(self, instance: str, stage: str, seconds: float, after: str = "") -> dict[str, str]:
        """Wait until the instance reports the stage, later than `after`; the report."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            report = self.report()
            if (report.get("instance"), report.get("stage")) == (instance, stage) and report["at"] > after:
                return report
            time.sleep(0.3)
        console = self.hypervisor.machines[instance].console[-6000:]
        raise AssertionError(f"{instance} did not report {stage} but {self.report()}; console:\n{console}")

    def _item(self, key: str) -> dict[str, Any] | None:
        answer = self._dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": key}}, ConsistentRead=True)
        item: dict[str, Any] | None = answer.get("Item")
        return item

    def _settings(self, imds: str) -> str:
        here = f"http://{HOST}:{self.port}"
        dynamodb = self._dynamodb.meta.endpoint_url.rpartition(":")[2]
        return f"CT_IMDS={here}{imds}\nCT_EC2_URL={here}\nCT_DYNAMODB_URL=http://{HOST}:{dynamodb}\n"


@contextmanager
def lab(image: VmImage, folder: Path, dynamodb: Any, **tags: str) -> Iterator[Lab]:
    """A lab with an empty table; its machines end with the block."""
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    made = Lab(
        image, folder, dynamodb, {key.replace("_", ":", 1).replace("_", "-"): tags[key] for key in tags}
    )
    with serving(made.region) as made.port:
        try:
            yield made
        finally:
            made.hypervisor.close()
            dynamodb.delete_table(TableName=TABLE)


def user_data() -> str:
    """The real one, as the launch template has it."""
    values = {"TABLE": TABLE, "VOLUME": VOLUME, "NAME": "vm", "REGION": "us-east-1", "IDLE_SECONDS": "0"}
    return Template((ROOT / "image/user-data").read_text()).substitute(values)
