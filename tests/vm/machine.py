"""A virtual machine of QEMU's own processor: disks that come and go, a shell, a power cord."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.vm.qmp import Qmp
from tools.make_vm_image import VmImage

PROGRAM = "qemu-system-x86_64"
HOST = "10.0.2.2"
"""Where the guest finds this machine's loopback."""

PORTS = 4
KERNEL = (
    "root=/dev/nvme0n1 rw console=ttyS0 net.ifnames=0 mitigations=off random.trust_cpu=on quiet audit=0 "
    "systemd.show_status=0 systemd.journald.forward_to_console=1"
)
END = "vm-shell: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """An NVMe disk over a file; the serial number is how the guest knows it."""

    serial: str
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command in the guest printed, and its exit code."""

    text: str
    code: int


class MachineLost(Exception):
    """The guest did not answer in time, or its power is cut."""


class VirtualMachine:
    """Boots at once; `close` cuts its power. `folder` holds its console and sockets.

    `user_data` and `settings` reach the guest by QEMU (`guest/root/usr/local/lib/vm/seed`). The root disk is
    the image with an overlay that ends with the machine: a new machine is a new root disk, as on EC2.
    """

    def __init__(
        self, image: VmImage, folder: Path, *, user_data: str, settings: str, disks: Sequence[Disk] = ()
    ) -> None:
        self._folder = folder
        (folder / "user-data").write_text(user_data)
        (folder / "settings").write_text(settings)
        self.ssh_port = _free_port()
        self._process = subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig",
                "KILL",
                PROGRAM,
                *_hardware(),
                *_boot(image),
                *self._channels(),
                *_disks(disks),
            ],
            env={**os.environ, "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "qemu").open("wb"),
        )
        self._qmp = Qmp(self._wait_for(folder / "qmp"))
        self._shell = socket.socket(socket.AF_UNIX)
        self._shell.connect(str(folder / "shell"))
        self._buffer = ""
        self._ports: dict[int, str | None] = dict.fromkeys(range(PORTS))

    @property
    def console(self) -> str:
        """Everything the guest wrote to its console, its journal too."""
        return (self._folder / "console").read_text(errors="replace")

    def booted(self, seconds: float = 90) -> None:
        """Wait until the shell answers; after a reboot too. Raises MachineLost."""
        self._until(END + "ready", seconds)

    def run(self, command: str, seconds: float = 60) -> Said:
        """Run one line of bash as root. Raises MachineLost."""
        self.begin(command)
        text = self._until(END, seconds)
        return Said(text=text.replace("\r", "").strip(), code=int(self._until("\n", seconds)))

    def begin(self, command: str) -> None:
        """Start one line of bash whose output is read by `lines`."""
        self._shell.sendall(command.encode() + b"\n")

    def lines(self, seconds: float) -> Iterator[str]:
        """The lines the guest prints, each within so many seconds. Ends when the power is cut."""
        try:
            while True:
                yield self._until("\n", seconds).strip("\r")
        except MachineLost:
            return

    def wait(self, command: str, seconds: float) -> str:
        """Run the command until it succeeds; what it printed. Raises MachineLost, with its last answer."""
        until = time.monotonic() + seconds
        while (said := self.run(command)).code:
            if time.monotonic() > until:
                raise MachineLost(f"{command} failed for {seconds:.0f} s; at last: {said.text[-2000:]}")
            time.sleep(0.5)
        return said.text

    def plug(self, disk: Disk) -> None:
        """Plug a disk in while the machine runs."""
        self._reap()
        port = next(port for port, serial in self._ports.items() if serial is None)
        node = {"node-name": f"file-{disk.serial}", "driver": "raw", "cache": {"no-flush": True}}
        self._qmp("blockdev-add", **node, file={"driver": "file", "filename": str(disk.file)})
        self._ports[port] = disk.serial
        device = {"driver": "nvme", "id": f"disk-{disk.serial}", "bus": f"port{port}"}
        self._qmp("device_add", **device, serial=disk.serial, drive=f"file-{disk.serial}")

    def unplug(self, serial: str) -> None:
        """Ask the guest to let go of a disk; `plugged` says when it has."""
        self._qmp("device_del", id=f"disk-{serial}")

    def plugged(self, serial: str) -> bool:
        self._reap()
        return serial in self._ports.values()

    def sshd_greets(self) -> bool:
        """Whether an ssh server answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.ssh_port), timeout=10) as connection:
                return connection.recv(64).startswith(b"SSH-2.0")
        except OSError:
            return False

    def cut_power(self) -> None:
        """At once, in the middle of whatever the guest is doing."""
        self._process.kill()
        self._process.wait(timeout=20)

    def close(self) -> None:
        self.cut_power()
        self._shell.close()
        self._qmp.close()

    def _reap(self) -> None:
        for device in self._qmp.deleted():
            serial = device.removeprefix("disk-")
            for port in [port for port, there in self._ports.items() if there == serial]:
                self._ports[port] = None
                self._qmp("blockdev-del", **{"node-name": f"file-{serial}"})

    def _until(self, end: str, seconds: float) -> str:
        until = time.monotonic() + seconds
        while end not in self._buffer:
            self._shell.settimeout(max(0.1, until - time.monotonic()))
            try:
                more = self._shell.recv(65536).decode(errors="replace")
            except OSError as error:
                raise MachineLost(
                    f"no answer in {seconds:.0f} s; console:\n{self.console[-3000:]}"
                ) from error
            if not more:
                raise MachineLost("its power is cut")
            self._buffer += more
        text, _, self._buffer = self._buffer.partition(end)
        return text

    def _channels(self) -> list[str]:
        at = self._folder
        return [
            *("-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22"),
            *("-device", "virtio-net-pci,netdev=net,romfile="),
            *("-fw_cfg", f"name=opt/everyday/user-data,file={at}/user-data"),
            *("-fw_cfg", f"name=opt/everyday/settings,file={at}/settings"),
            *("-chardev", f"file,id=console,path={at}/console", "-serial", "chardev:console"),
            *("-chardev", f"socket,id=shell,path={at}/shell,server=on,wait=off", "-serial", "chardev:shell"),
            *("-qmp", f"unix:{at}/qmp,server=on,wait=off"),
        ]

    def _wait_for(self, path: Path) -> Path:
        until = time.monotonic() + 20
        while not path.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise MachineLost(f"QEMU did not start: {(self._folder / 'qemu').read_text()}")
            time.sleep(0.05)
        return path


def _hardware() -> list[str]:
    ports = [f"pcie-root-port,id=port{n},chassis={n + 1},slot={n + 1}" for n in range(PORTS)]
    return [
        *("-machine", "q35", "-accel", "tcg", "-cpu", "Nehalem", "-m", "768", "-nodefaults"),
        *("-display", "none", "-device", "virtio-rng-pci"),
        *(word for port in ports for word in ("-device", port)),
    ]


def _boot(image: VmImage) -> list[str]:
    # The root disk comes first, so that it is nvme0.
    drive = f"file={image.disk},format=raw,if=none,id=root,snapshot=on"
    boot = ["-kernel", str(image.kernel), "-append", KERNEL]
    return [*boot, "-drive", drive, "-device", "nvme,drive=root,serial=vol00000000000000000"]


def _disks(disks: Sequence[Disk]) -> Iterator[str]:
    for disk in disks:
        yield from ("-drive", f"file={disk.file},format=raw,if=none,id={disk.serial},cache=unsafe")
        yield from ("-device", f"nvme,drive={disk.serial},serial={disk.serial}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
