"""What user data tells the machine: KEY=value lines in a file, and the environment over them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from everyday.cloudtop.names import HOLD_FILE, HOME_PATH

IMDS = "http://169.254.169.254"


class BadSettings(Exception):
    """The machine was told something wrong; the message names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSettings:
    """Keys are `CT_` and the name in capitals: `CT_TABLE`. Only `CT_TABLE` and `CT_VOLUME` must be there.

    `volume`: the home volume as long as the table does not say otherwise. `idle_seconds` 0: never stopped
    for being idle. `host`: `linux`, or `folder` for a machine that is only a process over `host_folder`.
    `home`: where the volume is mounted. `run`: the folder for what is forgotten when the machine ends.
    `hook`: the owner's program, run when the machine has to leave. Addresses left empty are AWS's own.
    """

    table: str
    volume: str
    name: str = "cloudtop"
    region: str = ""
    imds: str = IMDS
    ec2_url: str | None = None
    dynamodb_url: str | None = None
    host: str = "linux"
    host_folder: Path | None = None
    home: Path = Path(HOME_PATH)
    run: Path = Path(HOLD_FILE).parent
    hook: Path = Path(HOME_PATH) / ".config/everyday/on-notice"
    idle_seconds: int = 1800

    @property
    def hold_file(self) -> Path:
        """See `names.HOLD_FILE`."""
        return self.run / Path(HOLD_FILE).name


def lines_of(text: str) -> dict[str, str]:
    """KEY=value lines; empty ones and those that begin with # say nothing. Raises BadSettings."""
    values = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise BadSettings(f"line {number} of the settings is not KEY=value: {line!r}")
        values[key.strip()] = value.strip().strip("\"'")
    return values


def read(file: Path, environ: Mapping[str, str]) -> MachineSettings:
    """The file's settings, the environment over them; the file may be missing. Raises BadSettings."""
    try:
        found = lines_of(file.read_text())
    except FileNotFoundError:
        found = {}
    except OSError as error:
        raise BadSettings(f"{file} cannot be read: {error}") from error
    return made({**found, **environ})


def made(values: Mapping[str, str]) -> MachineSettings:
    """Settings of `CT_…` keys. Raises BadSettings."""
    host = values.get("CT_HOST") or "linux"
    if host not in ("linux", "folder"):
        raise BadSettings(f"CT_HOST must be linux or folder, not {host!r}")
    folder = _folder(values) if host == "folder" else None
    home = Path(values.get("CT_HOME") or (folder / "persistent" if folder else HOME_PATH))
    return MachineSettings(
        table=_needed(values, "CT_TABLE"),
        volume=_needed(values, "CT_VOLUME"),
        name=values.get("CT_NAME") or "cloudtop",
        region=values.get("CT_REGION", ""),
        imds=(values.get("CT_IMDS") or IMDS).rstrip("/"),
        ec2_url=values.get("CT_EC2_URL") or None,
        dynamodb_url=values.get("CT_DYNAMODB_URL") or None,
        host=host,
        host_folder=folder,
        home=home,
        run=folder / "run" if folder else Path(HOLD_FILE).parent,
        hook=Path(values.get("CT_HOOK") or home / ".config/everyday/on-notice"),
        idle_seconds=_seconds(values, "CT_IDLE_SECONDS", 1800),
    )


def _folder(values: Mapping[str, str]) -> Path:
    return Path(_needed(values, "CT_HOST_FOLDER"))


def _needed(values: Mapping[str, str], key: str) -> str:
    if not values.get(key):
        raise BadSettings(f"{key} is missing; user data writes it to the settings file")
    return values[key]


def _seconds(values: Mapping[str, str], key: str, default: int) -> int:
    text = values.get(key) or str(default)
    if not text.isdecimal():
        raise BadSettings(f"{key} must be whole seconds, not {text!r}")
    return int(text)
