"""The `[cloudtop]` table of `everyday.toml`."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from stacks.site_table import Host, ZoneId
from stacks.table import INTERVALS, Every, Table, graviton, setting

_TYPE = re.compile(r"[a-z][a-z0-9-]{1,19}\.[a-z0-9-]{2,20}")
_ZONE = re.compile(r"[a-z]{2}(-[a-z]+){1,2}-\d[a-z]")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_REPOSITORY = re.compile(r"https://[^\s'\"]+")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAYS = re.compile(r"(MON|TUE|WED|THU|FRI|SAT|SUN)([-,](MON|TUE|WED|THU|FRI|SAT|SUN))*")
_PLACE = re.compile(r"UTC|[A-Za-z]+(/[A-Za-z_+-]+){1,2}")
_LINE = re.compile(r"[^\r\n]+")
_X86 = "m5 m5a m6i m6a m7i m7a c6i c6a c7i r6i"


def _like(pattern: re.Pattern[str]) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError("not like this")
        return value

    return AfterValidator(check)


def _one_processor(types: tuple[str, ...]) -> tuple[str, ...]:
    if len({graviton(each) for each in types}) > 1:
        raise ValueError("two kinds of processors")
    return types


_Zones = Annotated[tuple[Annotated[str, _like(_ZONE)], ...], Strict(False), Field(max_length=4)]
_Types = Annotated[
    tuple[Annotated[str, _like(_TYPE)], ...],
    Strict(False),
    Field(max_length=20),
    AfterValidator(_one_processor),
]
_Packages = Annotated[tuple[Annotated[str, _like(_PACKAGE)], ...], Strict(False)]


class Cloudtop(Table):
    """A development machine on spot capacity that comes back with its data. 6 dollars a month at rest."""

    enabled: bool = setting(False, "Whether this capability is deployed.", allowed="true, false")
    engine: Literal["spot-fleet", "auto-scaling"] = setting(
        "spot-fleet",
        "What asks EC2 for the machine. AWS calls Spot Fleet legacy. Change it while the machine is down.",
        allowed='"spot-fleet", "auto-scaling"',
    )
    zones: _Zones = setting(
        (),
        "Where the machine may be. The volume is made in the first: do not change that one afterwards. None: "
        "a and b of the region.",
        allowed="a list of up to 4 availability zones of the region",
    )
    instance_types: _Types = setting(
        tuple(f"{family}.xlarge" for family in _X86.split()),
        "Eight to twelve types of about one size make spot capacity easy to get. None: any type with vcpus "
        "and memory_gib.",
        allowed="a list of up to 20 instance types, all with Graviton processors or all without",
    )
    vcpus: int = setting(4, "Without instance_types: so many processors.", ge=1, le=192)
    memory_gib: int = setting(16, "Without instance_types: at least so much memory (GiB).", ge=1, le=1536)
    max_price: Annotated[str, _like(re.compile(r"\d{1,2}\.\d{1,4}"))] | None = setting(
        None,
        "Never pay more for an hour on spot (dollars). It buys no stability: leave it unset.",
        allowed='a text such as "0.1"',
        example="0.1",
    )
    volume_gib: int = setting(50, "Size of the volume when it is first made.", ge=8, le=16_000)
    fallback: bool = setting(
        True, "On demand when spot stays away, until the next stop.", allowed="true, false"
    )
    fallback_after: Every = setting("5 minutes", "How long spot may stay away.", allowed=INTERVALS)
    idle_after: Every | Literal["never"] = setting(
        "30 minutes",
        "Without a shell, tmux or load for so long it stops.",
        allowed=f'{INTERVALS}, or "never"',
    )
    start_at: Annotated[str, _like(_CLOCK)] | None = setting(
        None, "Start it at this time of day.", allowed="hours and minutes", example="08:30"
    )
    stop_at: Annotated[str, _like(_CLOCK)] | None = setting(
        None, "Stop it at this time of day, in order.", allowed="hours and minutes", example="19:00"
    )
    days: Annotated[str, _like(_DAYS)] = setting(
        "MON-FRI", "The days of start_at and stop_at.", allowed="days such as MON-FRI or MON,WED"
    )
    time_zone: Annotated[str, _like(_PLACE)] = setting(
        "UTC", "Where it is that time.", allowed="a name such as Europe/Berlin"
    )
    monthly_cap_usd: int | None = setting(
        50, "When EC2 has cost so much in a month, the machine goes down and you are told.", ge=1, le=10_000
    )
    docker: bool = setting(True, "Docker in the image.", allowed="true, false")
    packages: _Packages = setting(
        ("git", "tmux", "vim"), "Ubuntu's packages in the image.", allowed="a list of names of packages"
    )
    dotfiles: Annotated[str, _like(_REPOSITORY)] | None = setting(
        None,
        "A git repository that anybody may read, in the image as ~/.dotfiles.",
        allowed="an https:// address",
        example="https://github.com/you/dotfiles",
    )
    dotfiles_install: Annotated[str, _like(_LINE)] | None = setting(
        None, "What is run there, as ubuntu.", allowed="one line of shell", example="./install.sh"
    )
    image: Annotated[str, _like(re.compile(r"[a-z0-9.-]{1,32}"))] = setting(
        "1",
        "Any text; a new one bakes a fresh image of today.",
        allowed="letters, digits, . and -",
    )
    connect_endpoint: bool = setting(
        False, "An EC2 Instance Connect Endpoint too, a second way in.", allowed="true, false"
    )
    domain: Host | None = setting(
        None, "The machine's own name.", allowed="a host name in lower case", example="box.example.com"
    )
    hosted_zone: ZoneId | None = setting(
        None,
        "Route 53's zone of that name.",
        allowed="the id of a hosted zone, beside a domain",
        example="Z0123456789ABCDEFGHIJ",
    )

    @property
    def graviton(self) -> bool:
        """Whether the machine has an Arm processor."""
        return any(graviton(each) for each in self.instance_types)

    def zones_in(self, region: str) -> tuple[str, ...]:
        """Its availability zones, the home first. Raises ValueError naming one that is not of the region."""
        for zone in self.zones:
            if zone[:-1] != region:
                raise ValueError(f"cloudtop.zones: {zone} is not in everyday.region, {region}")
        return self.zones or (f"{region}a", f"{region}b")

    @property
    def name_record(self) -> tuple[str, str]:
        """The hosted zone and the name in it; both empty without. Raises ValueError when one is missing."""
        if bool(self.domain) != bool(self.hosted_zone):
            raise ValueError("cloudtop.domain and cloudtop.hosted_zone: set both, or neither")
        return self.hosted_zone or "", self.domain or ""
