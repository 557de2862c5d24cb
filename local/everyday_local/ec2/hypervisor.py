"""What the stand-in's instances run on: nothing, a process, or a virtual machine."""

from typing import Protocol


class Hypervisor(Protocol):
    """Called by the world under its lock; returns at once. Ids are EC2's."""

    def launch(self, instance: str, *, user_data: str, imds_url: str) -> None:
        """The instance is running now. `imds_url`: where its metadata service answers."""
        ...

    def end(self, instance: str) -> None:
        """Cut its power, as EC2 does two minutes after a notice, or without one."""
        ...

    def attach(self, instance: str, volume: str, device: str) -> None:
        """Plug the volume in; its disk has the serial number `vol…` without the dash."""
        ...

    def detach(self, instance: str, volume: str) -> bool:
        """Unplug it; False while the guest still has it mounted (EC2 then says `busy`)."""
        ...

    def made(self, volume: str, *, size_gib: int, snapshot: str | None) -> None:
        """A volume was made: empty, or of a snapshot's content."""
        ...

    def taken(self, snapshot: str, *, volume: str) -> None:
        """A snapshot was begun: its content is the volume's of this moment."""
        ...


class NoHypervisor:
    """Instances that are only records: for tests and simulations."""

    def launch(self, instance: str, *, user_data: str, imds_url: str) -> None: ...

    def end(self, instance: str) -> None: ...

    def attach(self, instance: str, volume: str, device: str) -> None: ...

    def detach(self, instance: str, volume: str) -> bool:  # noqa: ARG002 - as the protocol has it
        return True

    def made(self, volume: str, *, size_gib: int, snapshot: str | None) -> None: ...

    def taken(self, snapshot: str, *, volume: str) -> None: ...
