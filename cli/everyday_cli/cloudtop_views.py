"""How the CloudTop is shown."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from everyday.cloudtop import following
from everyday.cloudtop.model import Situation, Snapshot

if TYPE_CHECKING:
    from rich.console import Console


def document(situation: Situation, snapshots: Sequence[Snapshot], now: datetime) -> dict[str, Any]:
    """The whole status, for a program."""
    machine, report = following.living(situation), situation.report
    newest = snapshots[0] if snapshots else None
    return {
        "wanted": situation.wish.up,
        "reason": situation.wish.reason,
        "hold_until": _held(situation, now),
        "machine": msgspec.to_builtins(machine),
        "stage": report.stage if report else None,
        "detail": report.detail if report else None,
        "not_pushed": list(report.dirty) if report else [],
        "zone": situation.home.zone,
        "volume": msgspec.to_builtins(situation.volume),
        "lease": msgspec.to_builtins(situation.lease),
        "newest_snapshot": msgspec.to_builtins(newest),
        "snapshots": len(snapshots),
    }


def show(console: "Console", situation: Situation, snapshots: Sequence[Snapshot], now: datetime) -> None:
    """The whole status, for a person."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for name, text in _lines(situation, snapshots, now):
        table.add_row(f"[bold]{name}[/]", text)
    console.print(table)


def _lines(situation: Situation, snapshots: Sequence[Snapshot], now: datetime) -> Iterator[tuple[str, str]]:
    wish, volume = situation.wish, situation.volume
    yield "wanted", f"{'up' if wish.up else 'down'} ({wish.reason})"
    step = following.coming(situation) if wish.up else following.going(situation)
    yield "machine", step.text
    if held := _held(situation, now):
        yield "held", f"until {held:%Y-%m-%d %H:%M} UTC"
    if situation.lease:
        yield "writer", f"{situation.lease.holder} since {situation.lease.since:%Y-%m-%d %H:%M} UTC"
    state = f"{volume.size_gib} GiB, {volume.attachment or volume.state}" if volume else "not to be found"
    yield "volume", f"{situation.home.volume} in {situation.home.zone}, {state}"
    yield "snapshots", _kept(snapshots, now)
    for line in situation.report.dirty if situation.report else ():
        yield "not pushed", line


def show_snapshots(console: "Console", snapshots: Sequence[Snapshot], now: datetime) -> None:
    """Newest first."""
    from rich.table import Table

    table = Table("snapshot", "age", "size", "state", "of", box=None)
    for it in snapshots:
        table.add_row(it.id, age(it.started_at, now), f"{it.size_gib} GiB", it.state, it.volume)
    console.print(table if snapshots else "There is none yet.")


def age(then: datetime, now: datetime) -> str:
    """As `5 min`, `3 h` or `12 days`."""
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _kept(snapshots: Sequence[Snapshot], now: datetime) -> str:
    if not snapshots:
        return "none"
    newest = snapshots[0]
    return f"{len(snapshots)}, the newest {newest.id} of {age(newest.started_at, now)} ago"


def _held(situation: Situation, now: datetime) -> datetime | None:
    until = situation.wish.hold_until
    return until if until and until > now else None
