"""What the machine's program does, put together from its parts."""

import fcntl
import os
import re
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from everyday.cloudtop.machine import cloud as aws
from everyday.cloudtop.machine.departure import Departure
from everyday.cloudtop.machine.folder_host import FolderHost
from everyday.cloudtop.machine.imds import Imds
from everyday.cloudtop.machine.linux import LinuxHost
from everyday.cloudtop.machine.ports import Cloud, CloudError, Host
from everyday.cloudtop.machine.scratch import open_scratch
from everyday.cloudtop.machine.settings import MachineSettings
from everyday.cloudtop.machine.signs import FolderSigns, LinuxSigns, held
from everyday.cloudtop.machine.storage import NoStorageError, NoticeError, Storage, write
from everyday.cloudtop.machine.survey import survey
from everyday.cloudtop.machine.watch import EVERY_SECONDS, Watch

SURVEY_SECONDS = 180.0
METADATA_SECONDS = 120.0
"""The metadata service and the machine's credentials may come some seconds after the network."""


class BadArgument(Exception):
    """What the command was given means nothing."""


def environment() -> Mapping[str, str]:
    """Settings given by hand, or by local mode."""
    return {key: value for key, value in os.environ.items() if key.startswith("CT_")}


def storage(settings: MachineSettings, _: list[str]) -> None:
    """Come to the data. Raises NoStorageError."""
    with _alone(settings):
        cloud, metadata = _connected(settings)
        _open(settings, cloud, metadata)


def watch(settings: MachineSettings, _: list[str]) -> None:
    """Until the machine ends."""
    cloud, metadata = _connected(settings, hurried=True)
    _watch(settings, cloud, metadata, Event())


def boot(settings: MachineSettings, _: list[str]) -> None:
    """Both in one process; a boot that fails is reported. Raises NoStorageError."""
    cloud, metadata = _connected(settings)
    with _alone(settings):
        try:
            _open(settings, cloud, metadata)
        except NoticeError:
            raise
        except Exception as error:
            cloud.report("failed", str(error))
            raise
    _watch(settings, cloud, metadata, Event())


def hold(settings: MachineSettings, arguments: list[str]) -> None:
    """`hold 4h`: nothing is stopped for being idle before. Raises BadArgument."""
    seconds = seconds_of(arguments[0] if arguments else "")
    write(settings.hold_file, str(round(time.time() + seconds)))


def failed(settings: MachineSettings, arguments: list[str]) -> None:
    """Say that the boot failed, with the last lines of the unit's journal. The keeper counts and acts."""
    cloud, _ = _connected(settings)
    unit = arguments[0] if arguments else "ct-storage.service"
    asked = ["journalctl", "-u", unit, "-n", "5", "-o", "cat", "--no-pager"]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - no shell
    if (settings.run / "stage").exists():
        return  # it had come to its data before
    cloud.report("failed", told.stdout.strip()[-900:] or f"{unit} failed")


def scratch(settings: MachineSettings, _: list[str]) -> None:
    """Mount the disks that end with the machine. A machine without them is no failure."""
    if settings.host == "linux":
        open_scratch()


PROGRAMS: dict[str, Callable[[MachineSettings, list[str]], None]] = {
    "storage": storage,
    "watch": watch,
    "boot": boot,
    "hold": hold,
    "failed": failed,
    "scratch": scratch,
}

_UNITS = {"m": 60, "h": 3600, "d": 86400}


def seconds_of(text: str) -> int:
    """Of `30m`, `4h`, `1d`. Raises BadArgument."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}[mhd]", text):
        raise BadArgument(f"say how long, as 30m, 4h or 1d, not `{text}`")
    return int(text[:-1]) * _UNITS[text[-1]]


def _host(settings: MachineSettings) -> Host:
    return FolderHost(settings.host_folder) if settings.host_folder else LinuxHost()


def _connected(settings: MachineSettings, *, hurried: bool = False) -> tuple[Cloud, Imds]:
    metadata = Imds(settings.imds)
    until = time.monotonic() + METADATA_SECONDS
    while True:
        try:
            instance, zone = metadata.instance(), metadata.zone()
            region = settings.region or metadata.region()
            break
        except CloudError:
            if time.monotonic() >= until:
                raise
            time.sleep(1)
    made = aws.connect(
        settings, instance=instance, zone=zone, region=region, now=lambda: datetime.now(UTC), hurried=hurried
    )
    return made, metadata


def _open(settings: MachineSettings, cloud: Cloud, metadata: Imds) -> str:
    return Storage(
        host=_host(settings),
        cloud=cloud,
        settings=settings,
        noticed=lambda: _noticed(metadata),
        clock=time.monotonic,
        sleep=time.sleep,
        fresh=lambda: str(uuid.uuid4()),
    ).open()


def _noticed(metadata: Imds) -> bool:
    try:
        return metadata.notice() is not None
    except CloudError:
        return False


def _watch(settings: MachineSettings, cloud: Cloud, metadata: Imds, end: Event) -> None:
    host, surveys = _host(settings), _Surveys(settings.home, end)
    Thread(target=surveys.run, daemon=True).start()
    watched = Watch(
        host=host,
        cloud=cloud,
        metadata=metadata,
        settings=settings,
        departure=Departure(host=host, cloud=cloud, settings=settings, time=time.time),
        stage=lambda: _stage(settings),
        signs=_signs(settings, cloud).read,
        dirty=lambda: surveys.found,
        time=time.time,
    )
    while not end.wait(EVERY_SECONDS):
        watched.round()


def _stage(settings: MachineSettings) -> str:
    """How the boot ended; by hand it may have been mended since."""
    try:
        return (settings.run / "stage").read_text().strip()
    except OSError:
        return "failed"


def _signs(settings: MachineSettings, cloud: Cloud) -> LinuxSigns | FolderSigns:
    def holds() -> bool:
        try:
            return held(settings, cloud.hold_until(), time.time())
        except CloudError:
            return True  # nobody is stopped because the table does not answer

    if settings.host_folder:
        return FolderSigns(folder=settings.host_folder, holds=holds)
    return LinuxSigns(time=time.time, holds=holds)


class _Surveys:
    """Looks through the repositories beside the watch, which has no time for it."""

    def __init__(self, home: Path, end: Event) -> None:
        self.found: tuple[str, ...] = ()
        self._home = home
        self._end = end

    def run(self) -> None:
        while True:
            self.found = survey(self._home)
            if self._end.wait(SURVEY_SECONDS):
                return


@contextmanager
def _alone(settings: MachineSettings) -> Iterator[None]:
    """One program at a time comes to the data. Raises NoStorageError."""
    settings.run.mkdir(parents=True, exist_ok=True)
    with (settings.run / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise NoStorageError("another program of this machine is coming to the data") from error
        yield
